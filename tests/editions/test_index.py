"""Editions by what people call them, by what came before, and what the commands say of them."""

import json
import re

import nbformat
import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

from handover.cli import cli
from handover.editions import Index, catalogue, manifest, named, wording
from handover.editions.store import Store
from handover.errors import StoreError
from publishing import made

DAYS = ("2026-01-07", "2026-01-31")
SENTENCES = "There were {} doors. Nobody had counted the windows.\n\n- A gate is no door.\n"


@pytest.fixture
def store(mini, monkeypatch):
    """The project's store with editions of two days, and one of another setting between them."""
    found = Store.of(mini)
    monkeypatch.chdir(mini.root)
    for number, (day, variant) in enumerate(((DAYS[0], {}), ("2026-01-20", {"evidence": "article"}), (DAYS[1], {}))):
        asked = {"as_of": day, "since": None, "evidence": "record"} | variant
        about, files = made("mini", day, f"{number:08x}", value=str(3 + number), parameters=asked, variant=variant)
        about["facts"]["doors"]["known_since"] = "2026-01-01"
        files[f"mini_{about['edition']}.ipynb"] = notebook(SENTENCES).encode()
        about["outputs"] = manifest.outputs(files)
        with found.locked():
            found.publish("mini", about["edition"], files, about)
            catalogue.write(found)
    return found


def notebook(text, doors="3"):
    """An executed notebook that says a text, in which {} is a fact."""
    fact = {"key": "doors", "label": "Doors", "value": doors, "printed": [doors], "claims": []}
    evidence = {"application/vnd.handover.evidence+json": {"version": 1, "facts": [fact]}}
    said = {"text/markdown": text.replace("{}", f"[{doors}](#fact-doors)")}
    cells = [
        new_markdown_cell("# Doors", id="title"),
        new_code_cell("say(…)", id="say", execution_count=1, outputs=[new_output("display_data", said)]),
        new_code_cell("…", id="evidence", execution_count=2, outputs=[new_output("display_data", evidence)]),
    ]
    return nbformat.writes(new_notebook(cells=cells))


def rewrite(edition, **changes):
    path = edition.folder / manifest.NAME
    path.write_bytes(manifest.dumps(manifest.load(path) | changes))


def run(*words):
    result = CliRunner().invoke(cli, words)
    assert result.exit_code == 0, result.output
    return result.output


@pytest.mark.parametrize(
    ("asked", "day"),
    [
        ({"as_of": "2026-03-01", "since": "2026-01-07", "evidence": "record"}, "2026-01-31"),
        ({"as_of": "2026-01-30", "evidence": "record"}, "2026-01-07"),
        ({"as_of": "2026-01-31", "evidence": "record"}, None),  # as its edition was
        ({"as_of": "2026-01-07", "evidence": "record"}, None),
        ({"as_of": "2026-03-01", "evidence": "article"}, "2026-01-20"),
        ({"as_of": "2026-03-01", "evidence": "record", "language": "ar"}, None),
    ],
)
def test_the_day_before_is_that_of_the_day_s_own_edition_or_of_the_latest_earlier_one_asked_for_likewise(
    store, asked, day
):
    assert Index(store, "mini").day_before(asked) == day


def test_each_manifest_is_read_once_and_a_torn_one_passed_over(store, monkeypatch):
    (store.editions("mini")[-1].folder / manifest.NAME).write_text("{")
    read, load = [], manifest.load
    monkeypatch.setattr(manifest, "load", lambda path: read.append(path) or load(path))
    index = Index(store, "mini")
    assert read == []
    for _ in range(2):
        assert list(index.days({"as_of": "2026-03-01", "evidence": "record"})) == ["2026-01-07"]
    assert len(read) == len(set(read)) == 3


def test_an_edition_is_found_by_path_by_file_and_by_a_name_cut_short(store):
    edition = store.editions("mini")[0]
    for name in (str(edition.folder), str(edition.file(".pdf")), "mini/2026-01-07", f"mini/{edition.name}"):
        assert named(store, name) == edition


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("mini/2026", "(found 3)"),
        ("mini/2026", "Write more of the name."),
        ("mini", "(found 3)"),
        ("mini/1999", "(found 0)"),
        ("x/y", "found 0"),
        ("minni", "found 0; did you mean 'mini'?)"),
    ],
)
def test_a_name_that_means_none_or_several_is_refused(store, name, said):
    with pytest.raises(StoreError) as error:
        named(store, name)
    assert f"{name}: must be one edition, as report/edition or a path" in str(error.value)
    assert said in str(error.value)


def test_the_command_says_what_differs_in_whichever_order_the_days_are_given(store):
    names = [f"mini/{day}" for day in DAYS]
    for asked in (names, names[::-1]):
        assert run("diff", *asked) == (
            "From  mini, 7 January 2026\nto    mini, 31 January 2026\n\n"
            "- Correction: Doors: 5 (the earlier edition had: 3).\n"
        )
    assert [one["after"] for one in json.loads(run("diff", "--json", *names)) if one["fact"] == "doors"] == ["5"]


@pytest.fixture
def worded(store):
    """Give the sentences of the later edition, and the number of its doors, and get what `diff` says of sentences."""

    def told(text, doors="5", *words):
        store.editions("mini")[-1].file(".ipynb").write_text(notebook(text, doors))
        said = run("diff", *words, *(f"mini/{day}" for day in DAYS))
        return json.loads(said) if "--json" in words else said.partition("\nSentences:\n")[2].splitlines()

    return told


