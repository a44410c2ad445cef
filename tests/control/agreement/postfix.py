"""What Postfix does with its maps for one recipient, in a few lines: the tests' own reading of
virtual(5), access(5) and cleanup(8), apart from the product's."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

Maps = Mapping[str, Mapping[str, str]]


@dataclass
class Fate:
    """What becomes of a message for one recipient."""

    refused: str = ""
    near: set[str] = field(default_factory=set)
    """Addresses that reach Dovecot."""
    far: set[str] = field(default_factory=set)
    relayed: set[str] = field(default_factory=set)
    """Addresses that another server gets, whatever the DNS says."""
    dropped: bool = False


def _keys(address: str) -> Iterator[str]:
    local, _, domain = address.rpartition("@")
    yield address
    if "+" in local:
        yield f"{local.partition('+')[0]}@{domain}"


def fate(maps: Maps, recipient: str) -> Fate:
    """Follow a recipient from RCPT to its ends."""
    domain = recipient.rpartition("@")[2]
    for key in (*_keys(recipient), domain):
        if key in maps["recipients"]:
            answer = maps["recipients"][key]
            if answer != "DUNNO":
                return Fate(refused=answer)
            break
    found = Fate()
    _expand(maps, recipient, found, set())
    return found


def _expand(maps: Maps, address: str, found: Fate, seen: set[str]) -> None:
    if address in seen:
        return
    seen.add(address)
    target = _alias(maps, address)
    if target is None:
        _deliver(maps, address, found)
        return
    for one in target.split(", "):
        if one == address or one in _keys(address):
            _deliver(maps, one, found)
        else:
            _expand(maps, one.lower(), found, seen)


def _alias(maps: Maps, address: str) -> str | None:
    for key in _keys(address):
        if key in maps["aliases"]:
            return maps["aliases"][key]
    local, _, domain = address.rpartition("@")
    wildcard = maps["aliases"].get(f"@{domain}")
    if wildcard is None:
        return None
    return local + wildcard if wildcard.startswith("@") else wildcard


def _deliver(maps: Maps, address: str, found: Fate) -> None:
    domain = address.rpartition("@")[2]
    for key in (*_keys(address), domain):
        transport = maps["transport"].get(key, "")
        if transport.startswith("discard:"):
            found.dropped = True
            return
        if transport:
            if transport.startswith("smtp:"):
                found.relayed.add(address)
            return
    if domain in maps["domains"]:
        plain = list(_keys(address))
        known = [key for key in plain if key in maps["recipients"]]
        if known:
            found.near.add(known[0])
    else:
        found.far.add(address)
