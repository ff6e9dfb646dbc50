"""The fault matrix: what breaks between a device and the last store, one test each, and an exact count at its end.

5,000 readings a test in CI; by hand `pytest tests/faults/matrix --run-slow --readings 50000`.
"""

import pytest

# Its assertions are to say what differs, like those of the tests themselves.
pytest.register_assert_rewrite("tests.faults.matrix.ledger")
