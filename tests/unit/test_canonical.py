"""The same content has the same digest on a phone and here. The phone's tests hold the same vectors."""

from __future__ import annotations

import pytest

from webapp.canonical import canonical, digest

VECTORS = [
    ({"b": 1, "a": [True, None, "é"]}, '{"a":[true,null,"é"],"b":1}'),
    # ECMAScript writes whole numbers without a point, and has its own thresholds for exponents.
    ({"n": 7.0, "m": 7.1, "x": 1e21, "y": 1e-7, "z": -0.0}, '{"m":7.1,"n":7,"x":1e+21,"y":1e-7,"z":0}'),
    # Keys are sorted by UTF-16 units: the sign beyond the first plane comes before U+FB33.
    ({"\ufb33": 1, "\U0001f600": 2}, '{"\U0001f600":2,"\ufb33":1}'),
]


@pytest.mark.parametrize(("content", "text"), VECTORS)
def test_canonical_json_is_that_of_rfc_8785(content: object, text: str) -> None:
    assert canonical(content) == text.encode()


def test_the_order_of_keys_does_not_matter_and_any_value_does() -> None:
    assert digest({"a": 1, "b": 2}) == digest({"b": 2, "a": 1})
    assert digest({"a": 1}) != digest({"a": 2})


@pytest.mark.parametrize("content", [{"a": float("nan")}, {"a": float("inf")}, {"a": 2**53 + 1}, {"a": "\ud800"}])
def test_what_has_no_canonical_form_is_refused(content: object) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - the texts are the library's
        digest(content)
