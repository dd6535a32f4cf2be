"""A kernel is forked only from modules that are as they stand on disk."""

import os
import time

import pytest

from handover.digest import Stamps, imported_files


@pytest.fixture
def modules(tmp_path):
    """Some files of modules, written a while before they are imported."""
    paths = [tmp_path / f"{name}.py" for name in ("a", "edited_meanwhile", "z")]
    for path in paths:
        path.write_text("x = 1\n")
    time.sleep(0.02)  # a file system's clock may tick no faster
    return paths


def test_a_module_that_changed_since_it_was_imported_is_named(modules):
    stamps = Stamps(map(str, modules), time.time_ns())
    assert stamps.changed() == ""
    modules[1].write_text("x = 12\n")
    assert stamps.changed() == "changed: edited_meanwhile.py"
    modules[1].unlink()
    assert stamps.changed() == "changed: edited_meanwhile.py"


def test_a_module_written_again_with_as_many_bytes_is_named(modules):
    stamps = Stamps(map(str, modules), time.time_ns())
    modules[2].write_text("x = 2\n")
    assert stamps.changed() == "changed: z.py"


def test_a_module_whose_time_was_set_back_is_named(modules):
    stamps = Stamps(map(str, modules), time.time_ns())
    before = modules[0].stat()
    modules[0].write_text("x = 3\n")
    os.utime(modules[0], ns=(before.st_atime_ns, before.st_mtime_ns))
    assert stamps.changed() == "changed: a.py"


def test_a_module_written_while_it_was_imported_counts_as_changed(modules):
    started = time.time_ns()
    time.sleep(0.02)
    modules[0].write_text("x = 1\n")
    assert Stamps(map(str, modules), started).changed() == "changed: a.py"


def test_a_module_that_was_never_there_counts_as_changed(modules, tmp_path):
    missing = tmp_path / "b.py"
    stamps = Stamps([*map(str, modules), str(missing)], time.time_ns())
    assert stamps.changed() == "changed: b.py"
    missing.write_text("x = 1\n")
    assert stamps.changed() == "changed: b.py"


def test_no_modules_have_not_changed():
    assert Stamps([], time.time_ns()).changed() == ""


def test_what_is_imported_is_watched(tmp_path, monkeypatch):
    (tmp_path / "imported_just_now.py").write_text("x = 1\n")
    monkeypatch.syspath_prepend(tmp_path)
    __import__("imported_just_now")
    assert str(tmp_path / "imported_just_now.py") in imported_files()
    assert None not in imported_files()
