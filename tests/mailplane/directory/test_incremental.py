"""However the edits came: what was applied step by step is what would be built anew."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.mailplane.directory.edits import EDITS, Truth, numbered

from mailstead.home import Home
from mailstead.mailplane.directory.apply import Directory
from mailstead.mailplane.directory.check import compare
from mailstead.mailplane.directory.compare import expected_answers
from mailstead.mailplane.directory.journal import MAP_ORDER
from mailstead.mailplane.directory.rebuild import rebuild
from mailstead.wire.changes import (
    AnyChange,
    AppPassword,
    DomainPut,
    MailboxPut,
    SpamSettingsPut,
)


class MemoryMaps:
    """Maps in memory; the real ones are driven by the tests with the mark `engines`."""

    def __init__(self) -> None:
        self.held: dict[str, dict[str, str]] = {name: {} for name in MAP_ORDER}
        self.kicked: list[str] = []
        self.keys: dict[tuple[str, str], str] = {}
        self.chosen: dict[str, str] = {}
        self.fail_after: int | None = None

    def _maybe_die(self) -> None:
        if self.fail_after is not None:
            self.fail_after -= 1
            if self.fail_after < 0:
                raise KilledError

    def update(self, name: str, puts: Mapping[str, str], deletes: Collection[str]) -> None:
        self._maybe_die()
        self.held[name].update(puts)
        for key in deletes:
            if key not in puts:
                self.held[name].pop(key, None)

    def replace(self, name: str, entries: Mapping[str, str]) -> None:
        self._maybe_die()
        self.held[name] = dict(entries)

    def dump(self, name: str) -> dict[str, str]:
        return dict(self.held[name])

    def query(self, name: str, keys: Sequence[str]) -> dict[str, str]:
        return {key: self.held[name][key] for key in keys if key in self.held[name]}

    def kick(self, addresses: Collection[str]) -> None:
        self._maybe_die()
        self.kicked.extend(addresses)

    def put(self, domain: str, selector: str, private_key: str) -> None:
        self.keys[domain, selector] = private_key

    def choose(self, selectors: Mapping[str, str], gone: Collection[str]) -> None:
        for domain in gone:
            self.chosen.pop(domain, None)
        self.chosen |= selectors

    def remove(self, domain: str, selector: str) -> None:
        self.keys.pop((domain, selector), None)


class KilledError(Exception):
    """Stands for the agent's sudden end."""


@contextmanager
def directory(maps: MemoryMaps) -> Iterator[tuple[Directory, Home]]:
    """A directory of its own on disk."""
    root = Path(tempfile.mkdtemp(prefix="ms-dir-"))
    home = Home(root)
    made = Directory(home, maps, maps, maps)
    try:
        yield made, home
    finally:
        made.close()
        shutil.rmtree(root)


def everything(made: Directory) -> dict[str, dict[str, str]]:
    """All answers of a directory."""
    names = (*MAP_ORDER, "login", "app", "spam", "sieve", "dkim", "signing")
    return {name: expected_answers(made.connection, name) for name in names}


def logins(made: Directory) -> list[list[tuple[object, ...]]]:
    """Dovecot's rows."""
    return [
        made.connection.execute(f"SELECT * FROM {table} ORDER BY 1").fetchall()
        for table in ("login", "app_login", "own_spam")
    ]


def suppressions(made: Directory) -> list[tuple[object, ...]]:
    """Who is not written to, as the guard reads it."""
    query = "SELECT key, body FROM thing WHERE kind = 'suppression' ORDER BY key"
    return made.connection.execute(query).fetchall()


quick = settings(max_examples=120, suppress_health_check=[HealthCheck.too_slow], derandomize=True)


@quick
@given(st.lists(EDITS, max_size=40), st.integers(1, 7))
def test_step_by_step_is_what_would_be_built_anew(edits: list[AnyChange], batch: int) -> None:
    truth = Truth()
    revisions = numbered(edits, truth)
    stepwise, anew = MemoryMaps(), MemoryMaps()
    with directory(stepwise) as (first, home), directory(anew) as (second, _):
        first.finish()  # as the agent does before it asks for changes
        for start in range(0, len(revisions), batch):
            first.apply(revisions[start : start + batch])
        rebuild(second, len(revisions), truth.snapshot())
        second.finish()
        assert everything(first) == everything(second)
        assert logins(first) == logins(second)
        assert suppressions(first) == suppressions(second)
        assert stepwise.held == anew.held
        for name in MAP_ORDER:
            assert stepwise.held[name] == expected_answers(first.connection, name)
        assert first.revision == len(revisions)
        differences = [d for d in compare(home, stepwise, truth.snapshot()) if "DKIM" not in d]
        assert not differences


@quick
@given(st.lists(EDITS, max_size=30), st.lists(EDITS, max_size=10))
def test_a_rebuild_over_what_is_there_ends_at_the_same(
    before: list[AnyChange], after: list[AnyChange]
) -> None:
    """The feed was lost for a while: the snapshot speaks of a later state than the directory's."""
    truth = Truth()
    known = numbered(before, truth)
    maps, anew = MemoryMaps(), MemoryMaps()
    with directory(maps) as (first, _), directory(anew) as (second, _):
        first.apply(known)
        missed = numbered(after, truth, len(known) + 1)
        rebuild(first, len(known) + len(missed), truth.snapshot())
        first.finish()
        rebuild(second, len(known) + len(missed), truth.snapshot())
        second.finish()
        assert everything(first) == everything(second)
        assert maps.held == anew.held
        assert maps.keys == anew.keys
        assert maps.chosen == anew.chosen


