"""What the directory asks of the engines; `node.agent` joins them."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Protocol

from mailstead.wire.changes import ZonePut


class Maps(Protocol):
    """Postfix's maps, `engines.postfix.control.Postmap`."""

    def update(self, name: str, puts: Mapping[str, str], deletes: Collection[str]) -> None:
        """Change keys in place; repeating it is harmless."""

    def replace(self, name: str, entries: Mapping[str, str]) -> None:
        """Make the map hold exactly these."""

    def dump(self, name: str) -> dict[str, str]:
        """All entries."""

    def query(self, name: str, keys: Sequence[str]) -> dict[str, str]:
        """The values of those keys that exist."""


class Sessions(Protocol):
    """Dovecot's sessions, `engines.dovecot.control.Doveadm`."""

    def kick(self, addresses: Collection[str]) -> None:
        """End every session of these log-ins; harmless where there is none."""


class Signing(Protocol):
    """DKIM keys for Rspamd, `engines.rspamd.control.DkimFiles`."""

    def put(self, domain: str, selector: str, private_key: str) -> None:
        """Have this key (PEM) at hand."""

    def choose(self, selectors: Mapping[str, str], gone: Collection[str]) -> None:
        """Sign mail of these domains with these selectors from now on; that of `gone` with none."""

    def remove(self, domain: str, selector: str) -> None:
        """The key is at hand no more."""


class Zones(Protocol):
    """The zones that this node serves, `engines.knot.control.ZoneFiles`."""

    def update(self, puts: Mapping[str, ZonePut], gone: Collection[str]) -> None:
        """Serve these as they are now, and those no more; repeating it is harmless."""

    def replace(self, zones: Mapping[str, ZonePut]) -> None:
        """Serve exactly these."""
