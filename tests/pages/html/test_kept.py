"""Cut typefaces kept on disk: whatever becomes of the folder, a page is the same."""

import pytest

from handover import fonts
from handover.pages.html import embed, kept

FACE, CHARACTERS = embed.Face(fonts.MONO), frozenset("abc")


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    embed._subset.cache_clear()
    yield tmp_path / "handover" / "faces"
    embed._subset.cache_clear()


def again():
    embed._subset.cache_clear()
    return embed._subset(FACE, CHARACTERS)


def test_what_is_damaged_is_cut_anew(folder):
    first = embed._subset(FACE, CHARACTERS)
    (file,) = folder.iterdir()
    whole = file.read_bytes()
    for damaged in (b"", whole[:-1], whole[:40] + bytes([whole[40] ^ 1]) + whole[41:]):
        file.write_bytes(damaged)
        assert kept.find(embed._key(FACE, CHARACTERS)) is None
        assert again() == first
        assert file.read_bytes() == whole


def test_a_folder_that_cannot_be_had_costs_nothing_but_time(tmp_path, folder, monkeypatch):
    first = embed._subset(FACE, CHARACTERS)
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))
    assert again() == first


def test_what_is_kept_is_used_and_is_what_a_cut_gives(folder, monkeypatch):
    first = embed._subset(FACE, CHARACTERS)
    cut = embed._cut
    monkeypatch.setattr(embed, "_cut", lambda *_: pytest.fail("cut again"))
    assert again() == first
    assert kept.find(embed._key(FACE, CHARACTERS)) == cut(FACE, CHARACTERS)


def test_other_characters_and_faces_have_keys_of_their_own():
    keys = {
        embed._key(face, frozenset(characters))
        for face in (FACE, embed.Face(fonts.SERIF))
        for characters in ("ab", "abc")
    }
    assert len(keys) == 4
