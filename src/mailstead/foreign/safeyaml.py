"""YAML of strangers: maps, lists and texts, no references, bounded (`load`).

The panels' writers leave words bare that YAML 1.1 takes for something else: a filter named `off`,
a text `007`. So every scalar is text as it stands there; only `~`, `null` and nothing are None.
"""

from __future__ import annotations

import re

import yaml

MAX_OCTETS = 2 * 2**20
_DEEP = re.compile(rb"[\[{]")
_MOST_FLOWS = 20_000


_NULL = "tag:yaml.org,2002:null"


class _Plain(yaml.SafeLoader):
    """Without aliases (`*name`), by which a short text becomes a huge value."""

    yaml_implicit_resolvers = {
        "~": [(_NULL, re.compile("~"))],
        "n": [(_NULL, re.compile("null"))],
        "": [(_NULL, re.compile(""))],
    }

    def compose_node(self, parent: yaml.Node | None, index: int) -> yaml.Node | None:
        if self.check_event(yaml.AliasEvent):
            raise yaml.YAMLError("references are not read")
        return super().compose_node(parent, index)


def load(data: bytes) -> object:
    """The value, of maps, lists, `str` and None.

    None if it is empty, broken or too large, or uses what no panel writes.
    """
    if len(data) > MAX_OCTETS or len(_DEEP.findall(data)) > _MOST_FLOWS:
        return None
    try:
        return yaml.load(data.decode("utf-8", "replace"), Loader=_Plain)
    except (yaml.YAMLError, RecursionError, ValueError, OverflowError):
        return None
