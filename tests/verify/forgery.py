"""Forging PDFs that stay valid: what somebody with a PDF editor could do."""

import hashlib
import io
import json
import zlib

import pikepdf

from handover.verify import contents


def open_(pdf):
    return pikepdf.open(io.BytesIO(pdf))


def saved(pdf):
    out = io.BytesIO()
    pdf.save(out, static_id=True)
    return out.getvalue()


def with_digit(pdf, page, old, *, after=""):
    """Change the first digit `old` on a page that follows a text to another that its font can draw; return it, too."""
    with open_(pdf) as opened:
        holder = opened.pages[page]
        operations, known, read, new = [], {}, "", ""
        for operands, operator in pikepdf.parse_content_stream(holder):
            operands = list(operands)
            if str(operator) == "Tf":
                known = contents.letters(holder.Resources.Font[str(operands[0])])
            if str(operator) in ("Tj", "TJ"):
                parts = list(operands[0]) if str(operator) == "TJ" else operands
                codes = {text: code for code, text in known.items()}
                for position, part in enumerate(parts):
                    if not isinstance(part, pikepdf.String):
                        continue
                    raw = bytearray(bytes(part))
                    for at in range(0, len(raw), 2):
                        letter = known.get(int.from_bytes(raw[at : at + 2], "big"), "")
                        if not new and letter == old and read.endswith(after):
                            # the font holds only what the report shows: another digit, or else a letter
                            new = sorted(codes.keys() - {old, " "}, key=lambda one: (not one.isdigit(), one))[0]
                            raw[at : at + 2] = codes[new].to_bytes(2, "big")
                        read += letter
                    parts[position] = pikepdf.String(bytes(raw))
                operands = [pikepdf.Array(parts)] if str(operator) == "TJ" else parts
            operations.append((operands, operator))
        assert new, f"no {old} after {after!r}"
        holder.Contents = opened.make_stream(pikepdf.unparse_content_stream(operations))
        return saved(opened), new


def with_attachments(pdf, changes):
    """Replace attachments, or take them out where the new content is None."""
    with open_(pdf) as opened:
        for name, content in changes.items():
            about = {}
            if name in opened.attachments:
                held = opened.attachments[name]
                about = {"mime_type": held.get_file().mime_type, "relationship": held.relationship}
                del opened.attachments[name]
            if content is not None:
                opened.attachments[name] = pikepdf.AttachedFileSpec(opened, content, filename=name, **about)
        return saved(opened)


def with_many_attachments(pdf, count):
    """Attach one more file under many names."""
    with open_(pdf) as opened:
        spec = pikepdf.AttachedFileSpec(opened, b"x", filename="x").obj
        names = [name for number in range(count) for name in (pikepdf.String(f"z{number:05}"), spec)]
        kids = opened.make_indirect(
            pikepdf.Dictionary(Names=pikepdf.Array(names), Limits=names[0 : -1 : len(names) - 2])
        )
        files = opened.Root.Names.EmbeddedFiles
        held = opened.make_indirect(
            pikepdf.Dictionary(Names=files.Names, Limits=[files.Names[0], files.Names[len(files.Names) - 2]])
        )
        opened.Root.Names.EmbeddedFiles = pikepdf.Dictionary(Kids=[held, kids])
        return saved(opened)


def record(pdf):
    """What a PDF says of itself."""
    with open_(pdf) as opened:
        return json.loads(opened.attachments["edition.json"].get_file().read_bytes())


def with_code(pdf, line):
    """Put a line before the attached notebook's code, and make every hash in the PDF agree with that."""
    about = record(pdf)
    name = about["notebook"]["attachment"]
    with open_(pdf) as opened:
        notebook = json.loads(opened.attachments[name].get_file().read_bytes())
    cell = {"cell_type": "code", "execution_count": None, "id": "x", "metadata": {}, "outputs": [], "source": [line]}
    notebook["cells"].insert(0, cell)
    text = json.dumps(notebook, indent=1, sort_keys=True).encode()
    about["notebook"]["sha256"] = hashlib.sha256(text).hexdigest()
    return with_attachments(pdf, {name: text, "edition.json": json.dumps(about).encode()})


def encrypted(pdf, user=""):
    out = io.BytesIO()
    with open_(pdf) as opened:
        opened.save(out, encryption=pikepdf.Encryption(owner="owner", user=user))
    return out.getvalue()


def acting(pdf, kind, **parts):
    """Let the PDF act when it is opened."""
    with open_(pdf) as opened:
        words = {key: pikepdf.String(value) for key, value in parts.items()}
        opened.Root.OpenAction = pikepdf.Dictionary(S=pikepdf.Name(kind), **words)
        return saved(opened)


def bomb(pdf):
    """A page that unpacks to more than the machine should give."""
    with open_(pdf) as opened:
        packed = zlib.compress(zlib.compress(bytes(1 << 27)))
        stream = pikepdf.Stream(opened, packed)
        stream.Filter = pikepdf.Array([pikepdf.Name.FlateDecode, pikepdf.Name.FlateDecode])
        opened.pages[0].Contents = pikepdf.Array([opened.make_indirect(stream)] * 8)
        return saved(opened)
