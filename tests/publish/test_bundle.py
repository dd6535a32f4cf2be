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

from handover import project
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
    assert "notebooks/mini.ipynb: must be attached as recorded (differs)" in str(error.value)


@pytest.mark.parametrize(
    "path", ["../escape.csv", "/etc/escape", "data/../../x", "c:\\x", "SHA256SUMS", "data//b", "data/c:x", ""]
)
def test_a_record_that_leads_out_of_the_folder_is_refused(edition, path):
    def change(pdf):
        record = json.loads(pdf.attachments[RECORD].get_file().read_bytes())
        record["data"][path] = record["data"].pop("data/counts.csv")
        pdf.attachments[RECORD] = json.dumps(record).encode()

    without(edition, change)
    with pytest.raises(
        PublishError, match=r"must be a table in data/ \(got|data/.*: must be a path inside the project"
    ):
        bundle.pack(edition)


def test_a_pdf_that_is_none_is_refused(edition):
    edition.file(".pdf").write_bytes(b"nothing")
    fit(edition)
    with pytest.raises(PublishError, match=r"must be a PDF that carries what made it \(got one that is no PDF\)"):
        bundle.pack(edition)


def test_an_input_that_is_nowhere_to_be_found_is_named(edition, mini):
    for name in ("data/counts.csv", "data/names.csv"):
        (mini.root / name).write_text("of another day")
    about = edition.manifest()
    about["inputs"]["tables"]["data/names.csv"] = "0" * 64
    (edition.folder / manifest.NAME).write_bytes(manifest.dumps(about))
    (mini.root / "requirements.lock").unlink()
    with pytest.raises(PublishError) as error:
        bundle.pack(edition)
    assert str(error.value) == (
        f"{edition.folder}: must be packed with all that it was made from:\n"
        "  data/names.csv: is not here as its manifest names it\n"
        "  requirements.lock: is not here as its manifest names it\n"
        "Pack it in the checkout that made it, with its history; `handover verify` says which commit that is."
    )


# what is in it


def test_it_holds_every_table_that_the_render_could_read_as_it_was_then(mini, stand_in):
    (mini.root / "data" / "names.csv").write_text("name\nDoor 7\n")
    (mini.root / "data" / "door.bin").write_bytes(b"no text: \xff\r\n")
    edition = render.render(mini, "mini").edition
    whole = bundle.pack(edition)
    assert opened(whole)["data/names.csv"] == b"name\nDoor 7\n"
    assert opened(whole)["data/door.bin"] == b"no text: \xff\r\n"
    git = ["git", "-C", str(mini.root), "-c", "user.name=x", "-c", "user.email=x@example.org"]
    for words in (["init", "-q"], ["add", "."], ["commit", "-qm", "then"]):
        subprocess.run([*git, *words], check=True)
    (mini.root / "data" / "names.csv").write_text("name\nDoor 8\n")
    (mini.root / "data" / "door.bin").unlink()
    (mini.root / "requirements.lock").unlink()
    assert bundle.pack(edition) == whole


def test_it_holds_everything_of_the_edition_and_what_made_it(edition, mini):
    held = opened(bundle.pack(edition))
    stem = f"mini_{edition.name}"
    assert held.keys() == {
        *(f"{stem}{suffix}" for suffix in (".html", ".pdf", ".ipynb")),
        *("page1.png", "link.png", "manifest.json", "edition.json", "notebooks/mini.ipynb"),
        *(
            "data/counts.csv",
            "data/datapackage.json",
            "requirements.lock",
            "pyproject.toml",
            "SHA256SUMS",
            "ro-crate-metadata.json",
        ),
    }
    for name in ("data/counts.csv", "data/datapackage.json", "requirements.lock", "notebooks/mini.ipynb"):
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


def test_the_same_bytes_without_a_notebook_in_another_zone_locale_umask_folder_and_order(edition, tmp_path, mini):
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
    # of the project nothing is there but what a bundle has of it
    for name, data in opened(whole).items():
        if name.startswith("data/") or name == "requirements.lock":
            (away.parents[1] / name).parent.mkdir(exist_ok=True)
            (away.parents[1] / name).write_bytes(data)
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
    path = bundle.write(edition, tmp_path / edition.file(".zip").name)
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
    assert {one.id for one in made["object"]} == {
        *("notebooks/mini.ipynb", "data/counts.csv", "data/datapackage.json", "requirements.lock", "pyproject.toml")
    }
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
    files = {"data/two words.csv": b"", "notebooks/mini.ipynb": b""}
    graph = json.loads(rocrate.describe(edition.manifest(), files, ""))["@graph"]
    rendering = next(one for one in graph if one["@id"] == "#rendering")
    assert {"@id": "data/two%20words.csv"} in rendering["object"]
    assert "data/two%20words.csv" in [one["@id"] for one in graph]


