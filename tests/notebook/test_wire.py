"""What a kernel sends: as jupyter_client packs it, but that half a character costs only itself."""

import pytest
from jupyter_client.session import json_packer

from handover.notebook.wire import pack


@pytest.mark.parametrize("message", [{}, {"a": ["é😀", 1, None, 0.5, ("x",)]}])
def test_what_can_be_packed_is_packed_as_ever(message):
    assert pack(message) == json_packer(message)


def test_half_a_character_is_replaced_wherever_it_stands():
    message = {"\ud83d": ["a\ude00b", {"deep": ("\ud83d",)}], "whole": "😀", "pair": "\ud83d\ude00"}
    assert pack(message).decode() == '{"\ufffd": ["a\ufffdb", {"deep": ["\ufffd"]}], "whole": "😀", "pair": "😀"}'
