"""The way of a command to what it asks and does: this machine's control plane, or another's API.

`from mailstead.cli.door import queries, services` gives hosting's own modules, or with `--server`
their likenesses over HTTP (`cli/remote`), which take the same arguments and give things with the
same fields. A command does not know the difference.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

from mailstead.cli.session import SESSION

if TYPE_CHECKING:
    from mailstead.control.dns import keys_door as keys
    from mailstead.control.dns import queries as records
    from mailstead.control.dns import services as dns
    from mailstead.control.feed import queries as feed
    from mailstead.control.hosting import queries, services
    from mailstead.control.people import queries as people

__all__ = ["dns", "feed", "keys", "people", "queries", "records", "services"]

_HERE = {
    "dns": "mailstead.control.dns.services",
    "feed": "mailstead.control.feed.queries",
    "keys": "mailstead.control.dns.keys_door",
    "people": "mailstead.control.people.queries",
    "queries": "mailstead.control.hosting.queries",
    "records": "mailstead.control.dns.queries",
    "services": "mailstead.control.hosting.services",
}
_THERE = {
    "dns": "mailstead.cli.remote.services",
    "feed": "mailstead.cli.remote.queries",
    "keys": "mailstead.cli.remote.keys",
    "people": "mailstead.cli.remote.queries",
    "queries": "mailstead.cli.remote.queries",
    "records": "mailstead.cli.remote.queries",
    "services": "mailstead.cli.remote.services",
}


def __getattr__(name: str) -> object:
    """The module, chosen when a command asks for it; Django must be ready for those here."""
    if name not in _HERE:
        raise AttributeError(name)
    return import_module((_HERE if SESSION.client is None else _THERE)[name])
