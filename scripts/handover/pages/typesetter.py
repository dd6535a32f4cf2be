"""Typst itself: a set of files into a PDF or a picture, in a world that holds these files and nothing else.

Worlds are kept while the process lasts, so that Typst reads anew only what differs from the files before: a draft from
the next one of the same document, a document from the one of another day.
"""

import base64
import json
import os
import re
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from functools import cache
from typing import Any

from handover import fonts, scratch
from handover.errors import ConversionError
from handover.pages import fallback
from handover.pages.typst_text import literal

STANDARDS = ["ua-1", "a-3a"]
#: What Typst begins with. Where a piece stands in its source is part of what it laid out, and a changed word would move
#: all that follow; pieces of a text that is evaluated stand in one place, so it uses again those of another day.
BEGINNING, WHOLE = "beginning.typ", b'#eval(read("/main.typ"), mode: "markup")'
#: Files that begin so are pictures, which a notebook may hold in any state.
PICTURE = "picture-"
#: How many worlds are kept: those of the pages, of the first one's picture and of a link's, for two documents.
KEPT = 6
#: Dots to an inch of a picture that cannot be drawn.
DOTS = 288
#: What Typst says of a glyph that stands for several letters, or for a part of one.
LETTERS = "text with missing codepoints"
SVG = "http://www.w3.org/2000/svg"
BROKEN = (
    f'<svg xmlns="{SVG}" viewBox="0 0 240 24" width="240" height="24">'.encode()
    + b'<text x="0" y="16" font-family="IBM Plex Serif" font-size="11">This picture is broken.</text></svg>'
)


def pdf(files: Mapping[str, bytes], epoch: int, name: str) -> bytes:
    """Return the PDF of ``main.typ``.

    Args:
        files: All that Typst may read, by name.
        epoch: The only clock it sees, in seconds.
        name: The document's, for messages.

    Raises:
        ConversionError: Typst refuses a file that is no picture, or warns.
    """
    options = {"format": "pdf", "pdf_standards": STANDARDS, "timestamp": epoch}
    return bytes(_mended(files, name, lambda held: _compile(held, options, name)))


def pngs(files: Mapping[str, bytes], ppi: float, name: str) -> list[bytes]:
    """Return the pages of ``main.typ`` as pictures with so many dots to an inch."""
    made = _mended(files, name, lambda held: _compile(held, {"format": "png", "ppi": ppi}, name))
    return [bytes(page) for page in (made if isinstance(made, list) else [made])]


def look_up(files: Mapping[str, bytes], expression: str, name: str) -> Any:
    """Return the value of an expression of Typst that looks at ``main.typ`` once that is set.

    Raises:
        ConversionError: Typst refuses a file that is no picture.
    """

    def ask(held: Mapping[str, bytes]) -> Any:
        with _typst(held, name) as compiler:
            return json.loads(compiler.eval(expression))

    return _mended(files, name, ask)


def page_count(made: bytes) -> int:
    """Return the number of pages of a PDF that `pdf` made."""
    counts = [int(count) for count in re.findall(rb"/Type\s*/Pages\b\s*(?:/Parent [^/]*)?/Count (\d+)", made)]
    return max(counts, default=0)


def _mended(files: Mapping[str, bytes], name: str, run: Callable[[Mapping[str, bytes]], Any]) -> Any:
    """Run Typst, and once more with dots in place of the pictures that it cannot draw if it refuses."""
    try:
        return run(files)
    except ConversionError as error:
        typefaces = {file: files[file] for file in (fallback.FILE, fallback.STAND_INS) if file in files}
        pictures = {file: files[file] for file in files if file.startswith(PICTURE)}
        broken = {file: data for file, data in pictures.items() if not _drawable(typefaces | {file: data}, file)}
        if not broken and LETTERS in str(error):
            # it depends on the text around a picture which typeface Typst finds for a letter in it
            broken = {file: data for file, data in pictures.items() if data.startswith(b"<svg")}
        if not broken:
            raise
        return run({**files, **{file: _in_dots(typefaces | {file: data}, file) for file, data in broken.items()}})


def _in_dots(files: Mapping[str, bytes], file: str) -> bytes:
    """Return a picture as dots: a PDF/A holds no letters of scripts that join, such as Hindi's, out of a drawing."""
    source = f"#set page(width: auto, height: auto, margin: 0pt, fill: none)\n#image({literal('/' + file)})"
    try:
        dots = bytes(_compile({"main.typ": source.encode(), **files}, {"format": "png", "ppi": DOTS}, file))
    except ConversionError:
        return BROKEN
    size = " ".join(
        f'{side}="{int.from_bytes(dots[at : at + 4]) * 96 / DOTS}"' for side, at in (("width", 16), ("height", 20))
    )
    data = base64.b64encode(dots).decode()
    return f'<svg xmlns="{SVG}" {size}><image href="data:image/png;base64,{data}" {size}/></svg>'.encode()


