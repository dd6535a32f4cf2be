"""How a kernel of the press puts what cells show into bytes: half a character costs that character, not the cell.

jupyter_client's own way fails the cell. Kernels import this module, so that it must stay small.
"""

from typing import Any

from jupyter_client.session import json_packer

from handover.text import whole


def pack(message: Any) -> bytes:
    """Return a message as JSON, with the replacement character for half of one."""
    try:
        return json_packer(message)
    except UnicodeEncodeError:
        return json_packer(_whole(message))


def _whole(value: Any) -> Any:
    if isinstance(value, str):
        return whole(value)
    if isinstance(value, dict):
        return {_whole(key): _whole(inner) for key, inner in value.items()}
    return [_whole(inner) for inner in value] if isinstance(value, list | tuple) else value