@pytest.mark.parametrize("author", ["", "The Desk"])
def test_a_crate_names_who_signs_the_edition_and_nobody_else(edition, author):
    graph = json.loads(rocrate.describe(edition.manifest(), {"notebooks/mini.ipynb": b""}, author))
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
    assert "data/sources.csv" in held and "data/datapackage.json" in held and "notebooks/drawdown.ipynb" in held
    graph = {one["@id"]: one for one in json.loads(held["ro-crate-metadata.json"])["@graph"]}
    assert graph["./"]["license"] == {"@id": "https://creativecommons.org/licenses/by/4.0/"}


# it renders again on its own


@pytest.fixture
def alone(mini, monkeypatch, tmp_path):
    """A bundle of a real render, zipped and unpacked, in an empty folder, its project gone; both can be verified."""
    (mini.root / "data" / "names.csv").write_text("name\nDoor 7\n")
    (mini.root / "pyproject.toml").write_text('[tool.handover]\nauthor = "The door desk"\n')
    made = render.render(mini, "mini").edition
    path = bundle.write(made, tmp_path / "away" / "bundle.zip")
    with zipfile.ZipFile(path) as archive:
        archive.extractall(path.parent / "unpacked")
    shutil.rmtree(mini.root)
    monkeypatch.chdir(path.parent)

    def judge(*words):
        with monkeypatch.context() as patch:
            # in the tests the package itself lies in a checkout
            patch.setattr(project, "__file__", str(tmp_path / "site-packages" / "handover" / "project.py"))
            result = CliRunner().invoke(cli, ["verify", *words])
        return result.exit_code, result.output

    judge.edition = made
    return judge


@pytest.mark.kernel
@pytest.mark.parametrize("name", ["bundle.zip", "unpacked"])
def test_a_bundle_is_verified_in_an_empty_folder_by_what_is_in_it_once_it_is_trusted(alone, name):
    code, said = alone(name)
    assert code == 3 and "the notebook that came with it was not run; --trust runs it" in said
    code, said = alone("--trust", name)
    assert (code, said.partition(" (")[0].rpartition("/")[2]) == (0, f"verified: {name}".rpartition("/")[2]), said
    assert alone("--hashes", name)[0] == 0


@pytest.mark.kernel
def test_an_unpacked_bundle_is_a_project_that_renders_the_edition_again(alone, monkeypatch):
    monkeypatch.chdir("unpacked")
    assert alone(".")[0] == 0
    again = render.render(project.Project(Path.cwd()), "mini").edition
    assert (
        again.name == alone.edition.name
        and again.file(".pdf").read_bytes() == Path(f"mini_{again.name}.pdf").read_bytes()
    )


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda root: (root / "data" / "names.csv").write_text("x"), "data/names.csv: is not what SHA256SUMS names"),
        (lambda root: (root / "data" / "names.csv").unlink(), "data/names.csv: is missing"),
        (lambda root: (root / "more.txt").write_text("x"), "more.txt: is not named in SHA256SUMS"),
        (lambda root: next(root.glob("*.html")).write_text("x"), ".html: no longer matches its manifest"),
        (lambda root: (root / "SHA256SUMS").write_bytes(b"\xff"), "SHA256SUMS: must be readable text"),
    ],
)
def test_a_changed_bundle_differs(alone, change, said):
    change(Path("unpacked"))
    code, told = alone("--hashes", "unpacked")
    assert code == 1 and said in told


@pytest.mark.parametrize(
    ("names", "said"),
    [
        (["photo.jpg"], "it is an archive, and no bundle: take the PDF out and verify that"),
        (["../escape.csv"], "it cannot be unpacked (no file of a bundle: '../escape.csv')"),
        (["/etc/escape"], "it cannot be unpacked (no file of a bundle: '/etc/escape')"),
        (["a\\b"], "it cannot be unpacked (no file of a bundle: "),
        ([f"{number}" for number in range(1001)], "it cannot be unpacked (more than 1,000 files or 500,000,000 bytes)"),
    ],
)
def test_an_archive_that_is_no_bundle_is_not_judged_and_writes_nothing(tmp_path, mini, monkeypatch, names, said):
    monkeypatch.chdir(mini.root)
    with zipfile.ZipFile("odd.zip", "w") as archive:
        for name in names:
            archive.writestr(name, "theirs")
    result = CliRunner().invoke(cli, ["verify", "odd.zip"])
    assert result.exit_code == 3 and f"cannot be judged: odd.zip ({said}" in result.output
    assert not list(tmp_path.rglob("escape*"))
