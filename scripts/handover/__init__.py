"""The handover of Ain al-Asad, as a reproducible report."""

__version__ = "0.1.0"
