"""Labels with QR codes, to be printed, cut and stuck on devices and at places."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from urllib.parse import quote

from flask import Response, request

from webapp.access import MANAGER_OR_AUDITOR, principal
from webapp.problems import Problem
from webapp.queries.labels import MOST, Labelled, labelled
from webapp.reports.labels import SIZES, Label, sheets
from webapp.resource import Resource
from webapp.schemas.labels import LabelsQuery
from webapp.services import services

resource = Resource("labels", "QR labels")

# A browser's own viewer of PDFs counts as a plug-in with styles, which the policy of our pages forbids.
_POLICY = "default-src 'none'; object-src 'self'; style-src 'unsafe-inline'; frame-ancestors 'none'"
_PATHS = {"devices": "/d/", "locations": "/l/"}


@resource.view(
    "/labels.pdf", access=MANAGER_OR_AUDITOR, query=LabelsQuery, media_type="application/pdf", problems=("not_found",)
)
def labels_pdf(args: dict[str, Any]) -> Response:
    """A4 sheets with a label for each device at work or each place of a site, or for those that `ids` names."""
    with services().db.read() as db:
        found = labelled(db, principal(), args["of"], args["site"], args["ids"] or None)
    if not found:
        text = "There is nothing to print a label for."
        raise Problem("invalid", text, errors={"ids": [text]})
    if len(found) > MOST:
        text = f"There are more than {MOST} labels to print: name those you want in `ids`, some at a time."
        raise Problem("invalid", text, errors={"ids": [text]})
    content = sheets(_labels(found, args["of"]), SIZES[args["size"]])
    name = f'inline; filename="labels-{args["of"]}.pdf"'
    headers = {"Content-Disposition": name, "Content-Security-Policy": _POLICY}
    return Response(content, mimetype="application/pdf", headers=headers)


def _labels(found: Sequence[Labelled], of: str) -> list[Label]:
    base = (services().settings.public_url or request.url_root).rstrip("/") + _PATHS[of]
    return [Label(base + quote(one.mark, safe=""), one.name, one.mark, one.place, one.site) for one in found]