def _drawable(files: Mapping[str, bytes], file: str) -> bool:
    source = (
        '#set document(title: "x", date: datetime(year: 2000, month: 1, day: 1))\n'
        f'#image({literal("/" + file)}, alt: "x", width: 1cm, height: 1cm)'
    )
    options = {"format": "pdf", "pdf_standards": STANDARDS, "timestamp": 0}
    try:
        _compile({"main.typ": source.encode(), **files}, options, file)
    except ConversionError:
        return False
    return True


def _compile(files: Mapping[str, bytes], options: dict[str, Any], name: str) -> Any:
    with _typst(files, name) as compiler:
        made, warnings = compiler.compile_with_warnings(**options)
    if warnings:
        first = warnings[0]
        raise _refused(name, f"warning: {first.message}", first.hints)
    return made


class _World:
    """A folder of files, and the compiler that has read them."""

    def __init__(self) -> None:
        self.folder = scratch.make()
        self.files: Mapping[str, bytes] = {}
        self.typefaces = self.compiler = None

    def fits(self, files: Mapping[str, bytes]) -> bool:
        """Whether it is of files so called, and has no others: what tidies up temporary folders may have been here."""
        with suppress(OSError):
            return self.files.keys() == files.keys() == set(os.listdir(self.folder))  # noqa: PTH208  names are wanted
        return False

    def hold(self, files: Mapping[str, bytes]) -> Any:
        """Put these files in the place of the others of their names, and return their compiler."""
        import typst

        with scratch.room(self.folder.parent):
            for file, data in files.items():
                if self.files.get(file) != data:
                    (self.folder / file).write_bytes(data)
            beside, formulas = fallback.link(files, self.folder), fallback.MATHS in files
        typefaces = _with(beside, formulas=formulas) if beside else _ours(formulas=formulas)
        if typefaces is not self.typefaces:
            places = dict.fromkeys(("root", "package_path", "package_cache_path"), self.folder)
            self.compiler = typst.Compiler(self.folder / BEGINNING, font_paths=typefaces, **places)
        self.files, self.typefaces = dict(files), typefaces
        return self.compiler


#: Those that nobody uses, the last used first. A child of a fork leaves them to its parent.
_idle: list[_World] = []
_choosing = threading.Lock()
os.register_at_fork(after_in_child=_idle.clear)


def _taken(files: Mapping[str, bytes]) -> _World:
    with _choosing:
        found = next((world for world in _idle if world.fits(files)), None)
        if found:
            _idle.remove(found)
    return found or _World()


def _put_back(world: _World) -> None:
    with _choosing:
        _idle.insert(0, world)
        left = _idle[KEPT:]
        del _idle[KEPT:]
    for one in left:
        scratch.remove(one.folder)


@contextmanager
def _typst(files: Mapping[str, bytes], name: str) -> Iterator[Any]:
    """Typst, to which the files are all the world there is: it refuses any path out of it, and finds no package in it.

    Raises:
        ConversionError: Typst refused, with what it said.
    """
    files = {**files, BEGINNING: WHOLE}
    world = _taken(files)
    try:
        yield world.hold(files)
    except BaseException as error:
        scratch.remove(world.folder)
        if isinstance(error, RuntimeError):
            # where it fails to look something up, Typst says no more than why
            raise _refused(name, getattr(error, "message", str(error)), getattr(error, "hints", ())) from error
        # a panic inside Typst reaches Python as an exception outside the ordinary tree
        if type(error).__name__ == "PanicException":
            raise _refused(name, f"Typst broke off: {error}") from error
        raise
    _put_back(world)


def _refused(name: str, message: str, hints: Iterable[str] = ()) -> ConversionError:
    advice = "; ".join(hints) or "This is a fault of the press, not of the notebook: report it with the notebook."
    return ConversionError(f"{name or 'document'}: the PDF must compile without warnings (got '{message}').\n{advice}")


@cache
def _ours(*, formulas: bool) -> Any:
    return _with([], formulas=formulas)


def _with(folders: list[str], *, formulas: bool) -> Any:
    """Our typefaces and those in other folders; for formulas also the one that Typst itself carries for them."""
    import typst

    ours = [str(folder) for folder in fonts.folders()]
    return typst.Fonts(include_system_fonts=False, include_embedded_fonts=formulas, font_paths=ours + folders)
