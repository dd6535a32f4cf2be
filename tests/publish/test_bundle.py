"""A bundle: everything of an edition in one file, the same bytes anywhere, and an RO-Crate to others' tools."""

import hashlib
import io
import json
import os
import shutil
import subprocess
import sys
import warnings
import zipfile
from pathlib import Path

import pikepdf
import pytest
from click.testing import CliRunner

from handover.cli import cli
from handover.editions import RECORD, manifest, render
from handover.editions.store import Store
from handover.errors import PublishError, StoreError
from handover.publish import bundle, mirror, rocrate, target


@pytest.fixture
def edition(mini, stand_in):
    """An edition of the miniature."""
    return render.render(mini, "mini").edition


def opened(data):
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        return {entry.filename: archive.read(entry) for entry in archive.infolist()}


# what is refused


def test_a_damaged_edition_is_not_packed(edition):
    edition.file(".html").write_text("spoilt")
    with pytest.raises(PublishError, match=r"\.html: no longer matches its manifest(.|\n)*is not passed on"):
        bundle.pack(edition)


def test_a_manifest_that_names_a_file_outside_the_edition_carries_nothing_away(edition, mini):
    secret = mini.root / "secret"
    secret.write_text("ours alone")
    about = edition.manifest()
    outside = {"../../../secret": manifest.outputs({"x": b"ours alone"})["x"]}
    (edition.folder / manifest.NAME).write_bytes(manifest.dumps(about | {"outputs": about["outputs"] | outside}))
    with pytest.raises(PublishError, match=r"secret must be the name of a file in the edition's folder"):
        bundle.pack(edition)
    to = target.Folder(mini.root / "mirror")
    with pytest.raises(PublishError, match=r"secret must be the name of a file in the edition's folder"):
        mirror.plan(Store.of(mini), to)


def without(edition, change):
    """Change the edition's PDF, and let its manifest stand for it."""
    path = edition.file(".pdf")
    with pikepdf.open(path, allow_overwriting_input=True) as pdf:
        change(pdf)
        pdf.save(path)
    fit(edition)


def fit(edition):
    """Make the manifest agree with the files."""
    about = edition.manifest()
    files = {name: (edition.folder / name).read_bytes() for name in about["outputs"]}
    (edition.folder / manifest.NAME).write_bytes(manifest.dumps(about | {"outputs": manifest.outputs(files)}))


def test_a_pdf_without_its_record_is_refused(edition):
    without(edition, lambda pdf: pdf.attachments.__delitem__(RECORD))
    with pytest.raises(
        PublishError, match=r"\.pdf: must be a PDF that carries what made it \(got one that carries no edition\.json"
    ):
        bundle.pack(edition)


def test_a_pdf_that_lacks_a_table_is_refused_and_all_faults_are_listed(edition):
    def change(pdf):
        del pdf.attachments["counts.csv"]
        pdf.attachments["mini.ipynb"] = b"{}"

    without(edition, change)
    with pytest.raises(PublishError) as error:
        bundle.pack(edition)
    assert "data/counts.csv: must be attached as recorded (is missing)" in str(error.value)
    assert "notebook/mini.ipynb: must be attached as recorded (differs)" in str(error.value)


@pytest.mark.parametrize(
    "path", ["../escape.csv", "/etc/escape", "data/../../x", "c:\\x", "SHA256SUMS", "data//b", "data/c:x", ""]
)
def test_a_record_that_leads_out_of_the_folder_is_refused(edition, path):
    def change(pdf):
        record = json.loads(pdf.attachments[RECORD].get_file().read_bytes())
        record["data"][path] = record["data"].pop("data/counts.csv")
        pdf.attachments[RECORD] = json.dumps(record).encode()

    without(edition, change)
    with pytest.raises(PublishError, match=r"must lie in data/ \(got|data/.*: must be a path inside the project"):
        bundle.pack(edition)


def test_a_pdf_that_is_none_is_refused(edition):
    edition.file(".pdf").write_bytes(b"nothing")
    fit(edition)
    with pytest.raises(PublishError, match=r"must be a PDF that carries what made it \(got one that is no PDF\)"):
        bundle.pack(edition)


# what is in it


def test_it_holds_everything_of_the_edition_and_what_made_it(edition, mini):
    held = opened(bundle.pack(edition))
    stem = f"mini_{edition.name}"
    assert held.keys() == {
        *(f"{stem}{suffix}" for suffix in (".html", ".pdf", ".ipynb")),
        *("page1.png", "link.png", "manifest.json", "edition.json", "notebook/mini.ipynb"),
        *("data/counts.csv", "data/datapackage.json", "SHA256SUMS", "ro-crate-metadata.json"),
    }
    for name in ("data/counts.csv", "data/datapackage.json"):
        assert held[name] == (mini.root / name).read_bytes()
    for path in edition.folder.iterdir():
        assert held[path.name] == path.read_bytes()


