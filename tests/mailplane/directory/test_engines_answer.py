"""What the directory says is what Postfix and Dovecot answer, after any sequence of edits."""

from __future__ import annotations

import random
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.mailplane.directory.edits import (
    ADDRESSES,
    DOMAINS,
    EDITS,
    Truth,
    name_of,
    numbered,
)
from tests.mailplane.engines.harness import Host, free_offset, need_machine

from mailstead.config import Ports, Settings, Spam
from mailstead.mailplane.directory.apply import Directory
from mailstead.mailplane.directory.check import compare
from mailstead.mailplane.directory.compare import expected_answers
from mailstead.mailplane.directory.journal import MAP_ORDER
from mailstead.mailplane.directory.rebuild import rebuild
from mailstead.mailplane.engines.rspamd.control import DkimFiles
from mailstead.wire.changes import AnyChange, DomainGone, PeersPut

pytestmark = pytest.mark.engines


class DirectoryHost(Host):
    """A host whose log-ins come from a directory instead of from the test."""

    def _make_directory(self) -> None:
        signing = DkimFiles(self.home)
        self.directory = Directory(self.home, self.maps, self.doveadm, signing)


@pytest.fixture(scope="module")
def host() -> Iterator[DirectoryHost]:
    need_machine()
    ports = Ports(offset=free_offset())
    given_settings = Settings(hostname="mail.node.example", ports=ports, spam=Spam(scan=False))
    made = DirectoryHost(given_settings, Path(tempfile.mkdtemp(prefix="ms-d", dir="/tmp")))
    try:
        made.home.dkim.mkdir(parents=True, exist_ok=True)
        made.home.rspamd.mkdir()
        (made.home.rspamd / "dkim_selectors.map").touch()
        made.make()
        # The harness has filled two maps by hand: the directory knows nothing of that.
        for name in MAP_ORDER:
            made.maps.replace(name, expected_answers(made.directory.connection, name))
        made.start("dovecot")
        yield made
    finally:
        made.close()


@settings(
    max_examples=12,
    derandomize=True,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)
@given(edits=st.lists(EDITS, min_size=5, max_size=40), seed=st.integers(0, 1000))
def test_postfix_and_dovecot_answer_what_was_edited(
    host: DirectoryHost, edits: list[AnyChange], seed: int
) -> None:
    """The same host goes on from example to example; each begins by removing all that was there."""
    directory, truth = host.directory, Truth()
    first = directory.revision + 1
    clean: list[AnyChange] = [PeersPut(), *(DomainGone(name=name) for name in DOMAINS)]
    start = len(clean)
    for gone in clean:
        truth.take(gone)
    revisions = numbered(edits, truth, first + start)
    from mailstead.wire.changes import Revision

    cleaning = [Revision(number=first + n, change=gone) for n, gone in enumerate(clean)]
    directory.finish()
    directory.apply(cleaning)
    shuffled = random.Random(seed)
    while revisions:
        size = shuffled.randint(1, 8)
        directory.apply(revisions[:size])
        revisions = revisions[size:]
    _hold_against(host, truth)


def test_a_rebuild_is_what_they_answer_too(host: DirectoryHost) -> None:
    truth = Truth()
    directory = host.directory
    rebuild(directory, directory.revision + 1, truth.snapshot())
    directory.finish()
    _hold_against(host, truth)


def _hold_against(host: DirectoryHost, truth: Truth) -> None:
    connection = host.directory.connection
    for name in MAP_ORDER:
        expected = expected_answers(connection, name)
        asked = [*expected, *ADDRESSES, *DOMAINS, *(f"@{domain}" for domain in DOMAINS)]
        assert host.maps.query(name, sorted(set(asked))) == expected, name
    rows = connection.execute("SELECT address, secret, may_login, smtp_user FROM login")
    may = {row[0]: row for row in rows}
    for address in ADDRESSES:
        found = host.doveadm.auth_lookup(address, "smtp")
        row = may.get(address)
        if row is None or not row[2]:
            assert found is None or "user" not in found, (address, found)
        else:
            assert found is not None and found["user"] == row[3], (address, found)
    named = dict(connection.execute("SELECT name, address FROM login_name"))
    for address in ADDRESSES:
        found = host.doveadm.auth_lookup(name_of(address), "imap")
        assert (found or {}).get("user") == named.get(name_of(address)), (address, found)
    own = {row[0] for row in connection.execute("SELECT address FROM own_spam")}
    for address in ADDRESSES:
        user = host.doveadm.user(address) or {}
        assert ("sieve_after" in user) == (address in own), (address, user)
    assert not list(compare(host.home, host.maps, truth.snapshot()))
