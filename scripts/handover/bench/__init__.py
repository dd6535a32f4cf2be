"""The benchmark behind ``scripts/bench``: papermill and nbconvert as they come, and this press, side by side.

It stands above everything and nothing imports it; both ways are run as a user would run them, as commands.
"""

__all__: list[str] = []