def test_a_notebook_that_cannot_be_read_is_told(store):
    store.editions("mini")[0].file(".ipynb").write_text("{")
    result = CliRunner().invoke(cli, ["diff", *(f"mini/{day}" for day in DAYS)])
    assert result.exit_code == 1 and re.search(r"\.ipynb: must be JSON .*\nRestore the file", str(result.exception))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (SENTENCES, []),
        ("- A gate is no door.\n\nNobody had counted the **windows**. There were\n{} doors.", []),
        (
            SENTENCES.replace("Nobody had", "Nobody has ever"),
            ["Rewritten: “Nobody has ever counted the windows.” (before: “Nobody had counted the windows.”)"],
        ),
        (
            SENTENCES.replace("There were {}", "There stood {}"),
            ["Rewritten: “There stood 5 doors.” (before: “There were 3 doors.”)"],
        ),
        (SENTENCES.replace("\n\n-", " Why?\n\n-"), ["Added: “Why?”"]),
        (SENTENCES.replace("- A gate is no door.\n", ""), ["Gone: “A gate is no door.”"]),
        (SENTENCES.replace("- A", "- A gate is no door.\n- A"), ["Added: “A gate is no door.”"]),
        (
            SENTENCES + "\n| Door | Wood |\n|---|---|\n| front | oak |\n",
            ["Added: “Door · Wood”", "Added: “front · oak”"],
        ),
    ],
)
def test_sentences_that_were_rewritten_added_or_dropped_are_named_wherever_they_stand(worded, text, said):
    assert worded(text) == [f"- {line}" for line in said]


def test_many_sentences_are_bounded_unless_all_are_asked_for(worded):
    text = SENTENCES + "\n".join(f"- Room {chr(97 + n % 26) * (n + 1)}, {'x' * n * 9} door." for n in range(40))
    assert worded(text)[20:] == ["… and 20 more"] and len(worded(text, "5", "--all")) == 40
    assert max(map(len, worded(text))) < 330
    last = worded(text, "5", "--json")[-1]
    assert last["kind"] == "added" and last["before"] is None and last["after"].endswith("x door.")


def test_a_sentence_with_another_number_is_named_where_no_fact_above_it_says_so(worded, store):
    rewrite(store.editions("mini")[-1], facts=store.editions("mini")[0].manifest()["facts"])
    assert worded(SENTENCES) == ["- Rewritten: “There were 5 doors.” (before: “There were 3 doors.”)"]


@given(st.lists(st.sampled_from(["There is a door.", "Nobody knows.", "A gate.", "Is it open?"]), max_size=8))
def test_law_what_two_editions_both_say_is_named_by_neither_and_all_else_by_one(sentences):
    ours, theirs = set(sentences), {"A gate.", "A wall."}
    gone, come = (wording._unmatched(sorted(a), sorted(b), ()) for a, b in ((ours, theirs), (theirs, ours)))
    assert set(gone) == ours - theirs and set(come) == theirs - ours


def test_what_is_no_longer_printed_is_named_when_asked_for_and_not_as_a_change(store):
    rewrite(store.editions("mini")[-1], facts={})
    names = [f"mini/{day}" for day in DAYS]
    assert run("diff", *names).endswith("\nNothing has changed.\n")
    told = run("diff", "--all", *names)
    assert told.endswith("\nNothing has changed.\n\nNot printed any more, and not taken back:\n- Doors: 3.\n")
    as_json = json.loads(run("diff", "--all", "--json", *names))
    assert [(one["fact"], one["kind"]) for one in as_json] == [("doors", "dropped")]


def test_the_list_has_settings_and_titles_in_columns_that_keep_their_width(store):
    editions = store.editions("mini")
    rewrite(editions[0], title="A title " + "that does not end " * 9)
    rewrite(editions[1], variant={"evidence": "article", "since": "2026-01-01"}, title="Doors\x1b[2J\nof\u202ewood")
    lines = run("list").splitlines()
    assert lines[0].split()[:4] == ["mini", editions[2].name, "The", "mini"]
    assert f"{editions[1].name}  evidence: article, since: 2026-01-01  Doors\ufffd[2J of[U+202E]wood" in lines[1]
    assert "A title that does not end that does not end that does not e…  reports/mini" in lines[2]
    assert len({line.index("  reports/mini/") for line in lines}) == 1 and len(lines) == 3
    assert all(line.endswith(f"/mini_{one.name}.html") for line, one in zip(lines, editions[::-1], strict=True))
    assert [row["title"][:12] for row in json.loads(run("list", "--json"))][2] == "A title that"


def test_the_commands_tell_editions_apart_by_what_they_were_asked_for(store, mini):
    (mini.root / "pyproject.toml").write_text(
        '[tool.handover.words]\n"evidence: article" = "from the article alone"\n"evidence: record" = "with all"\n'
    )
    told = [line.split("  ")[2].strip() for line in run("list").splitlines()]
    assert told == ["with all", "from the article alone", "with all"]
    told = run("diff", "mini/2026-01-20", "mini/2026-01-31")
    assert "mini, 20 January 2026, from the article alone" in told and "mini, 31 January 2026, with all" in told
