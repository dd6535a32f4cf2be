"""What travels inside the PDF: names that any system can store, whatever the files are called."""

import pytest

from handover.editions import attachments
from handover.project import MARKER


@pytest.mark.parametrize(
    ("name", "stored"),
    [
        ("counts.csv", "counts.csv"),
        ("../x", "_x"),
        (".hidden", "hidden"),
        ("<script>.csv", "_script_.csv"),
        ("invoice\u202egpj.exe", "invoice_gpj.exe"),
        ("a\nb", "a_b"),
        ("größe.csv", "gr__e.csv"),
        ("=HYPERLINK(1).csv", "=HYPERLINK(1).csv"),
        ("..", "_"),
    ],
)
def test_a_name_is_one_that_any_system_can_store(name, stored):
    assert attachments.safe(name) == stored


def test_two_tables_whose_names_would_be_one_keep_apart(tmp_path):
    (tmp_path / MARKER).parent.mkdir()
    for name in ("a<.csv", "a>.csv", "a?.csv"):
        (tmp_path / "data" / name).write_text(name)
    found, faults = attachments.data(tmp_path, ["data/a<.csv", "data/a>.csv", "data/a?.csv"])
    assert faults == []
    assert [one.name for _, one in found] == ["a_.csv", "1-a_.csv", "2-a_.csv"]
    assert [one.data.decode() for _, one in found] == ["a<.csv", "a>.csv", "a?.csv"]
