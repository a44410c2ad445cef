"""The names that should have a certificate: the node's own, and those of its customers."""

from __future__ import annotations

import datetime as dt
import sqlite3
from contextlib import closing
from dataclasses import dataclass

import msgspec

from mailstead.config import Settings
from mailstead.home import Home
from mailstead.mailplane.node.certificates.pointing import is_public
from mailstead.wire.changes import HostNamePut, RedirectPut


@dataclass(frozen=True)
class Wanted:
    """One name."""

    name: str
    node: bool
    """A name of the node itself."""
    asked: dt.datetime | None = None
    """When somebody wanted it tried at once."""


def of_node(settings: Settings) -> list[Wanted]:
    """The node's own names that an authority can know."""
    names = dict.fromkeys((settings.hostname, *settings.web.hostnames))
    return [Wanted(name, node=True) for name in names if is_public(name)]


def of_customers(home: Home) -> list[Wanted]:
    """The customers' names, and those of their old panels. Raises `sqlite3.Error`."""
    if not home.directory_database.exists():
        return []
    path = f"file:{home.directory_database}?mode=ro"
    with closing(sqlite3.connect(path, uri=True, timeout=5)) as reader:
        rows = reader.execute("SELECT body FROM thing WHERE kind = 'hostname' ORDER BY key")
        puts = [msgspec.json.decode(row[0], type=HostNamePut) for row in rows]
        rows = reader.execute("SELECT body FROM thing WHERE kind = 'redirect' ORDER BY key")
        old = [msgspec.json.decode(row[0], type=RedirectPut) for row in rows]
    names: dict[str, dt.datetime | None]
    names = {one.host: None for one in old if _is_inside(one.host, one.domain)}
    names |= {put.name: put.asked for put in puts if _is_inside(put.name, put.domain)}
    return [Wanted(name, node=False, asked=asked) for name, asked in names.items()]


def _is_inside(name: str, domain: str) -> bool:
    """Never order for a name that is not in its domain, whoever says so."""
    return is_public(name) and name.endswith(f".{domain}")


def everything(settings: Settings, home: Home) -> dict[str, Wanted]:
    """All names; the node's own count first."""
    found = {one.name: one for one in of_customers(home)}
    found |= {one.name: one for one in of_node(settings)}
    return found
