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
    from mailstead.control.delivery import queries as deliveries
    from mailstead.control.delivery import words
    from mailstead.control.dns import keys_door as keys
    from mailstead.control.dns import queries as records
    from mailstead.control.dns import services as dns
    from mailstead.control.feed import queries as feed
    from mailstead.control.hosting import queries, services
    from mailstead.control.moves import queries as moves
    from mailstead.control.moves import services as move_acts
    from mailstead.control.people import queries as people
    from mailstead.control.protection import queries as cases
    from mailstead.control.protection import services as case_acts

__all__ = [
    "case_acts",
    "cases",
    "deliveries",
    "dns",
    "feed",
    "keys",
    "move_acts",
    "moves",
    "people",
    "queries",
    "records",
    "services",
    "words",
]

_HERE = {
    "case_acts": "mailstead.control.protection.services",
    "cases": "mailstead.control.protection.queries",
    "deliveries": "mailstead.control.delivery.queries",
    "dns": "mailstead.control.dns.services",
    "feed": "mailstead.control.feed.queries",
    "keys": "mailstead.control.dns.keys_door",
    "move_acts": "mailstead.control.moves.services",
    "moves": "mailstead.control.moves.queries",
    "people": "mailstead.control.people.queries",
    "queries": "mailstead.control.hosting.queries",
    "records": "mailstead.control.dns.queries",
    "services": "mailstead.control.hosting.services",
    "words": "mailstead.control.delivery.words",
}
_THERE = {
    "case_acts": "mailstead.cli.remote.cases",
    "cases": "mailstead.cli.remote.cases",
    "deliveries": "mailstead.cli.remote.deliveries",
    "dns": "mailstead.cli.remote.services",
    "feed": "mailstead.cli.remote.queries",
    "keys": "mailstead.cli.remote.keys",
    "move_acts": "mailstead.cli.remote.moves",
    "moves": "mailstead.cli.remote.moves",
    "people": "mailstead.cli.remote.queries",
    "queries": "mailstead.cli.remote.queries",
    "records": "mailstead.cli.remote.queries",
    "services": "mailstead.cli.remote.services",
    "words": "mailstead.cli.remote.deliveries",
}


def __getattr__(name: str) -> object:
    """The module, chosen when a command asks for it; Django must be ready for those here."""
    if name not in _HERE:
        raise AttributeError(name)
    return import_module((_HERE if SESSION.client is None else _THERE)[name])
