"""A finished notebook read into a typed document, once."""

from nbformat import NotebookNode

from handover.document.model import Document


def read(nb: NotebookNode, name: str = "") -> Document:
    """Read a notebook, executed or not.

    Args:
        nb: A notebook in format 4.
        name: The report's name: the file's name without its ending.

    Returns:
        The document. Its title is the first level-one heading, else the notebook's ``title`` metadata, else the
        name; its standfirst the first paragraph under that heading. A headline that a cell displayed stands in place
        of the notebook's own.
    """
    raise NotImplementedError