def test_the_checksums_are_those_of_every_file(edition, tmp_path):
    (tmp_path / "x").mkdir()
    with zipfile.ZipFile(io.BytesIO(bundle.pack(edition))) as archive:
        archive.extractall(tmp_path / "x")
    lines = (tmp_path / "x" / "SHA256SUMS").read_text().splitlines()
    named = {line.split("  ")[1]: line.split("  ")[0] for line in lines}
    files = {path.relative_to(tmp_path / "x").as_posix() for path in (tmp_path / "x").rglob("*") if path.is_file()}
    assert named.keys() == files - {"SHA256SUMS"}
    if shutil.which("sha256sum"):
        subprocess.run(["sha256sum", "--check", "--strict", "SHA256SUMS"], cwd=tmp_path / "x", check=True, stdout=-1)
    (tmp_path / "x" / "data" / "counts.csv").write_text("changed")
    assert hashlib.sha256(b"changed").hexdigest() != named["data/counts.csv"]


def test_the_same_bytes_without_a_checkout_in_another_zone_locale_umask_folder_and_order(edition, tmp_path, mini):
    whole = bundle.pack(edition)
    code = (
        "import os, sys; os.umask(0o077); from pathlib import Path; from handover.editions import Edition\n"
        "from handover.publish import bundle\n"
        "sys.stdout.buffer.write(bundle.pack(Edition(Path(sys.argv[1]), 'mini', sys.argv[2])))"
    )
    away = tmp_path / "a folder with ü" / "mini" / edition.name
    away.mkdir(parents=True)
    for path in sorted(edition.folder.iterdir(), reverse=True):
        (away / path.name).write_bytes(path.read_bytes())
        os.utime(away / path.name, (0, 0))
    shutil.rmtree(mini.root)
    env = os.environ | {"TZ": "Pacific/Apia", "LC_ALL": "C", "PYTHONHASHSEED": "7"}
    command = [sys.executable, "-c", code, str(tmp_path / "a folder with ü"), edition.name]
    assert subprocess.run(command, env=env, cwd=tmp_path, capture_output=True, check=True).stdout == whole


def test_nothing_in_the_archive_depends_on_the_machine(edition):
    with zipfile.ZipFile(io.BytesIO(bundle.pack(edition))) as archive:
        entries = archive.infolist()
    assert entries[0].filename == "ro-crate-metadata.json"
    assert [one.filename for one in entries[1:]] == sorted(one.filename for one in entries[1:])
    for one in entries:
        assert one.date_time == (2026, 1, 31, 0, 0, 0)
        assert (one.create_system, one.external_attr >> 16, one.compress_type, one.extra) == (3, 0o100644, 0, b"")


# what others' tools make of it


