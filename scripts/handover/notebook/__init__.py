"""A notebook: what it is asked, and how it runs, truthfully and in processes that end with the run."""

from handover.door import door

__getattr__, __all__ = door(
    __name__,
    {
        "execute": "execute Execution",
        "forkserver": "",
        "parameters": "parameters Parameter",
        "processes": "",
        "source": "",
        "subreaper": "",
    },
)