@quick
@given(st.lists(EDITS, min_size=3, max_size=30), st.integers(0, 12))
def test_killed_at_any_step_the_next_start_completes(edits: list[AnyChange], steps: int) -> None:
    truth = Truth()
    revisions = numbered(edits, truth)
    maps, anew = MemoryMaps(), MemoryMaps()
    maps.fail_after = steps
    root = Path(tempfile.mkdtemp(prefix="ms-dir-"))
    try:
        killed = None
        try:
            killed = Directory(Home(root), maps, maps, maps)
            killed.apply(revisions)
        except KilledError:
            pass
        finally:
            if killed is not None:
                killed.close()
        maps.fail_after = None
        again = Directory(Home(root), maps, maps, maps)
        again.finish()
        again.apply(revisions)
        with directory(anew) as (second, _):
            rebuild(second, len(revisions), truth.snapshot())
            second.finish()
            assert everything(again) == everything(second)
            assert maps.held == anew.held
        again.close()
    finally:
        shutil.rmtree(root)


def test_a_snapshot_that_is_cut_off_changes_nothing() -> None:
    put = DomainPut(name="a.example", customer=1, active=True)

    def cut() -> Iterator[AnyChange]:
        yield DomainPut(name="b.example", customer=1, active=True)
        raise ConnectionError("cut off")

    maps = MemoryMaps()
    with directory(maps) as (made, _):
        rebuild(made, 3, [put])
        made.finish()
        before = everything(made)
        with pytest.raises(ConnectionError):
            rebuild(made, 9, cut())
        made.finish()
        assert everything(made) == before
        assert made.revision == 3


@quick
@given(st.lists(EDITS, max_size=20))
def test_applying_twice_is_harmless(edits: list[AnyChange]) -> None:
    revisions = numbered(edits, Truth())
    maps = MemoryMaps()
    with directory(maps) as (made, _):
        made.apply(revisions)
        once = (everything(made), dict(maps.held))
        kicked = len(maps.kicked)
        made.apply(revisions)
        assert (everything(made), dict(maps.held)) == once
        assert len(maps.kicked) == kicked


def test_a_directory_of_an_earlier_version_says_so_until_a_snapshot_has_made_it_anew() -> None:
    truth = Truth()
    address = "x@a.example"
    box = MailboxPut(
        address=address,
        store="s",
        secret="{PLAIN}one",
        credential=1,
        quota=0,
        login=True,
        sending=True,
        receiving=True,
        app_passwords=(AppPassword(digest="d" * 64, credential=2),),
    )
    settings = SpamSettingsPut(address=address, level="off")
    known = numbered([DomainPut(name="a.example", customer=1, active=True), box, settings], truth)
    maps = MemoryMaps()
    with directory(maps) as (made, home):
        made.apply(known)
        assert not made.outdated
        wanted = (everything(made), logins(made))
        # As a version has left it that knew neither app passwords nor spam settings.
        for statement in (
            "DROP TABLE app_login",
            "DROP TABLE own_spam",
            "DELETE FROM answer WHERE map IN ('app', 'spam')",
            "DELETE FROM meta WHERE name = 'schema'",
        ):
            made.connection.execute(statement)
        again = Directory(home, maps, maps, maps)
        try:
            assert again.outdated
            assert again.revision == len(known), "what it answers still holds"
            rebuild(again, len(known), truth.snapshot())
            again.finish()
            assert not again.outdated
            assert (everything(again), logins(again)) == wanted
        finally:
            again.close()


def test_a_removed_app_password_ends_alone() -> None:
    truth, address = Truth(), "x@a.example"
    phone, tablet = (AppPassword(digest=c * 64, credential=n) for c, n in (("a", 8), ("b", 9)))
    box = MailboxPut(
        address=address,
        store="s",
        secret="{PLAIN}one",
        credential=7,
        quota=0,
        login=True,
        sending=True,
        receiving=True,
        app_passwords=(phone, tablet),
    )
    domain = DomainPut(name="a.example", customer=1, active=True)
    without = msgspec.structs.replace(box, app_passwords=(tablet,))
    maps = MemoryMaps()
    with directory(maps) as (made, _):
        made.apply(numbered([domain, box], truth))
        assert set(maps.held["credentials"]) == {f"{address}/{n}" for n in (7, 8, 9)}
        assert not maps.kicked
        made.apply(numbered([without], truth, 3))
        assert set(maps.held["credentials"]) == {f"{address}/{n}" for n in (7, 9)}
        assert maps.held["senders"][address] == f"{address}/7, {address}/9"
        assert maps.kicked == [address]


def test_another_hash_of_the_same_password_ends_no_session_and_another_password_does() -> None:
    truth, address = Truth(), "x@a.example"
    box = MailboxPut(
        address=address,
        store="s",
        secret="{MD5-CRYPT}$1$old",
        credential=7,
        quota=0,
        login=True,
        sending=True,
        receiving=True,
    )
    domain = DomainPut(name="a.example", customer=1, active=True)
    anew = msgspec.structs.replace(box, secret="{SHA512-CRYPT}$6$new")
    other = msgspec.structs.replace(anew, credential=8)
    maps = MemoryMaps()
    with directory(maps) as (made, _):
        made.apply(numbered([domain, box], truth))
        made.apply(numbered([anew], truth, 3))
        rows = made.connection.execute("SELECT secret, smtp_user FROM login").fetchall()
        assert [tuple(row) for row in rows] == [("{SHA512-CRYPT}$6$new", f"{address}/7")]
        assert set(maps.held["credentials"]) == {f"{address}/7"}
        assert maps.kicked == []
        made.apply(numbered([other], truth, 4))
        assert maps.kicked == [address]
