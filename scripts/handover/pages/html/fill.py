"""Mark-up with values in it: as `Markup.format` does it, at a small part of its cost."""

from markupsafe import Markup, escape


def fill(form: str, *values: object) -> Markup:
    """Fill a form with values; what is not mark-up already is escaped."""
    return Markup(form.format(*(value if isinstance(value, Markup) else escape(value) for value in values)))
