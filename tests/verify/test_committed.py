"""The committed editions come out of this checkout again, byte for byte."""

from pathlib import Path

import pytest

from handover.project import Project
from handover.verify import DIFFERS, VERIFIED, verify

ROOT = Path(__file__).resolve().parents[2]
MEND = (
    "Committed editions must be those of this checkout. Where data, notebooks or the package changed on purpose, "
    "remove the stale editions from reports/, render them again (`handover check` names the words), and commit "
    "them with the change."
)

pytestmark = [
    pytest.mark.slow,
    pytest.mark.kernel,
]


def test_every_committed_edition_is_verified():
    answers = list(verify(Project(ROOT), [ROOT / "reports"]))
    open_ones = [str(one) for one in answers if one.word != VERIFIED]
    assert not any(one.word == DIFFERS for one in answers), "\n".join(open_ones)
    assert not open_ones, "\n".join([*open_ones, MEND])
