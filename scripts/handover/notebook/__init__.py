"""A notebook: its parameters, and running it in processes that end with the run."""

from handover.door import door

__getattr__, __all__ = door(
    __name__,
    {
        "cells": "code_cells syntax_faults",
        "execute": "execute Execution OPEN SHUT",
        "forkserver": "",
        "parameters": "parameters Parameter",
        "processes": "",
        "source": "",
        "subreaper": "",
    },
)
