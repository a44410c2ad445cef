"""Postfix's maps, with what Rspamd needs of them kept beside: one writer, the same answers."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence

from mailstead.home import Home
from mailstead.mailplane.engines.postfix.control import Postmap
from mailstead.mailplane.engines.rspamd.senders import SenderFiles

_SENDERS = "senders"


class NodeMaps:
    """What the directory writes (`directory.ports.Maps`)."""

    def __init__(self, home: Home) -> None:
        self._maps = Postmap(home)
        self._senders = SenderFiles(home)

    def fill(self) -> None:
        """Make Rspamd's files where they have never been: on a node of an earlier version."""
        if not self._senders.complete:
            self._senders.replace(self._maps.dump(_SENDERS))

    def update(self, name: str, puts: Mapping[str, str], deletes: Collection[str]) -> None:
        """Change keys in place; repeating it is harmless. Raises as `Postmap.update`."""
        self._maps.update(name, puts, deletes)
        if name == _SENDERS:
            self._senders.update(puts, [key for key in deletes if key not in puts])

    def replace(self, name: str, entries: Mapping[str, str]) -> None:
        """Make the map hold exactly these. Raises as `Postmap.replace`."""
        self._maps.replace(name, entries)
        if name == _SENDERS:
            self._senders.replace(entries)

    def dump(self, name: str) -> dict[str, str]:
        """All entries; Rspamd's files are brought to them where they differ."""
        entries = self._maps.dump(name)
        if name == _SENDERS and self._senders.dump() != entries:
            self._senders.replace(entries)
        return entries

    def differences(self) -> Iterator[str]:
        """Each address of which Rspamd's files say another thing than Postfix's map."""
        ours, theirs = self._senders.dump(), self._maps.dump(_SENDERS)
        for address in sorted({*ours, *theirs}):
            if ours.get(address) != theirs.get(address):
                yield f"owner of {address}: Rspamd has {ours.get(address)!r}"

    def query(self, name: str, keys: Sequence[str]) -> dict[str, str]:
        """The values of those keys that exist."""
        return self._maps.query(name, keys)
