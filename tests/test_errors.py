"""What an analyst sees of our errors in JupyterLab: the lines of their own cells, and the message."""

import pytest
from IPython.core.interactiveshell import InteractiveShell

RAISES = "from handover.errors import near, ProseError\ndef f():\n    raise ProseError('say: must hold.\\nWrite it.')"


@pytest.fixture
def shell():
    """An IPython of its own."""
    made = InteractiveShell.instance()
    made.run_cell(RAISES, store_history=True)
    yield made
    made.history_manager.end_session()
    InteractiveShell.clear_instance()


def test_frames_of_cells_alone_are_shown(shell, capsys):
    shell.run_cell("x = 1\nf()", store_history=True)
    assert capsys.readouterr().out == (
        "Cell In[2], line 2:\n> f()\nCell In[1], line 3:\n>     raise ProseError('say: must hold.\\nWrite it.')\n"
        "ProseError: say: must hold.\nWrite it.\n"
    )


def test_all_frames_are_shown_to_those_who_ask(shell, capsys):
    shell.run_line_magic("xmode", "Verbose")
    shell.run_line_magic("colors", "nocolor")
    shell.run_cell("x = 1\nf()", store_history=True)
    said = capsys.readouterr().out
    assert "Traceback (most recent call last)" in said and said.rstrip().endswith("Write it.")


def test_a_fault_of_a_story_s_words_points_to_the_analyst_s_line(shell, capsys):
    shell.run_cell("from handover.story import Story\nsay = Story('2026-01-31').say", store_history=True)
    shell.run_cell("say(\n    'Reported: {troops_nw:cap}'\n)", store_history=True)
    said = capsys.readouterr().out
    assert said.splitlines() == [
        "Cell In[3], line 1:",
        "> say(",
        "FactError: say: 'troops_nw' is not a fact; did you mean 'troops_now'?",
        "Write: Reported: {troops_now:cap}",
    ]
