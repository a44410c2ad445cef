"""Apply changes to the directory, and tell the engines what follows.

One transaction writes the new state, the answers that follow from it, Dovecot's log-in rows, the
revision and a journal of what the engines still have to be told. Then the journal is worked off.
Each of its tasks can be repeated, so a killed agent finishes it at its next start.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager

import msgspec

from mailstead.home import Home
from mailstead.mailplane.directory import compile as compiler
from mailstead.mailplane.directory.compare import compare_maps
from mailstead.mailplane.directory.journal import Journal
from mailstead.mailplane.directory.lifts import lift_key
from mailstead.mailplane.directory.ports import Maps, Sessions, Signing, Zones
from mailstead.mailplane.directory.schema import SCHEMA, connect
from mailstead.mailplane.directory.state import State, domain_of, suppression_key
from mailstead.mailplane.directory.stores import Stores
from mailstead.wire.changes import (
    AnyChange,
    AutoresponderGone,
    BlockLiftGone,
    BlockLiftPut,
    BringBackGone,
    BringBackPut,
    Change,
    CopyGone,
    CopyPacePut,
    CopyPut,
    DkimKeyGone,
    DkimKeyPut,
    DomainGone,
    DomainPut,
    ForwarderGone,
    GuardWordGone,
    GuardWordPut,
    HostNameGone,
    HostNamePut,
    MailboxGone,
    MailboxPut,
    PeersPut,
    RedirectGone,
    RedirectPut,
    Revision,
    SendingLimitsPut,
    SendingPlanPut,
    StorePurged,
    SuppressionGone,
    SuppressionPut,
    ZoneGone,
    ZonePut,
)

_GONE: dict[type[Change], str] = {
    MailboxGone: "mailbox",
    ForwarderGone: "forwarder",
    AutoresponderGone: "autoresponder",
}


class Directory:
    """The directory of one node; one writer at a time (the agent's lock)."""

    def __init__(
        self,
        home: Home,
        maps: Maps,
        sessions: Sessions,
        signing: Signing,
        zones: Zones | None = None,
    ) -> None:
        self.connection = connect(home.directory_database)
        self.state = State(self.connection)
        self.stores = Stores(self.connection, home)
        self.journal = Journal(
            self.connection, home, maps, sessions, signing, self.stores, self._compare, zones
        )
        self.maps = maps
        with self.transaction():
            self.write_answers("", {("transport", compiler.DISCARD_DOMAIN): "discard:"})
            if self.revision == 0:
                self.note_schema()

    def _compare(self) -> int:
        return compare_maps(self.connection, self.maps, self.journal)

    @property
    def revision(self) -> int:
        """The feed revision that the directory holds."""
        row = self.connection.execute("SELECT value FROM meta WHERE name = 'revision'").fetchone()
        return int(row[0])

    @property
    def outdated(self) -> bool:
        """Whether its answers were made by an earlier version: a snapshot makes them anew."""
        row = self.connection.execute("SELECT value FROM meta WHERE name = 'schema'").fetchone()
        return (int(row[0]) if row else 0) != SCHEMA

    def note_schema(self) -> None:
        """From now on its answers are of this version; inside a transaction."""
        self.connection.execute("INSERT OR REPLACE INTO meta VALUES ('schema', ?)", (SCHEMA,))

    def close(self) -> None:
        """Close the file."""
        self.connection.close()

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """All or nothing; raises whatever went wrong after taking it back."""
        self.connection.execute("BEGIN IMMEDIATE")
        whole = False
        try:
            yield
            self.connection.execute("COMMIT")
            whole = True
        finally:
            if not whole:
                self.connection.execute("ROLLBACK")
                self.state.forget()

    def apply(self, revisions: Sequence[Revision]) -> list[str]:
        """Apply revisions in order, in one batch; returns the stores that were purged.

        What the directory already holds is skipped. Raises `EngineError` when an engine's tool
        fails: state and journal are then committed, and `finish` goes on from there.
        """
        fresh = [revision for revision in revisions if revision.number > self.revision]
        if fresh:
            with self.transaction():
                owners: set[str] = set()
                for revision in fresh:
                    owners |= self._take(revision.change)
                self._refresh(owners)
                self.set_revision(fresh[-1].number)
            self.state.forget()
        return self.finish()

    def finish(self) -> list[str]:
        """Work off the journal; returns the stores whose mail was deleted."""
        return self.journal.drain()

    def set_revision(self, number: int) -> None:
        """Note the revision; inside a transaction."""
        self.connection.execute("UPDATE meta SET value = ? WHERE name = 'revision'", (number,))

    def _take(self, change: AnyChange) -> set[str]:
        """Store one change; returns the owners whose answers may differ now."""
        state = self.state
        if isinstance(change, StorePurged):
            self.journal.add("purge", "", change.address, change.store)
            return set()
        if isinstance(change, DomainPut | DomainGone):
            return self._take_domain(change)
        if isinstance(change, SendingPlanPut):
            state.put(change)  # the agent looks at it: no map follows from it
            return set()
        if isinstance(change, DkimKeyPut | DkimKeyGone):
            if isinstance(change, DkimKeyPut):
                state.put(change)
            else:
                state.remove("dkim", f"{change.domain}/{change.selector}")
            return {change.domain}
        if isinstance(change, SuppressionPut):
            state.put(change)
            return set()
        if isinstance(change, SuppressionGone):
            state.remove("suppression", suppression_key(change.mailbox, change.recipient))
            return set()
        if isinstance(change, GuardWordPut | GuardWordGone):
            # No map answers for it: the guard reads the words themselves.
            if isinstance(change, GuardWordPut):
                state.put(change)
            else:
                state.remove("guard-word", change.mailbox)
            return set()
        if isinstance(change, BlockLiftPut | BlockLiftGone):
            # The guard reads these too.
            if isinstance(change, BlockLiftPut):
                state.put(change)
            else:
                state.remove("block-lift", lift_key(change.client, change.account))
            return set()
        if isinstance(change, CopyPut | CopyGone | CopyPacePut):
            # No map answers for it: node/copies reads them itself.
            if isinstance(change, CopyGone):
                state.remove("copy", str(change.job))
            else:
                state.put(change)
            return set()
        if isinstance(change, BringBackPut | BringBackGone):
            # node/bringback reads them itself.
            if isinstance(change, BringBackPut):
                state.put(change)
            else:
                state.remove("bring-back", str(change.job))
            return set()
        if isinstance(change, PeersPut):
            state.put(change)
            return {compiler.PEERS}
        if isinstance(change, SendingLimitsPut):
            # No address's answers depend on it.
            return {state.put(change)}
        if isinstance(change, ZonePut | ZoneGone):
            if isinstance(change, ZonePut):
                state.put(change)
            else:
                state.remove("zone", change.name)
            return {f"{compiler.ZONE}{change.name}"}
        if isinstance(change, HostNamePut | HostNameGone):
            # No map answers for it: node/certificates reads the names themselves.
            if isinstance(change, HostNamePut):
                state.put(change)
            else:
                state.remove("hostname", change.name)
            return set()
        if isinstance(change, RedirectPut | RedirectGone):
            # No map answers for it: node/redirects.py reads them itself.
            if isinstance(change, RedirectPut):
                state.put(change)
            else:
                state.remove("redirect", change.host)
            return set()
        kind = _GONE.get(type(change))
        if kind is not None:
            address: str = change.address
            state.remove(kind, address)
            if kind == "mailbox":
                state.remove("rules", address)
                state.remove("spam", address)
        else:
            if isinstance(change, MailboxPut):
                self.stores.claim(change.address, change.store, self.journal)
            address = state.put(change)
        return compiler.touched_by_address(state, address)

    def _take_domain(self, change: DomainPut | DomainGone) -> set[str]:
        state, name = self.state, change.name
        # What it pointed to and held before counts as well as what it does after.
        owners = set(compiler.touched_by_domain(state, name))
        if isinstance(change, DomainGone):
            owners |= self._owners_of(name)
            state.remove_domain(name)
        else:
            state.put(change)
        return owners | set(compiler.touched_by_domain(state, name))

    def _owners_of(self, domain: str) -> set[str]:
        rows = self.connection.execute(
            "SELECT DISTINCT owner FROM answer WHERE domain = ?", (domain,)
        )
        return {row[0] for row in rows}

    def _refresh(self, owners: Iterable[str]) -> None:
        for owner in owners:
            self.write_answers(owner, compiler.answers(self.state, owner))

    def write_answers(self, owner: str, new: compiler.Entries) -> None:
        """Bring an owner's answers to `new`, noting in the journal what differs."""
        rows = self.connection.execute(
            "SELECT map, key, value FROM answer WHERE owner = ?", (owner,)
        )
        old = {(row[0], row[1]): row[2] for row in rows}
        for (name, key), value in old.items():
            if (name, key) not in new:
                self.connection.execute("DELETE FROM answer WHERE map = ? AND key = ?", (name, key))
                self._entry_changed(name, key, value, None)
        for (name, key), value in new.items():
            before = old.get((name, key))
            if before != value:
                self.connection.execute(
                    "INSERT OR REPLACE INTO answer VALUES (?, ?, ?, ?, ?)",
                    (name, key, value, owner, domain_of(owner)),
                )
                self._entry_changed(name, key, before, value)

    def _entry_changed(self, name: str, key: str, before: str | None, after: str | None) -> None:
        if name == "login":
            self._login_changed(key, before, after)
        elif name == "login-name":
            self._login_name_changed(key, after)
        elif name == "app":
            self._app_changed(key, after)
        elif name == "spam":
            self._spam_changed(key, after)
        elif name == "sending":
            # The guard reads the answers themselves.
            return
        elif after is None:
            self.journal.add("delete", name, key, "")
        else:
            self.journal.add("put", name, key, after)

    def _login_changed(self, address: str, before: str | None, after: str | None) -> None:
        if after is None:
            self.connection.execute("DELETE FROM login WHERE address = ?", (address,))
        else:
            row = msgspec.json.decode(after)
            self.connection.execute(
                "INSERT OR REPLACE INTO login VALUES (?, ?, ?, ?, ?, ?, ?)", (address, *row)
            )
        if before is not None and _ends_sessions(before, after):
            self.journal.add("kick", "", address, "")

    def _login_name_changed(self, name: str, after: str | None) -> None:
        self.connection.execute("DELETE FROM login_name WHERE name = ?", (name,))
        if after is not None:
            self.connection.execute("INSERT INTO login_name VALUES (?, ?)", (name, after))

    def _app_changed(self, key: str, after: str | None) -> None:
        address, _, digest = key.rpartition("/")
        self.connection.execute("DELETE FROM app_login WHERE digest = ?", (digest,))
        if after is not None:
            user, protocols = msgspec.json.decode(after)
            self.connection.execute(
                "INSERT INTO app_login VALUES (?, ?, ?, ?)", (digest, address, user, protocols)
            )
        else:
            # Dovecot cannot tell which password opened a session: all of the address end.
            self.journal.add("kick", "", address, "")

    def _spam_changed(self, address: str, after: str | None) -> None:
        self.connection.execute("DELETE FROM own_spam WHERE address = ?", (address,))
        if after is not None:
            self.connection.execute("INSERT INTO own_spam VALUES (?)", (address,))


def _ends_sessions(before: str, after: str | None) -> bool:
    """Whether sessions opened under the row `before` must end under `after`.

    Another password has another number, and so another SMTP log-in. A hash that changes without it
    is another hash of the same password (docs/decisions/0046).
    """
    if after is None:
        return True
    _, user, may_login = msgspec.json.decode(before)[:3]
    _, user_now, may_login_now = msgspec.json.decode(after)[:3]
    return bool(may_login and (user != user_now or not may_login_now))