@pytest.fixture
def opened_crate(edition, tmp_path):
    """The bundle as the RO-Crate library reads it."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        from rocrate.rocrate import ROCrate
    path = bundle.write(edition, tmp_path / bundle.name(edition))
    return ROCrate(path)


def test_the_crates_own_library_reads_it(opened_crate, edition):
    assert opened_crate.name == "Doors in miniature, as of 2026-01-31"
    assert opened_crate.root_dataset["identifier"] == f"urn:handover:mini:{edition.name}"
    assert opened_crate.root_dataset["datePublished"] == "2026-01-31"
    held = opened(bundle.pack(edition))
    files = {one.id: one for one in opened_crate.data_entities}
    assert files.keys() == held.keys() - {"ro-crate-metadata.json"}
    for path, one in files.items():
        if path != "SHA256SUMS":
            assert one["sha256"] == hashlib.sha256(held[path]).hexdigest()
            assert int(one["contentSize"]) == len(held[path])
    made = opened_crate.get("#rendering")
    assert {one.id for one in made["object"]} == {"notebook/mini.ipynb", "data/counts.csv", "data/datapackage.json"}
    assert f"mini_{edition.name}.pdf" in {one.id for one in made["result"]}
    assert {one["name"] for one in made["instrument"]} >= {"python", "typst", "papermill"}


def test_every_reference_in_the_crate_leads_to_an_entity(edition):
    graph = json.loads(opened(bundle.pack(edition))["ro-crate-metadata.json"])["@graph"]
    known = [one["@id"] for one in graph]
    assert len(known) == len(set(known))

    def references(value):
        if isinstance(value, dict):
            return ([value["@id"]] if set(value) == {"@id"} else []) + [
                x for v in value.values() for x in references(v)
            ]
        return [x for v in value for x in references(v)] if isinstance(value, list) else []

    outside = {"https://w3id.org/ro/crate/1.2", "http://schema.org/CompletedActionStatus"}
    assert set(references(graph)) - set(known) == outside


def test_a_path_is_written_as_the_address_it_is(edition):
    sources = rocrate.Sources("notebook/mini.ipynb", ("data/two words.csv",))
    files = {"data/two words.csv": b"", "notebook/mini.ipynb": b""}
    graph = json.loads(rocrate.describe(edition.manifest(), files, sources))["@graph"]
    rendering = next(one for one in graph if one["@id"] == "#rendering")
    assert {"@id": "data/two%20words.csv"} in rendering["object"]
    assert "data/two%20words.csv" in [one["@id"] for one in graph]


@pytest.mark.parametrize("author", ["", "The Desk"])
def test_a_crate_names_who_signs_the_edition_and_nobody_else(edition, author):
    files = {"notebook/mini.ipynb": b""}
    graph = json.loads(rocrate.describe(edition.manifest(), files, rocrate.Sources("notebook/mini.ipynb", (), author)))
    named = [one["name"] for one in graph["@graph"] if one["@type"] == "Organization"]
    signed = [one[key]["@id"] for one in graph["@graph"] for key in ("publisher", "author", "agent") if key in one]
    assert (named, signed) == (([author], ["#desk"] * 3) if author else ([], []))


def test_the_licence_of_the_dictionary_is_that_of_the_crate():
    dictionary = {"licenses": [{"name": "CC-BY-4.0", "title": "Creative Commons", "path": "https://example.org/by"}]}
    assert [one["@id"] for one in rocrate._licences(json.dumps(dictionary).encode())] == ["https://example.org/by"]
    for odd in (b"{", b"[]", b'{"licenses": [3]}', b'{"licenses": 3}', b"{}"):
        assert rocrate._licences(odd) == []


# the command


def test_the_command_prints_the_path_of_a_file_that_says_what_it_is(edition, mini, monkeypatch, tmp_path):
    monkeypatch.chdir(mini.root)
    result = CliRunner().invoke(cli, ["bundle", "mini/2026-01-31"])
    path = mini.root / f"mini_{edition.name}.zip"
    assert (result.exit_code, result.stdout) == (0, f"{path}\n")
    first = path.read_bytes()
    assert CliRunner().invoke(cli, ["bundle", str(edition.folder), "--out", str(tmp_path)]).exit_code == 0
    assert (tmp_path / path.name).read_bytes() == first
    result = CliRunner().invoke(cli, ["bundle", str(edition.file(".pdf")), "--out", "deep/er/x.zip"])
    assert Path(result.stdout.strip()).read_bytes() == first
    assert result.stdout == f"{mini.root}/deep/er/x.zip\n"


@pytest.mark.parametrize("make", ["text", "zip", "link", "fifo"])
def test_a_file_that_is_no_bundle_is_not_replaced(edition, tmp_path, snapshot, make):
    path = tmp_path / "x.zip"
    match make:
        case "text":
            path.write_text("theirs")
        case "zip":
            with zipfile.ZipFile(path, "w") as archive:
                archive.writestr("photo.jpg", "theirs")
        case "link":
            path.symlink_to(bundle.write(edition, tmp_path / "whole.zip"))
        case "fifo":
            os.mkfifo(path)
    before = snapshot(tmp_path)
    with pytest.raises(PublishError, match=r"must be a bundle, if it is there already \(got something else\)"):
        bundle.write(edition, path)
    assert snapshot(tmp_path) == before


def test_a_bundle_of_another_edition_is_replaced(edition, mini, tmp_path):
    path = bundle.write(edition, tmp_path / "latest.zip")
    later = render.render(mini, "mini", {"as_of": "2026-01-07"}).edition
    assert bundle.write(later, path).read_bytes() == bundle.pack(later)


def test_the_command_refuses_a_name_that_means_several(edition, mini, monkeypatch):
    render.render(mini, "mini", {"as_of": "2026-01-07"})
    monkeypatch.chdir(mini.root)
    result = CliRunner().invoke(cli, ["bundle", "mini/2026-01"])
    assert isinstance(result.exception, StoreError) and "(found 2)" in str(result.exception)


def test_an_edition_of_the_repository_is_packed_whole():
    root = Path(__file__).resolve().parents[2]
    edition = Store(root / "reports", root / "nowhere").editions("drawdown")[-1]
    held = opened(bundle.pack(edition))
    assert "data/sources.csv" in held and "data/datapackage.json" in held and "notebook/drawdown.ipynb" in held
    graph = {one["@id"]: one for one in json.loads(held["ro-crate-metadata.json"])["@graph"]}
    assert graph["./"]["license"] == {"@id": "https://creativecommons.org/licenses/by/4.0/"}
