"""The host names that have a certificate of their own, as the engines' files need them.

A name's certificate is `<home>/tls/names/<name>/`: `key.pem`, root's alone, made once, and
`chain.pem`, replaced at each renewal. The key stays the same, so the two always fit each other
whenever an engine reads them, and a TLSA record that names the key (RFC 7671, 5.1) stays right.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from mailstead.home import Home

KEY = "key.pem"
CHAIN = "chain.pem"
_NAME = re.compile(r"(?=.{4,253}\Z)([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z0-9-]{2,63}")


@dataclass(frozen=True)
class Served:
    """One name with the files of its certificate."""

    name: str
    key: Path
    chain: Path


def of(home: Home, name: str) -> Served:
    """The places of a name's files, whether or not they exist."""
    folder = home.names / name
    return Served(name, folder / KEY, folder / CHAIN)


def served(home: Home) -> tuple[Served, ...]:
    """The names that have a certificate, in order."""
    if not home.names.is_dir():
        return ()
    names = sorted(entry.name for entry in home.names.iterdir() if _NAME.fullmatch(entry.name))
    found = (of(home, name) for name in names)
    return tuple(one for one in found if one.key.exists() and one.chain.exists())
