"""Two nodes of ours exchange a mailbox while mail comes to both and a client stays logged in.

What the control plane tells each node is done by hand here: the transport of the domain and the
rounds of the copy. Who tells what when is promised by tests/control/moves/test_own.py.
"""

from __future__ import annotations

import imaplib
import re
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path

import msgspec
import pytest
from lab.certificates import certificate
from tests.mailplane.engines.harness import (
    DOMAIN,
    PASSWORD,
    Host,
    free_offset,
    running_host,
    until,
)
from tests.mailplane.node.copies.stores import Copying
from tests.support.managesieve import ManageSieve

from mailstead.config import Moves
from mailstead.mailplane.directory.compile import HELD
from mailstead.mailplane.engines.processes import EngineError, run
from mailstead.mailplane.node.copies import between
from mailstead.mailplane.node.copies.places import make_folders
from mailstead.standards.refusal import Refusal
from mailstead.wire.moves import NodeSource

pytestmark = pytest.mark.engines

Nodes = tuple[Host, Host, NodeSource]


@contextmanager
def two_nodes() -> Iterator[Nodes]:
    """The old one lets others in at its own port, with a certificate that it has signed itself."""
    with running_host(moves=Moves(listen="127.0.0.1")) as old, running_host() as new:
        certificate("127.0.0.1", old.home.certificate, old.home.certificate_key)
        old.stop("dovecot")
        old.start("dovecot")
        for host in (old, new):
            # Nobody answers about TLS policies here: that is another engine.
            run(["postconf", "-c", str(host.home.postfix), "-e", "smtp_tls_policy_maps="])
            run(["postfix", "-c", str(host.home.postfix), "reload"])
        source = NodeSource(
            server="old",
            host="127.0.0.1",
            port=old.port("doveadm"),
            password=old.home.doveadm_password.read_text(),
            certificate=old.home.certificate.read_text(),
        )
        yield old, new, source


def subjects(session: imaplib.IMAP4) -> Counter[str]:
    """Every message that a client sees, by subject."""
    session.select("INBOX", readonly=True)
    _, rows = session.fetch("1:*", "(BODY.PEEK[HEADER.FIELDS (SUBJECT)])")
    found = [row[1] for row in rows if isinstance(row, tuple)]
    return Counter(
        match.group(1).decode() for one in found if (match := re.search(rb"(news-\d+)", one))
    )


class Senders:
    """Mail from the world to both nodes, as while the DNS changes."""

    def __init__(self, hosts: tuple[Host, Host], address: str) -> None:
        self._hosts, self._address = hosts, address
        self._numbers, self._lock = count(1), threading.Lock()
        self.sent: list[str] = []
        self._ended = threading.Event()
        self._threads = [threading.Thread(target=self._send, args=(host,)) for host in hosts]

    def _send(self, host: Host) -> None:
        while not self._ended.is_set():
            with self._lock:
                subject = f"news-{next(self._numbers)}"
            host.deliver(self._address, subject=subject)
            with self._lock:
                self.sent.append(subject)
            self._ended.wait(0.3)

    def __enter__(self) -> Senders:
        for one in self._threads:
            one.start()
        return self

    def __exit__(self, *error: object) -> None:
        self._ended.set()
        for one in self._threads:
            one.join()


def pass_on(host: Host, to: Host) -> None:
    """What `DomainPut.home` makes of a node, with the port of this test."""
    host.maps.update("transport", {DOMAIN: f"smtp:[127.0.0.1]:{to.port('smtp')}"}, ())


def hold(*hosts: Host) -> None:
    for host in hosts:
        host.maps.update("transport", {DOMAIN: f"later:4.3.2 {HELD}"}, ())


def flush(host: Host) -> None:
    run(["postqueue", "-c", str(host.home.postfix), "-f"])


def test_nothing_is_lost_or_doubled_while_the_home_changes() -> None:
    with two_nodes() as (old, new, source):
        address = old.add("goes-over")
        new.add("goes-over")
        with ManageSieve("127.0.0.1", old.port("managesieve")) as scripts:
            scripts.login(address, PASSWORD)
            scripts.put("mine", 'require "fileinto";\nif false { fileinto "Work"; }\n')
            scripts.activate("mine")
        client = old.imap(address)
        client.create("Work")
        client.append("Work", r"(\Seen $Label1)", None, b"Subject: news-0\r\n\r\nkept\r\n")  # type: ignore[arg-type]
        pass_on(new, old)
        copying = Copying(new.home, address, source)
        with Senders((old, new), address) as senders:
            until(lambda: len(senders.sent) > 6, "mail comes to both")
            assert copying.run().uids_kept
            before = len(senders.sent)
            until(lambda: len(senders.sent) > before + 4, "more mail comes")
            copying.run()
            hold(old, new)
            held = time.monotonic()
            before = len(senders.sent)
            copying.run(merge=True)
            new.maps.update("transport", {}, (DOMAIN,))
            pass_on(old, new)
            held = time.monotonic() - held
            until(lambda: len(senders.sent) > before + 4, "mail comes after the change, too")
            # qmgr(8) remembers for half a minute where the address went (docs/decisions/0007).
            onward = f"relay=127.0.0.1[127.0.0.1]:{new.port('smtp')}"
            until(lambda: onward in old.log("postfix"), "the old one passes mail on", 60)
        assert held < 20, f"mail waited for {held:.1f} s"
        wanted = Counter(senders.sent)
        fresh = new.imap(address)

        def all_there() -> bool:
            """Queues are empty by and by; the rounds that go on bring what the old one has."""
            flush(old), flush(new)
            copying.run(merge=True)
            fresh.noop()
            return not wanted - subjects(fresh)

        until(all_there, "all mail is at the new one", 90)
        assert subjects(fresh) == wanted
        # Who is still logged in at the old one sees it all, and what they do there comes along.
        copying.run(merge=True)
        client.noop()
        assert subjects(client) == wanted
        client.select("INBOX")
        client.store("1", "+FLAGS", r"(\Flagged)")
        client.append("INBOX", "", None, b"Subject: news-9999\r\n\r\nfrom the old one\r\n")  # type: ignore[arg-type]
        copying.run(merge=True)
        fresh.noop()
        assert subjects(fresh) == wanted + Counter(["news-9999"])
        fresh.select("INBOX", readonly=True)
        assert len(fresh.search(None, "FLAGGED")[1][0].split()) == 1
        fresh.select("Work", readonly=True)
        assert b"$Label1" in fresh.fetch("1", "(FLAGS)")[1][0]  # type: ignore[operator]
        with ManageSieve("127.0.0.1", new.port("managesieve")) as scripts:
            scripts.login(address, PASSWORD)
            assert any("mine" in row and "ACTIVE" in row for row in scripts.scripts())
        for host in (old, new):
            assert "status=bounced" not in host.log("postfix")
            assert "status=undeliverable" not in host.log("postfix")
        client.logout()
        fresh.logout()


@pytest.fixture(scope="module")
def nodes() -> Iterator[Nodes]:
    """Two for all tests in which no mail comes."""
    with two_nodes() as made:
        yield made


def test_nobody_comes_in_without_the_password(nodes: Nodes) -> None:
    old, new, source = nodes
    address = old.add("stays-shut")
    new.add("stays-shut")
    wrong = msgspec.structs.replace(source, password="guessed")
    side = new.home.mail / ".copies" / "7"
    side.mkdir(parents=True)
    with pytest.raises(EngineError, match="uthentication"):
        between.both(new.home, address, wrong, side)
    mode = (old.home.dovecot / "peers.conf").stat().st_mode & 0o777
    assert mode == 0o600
    assert not list(side.glob("*.conf"))


def test_only_the_node_that_is_meant_is_spoken_to(nodes: Nodes, tmp_path: Path) -> None:
    old, new, source = nodes
    address = old.add("stays-shut-too")
    new.add("stays-shut-too")
    side = new.home.mail / ".copies" / "8"
    side.mkdir(parents=True)
    certificate("127.0.0.1", tmp_path / "other", tmp_path / "key")
    other = msgspec.structs.replace(source, certificate=(tmp_path / "other").read_text())
    with pytest.raises(EngineError, match="certificate verify failed"):
        between.mirror(new.home, address, other, side)
    with pytest.raises(Refusal, match="no certificate"):
        broken = msgspec.structs.replace(source, certificate="none")
        between.mirror(new.home, address, broken, side)
    away = msgspec.structs.replace(source, port=free_offset() + 993)
    with pytest.raises(EngineError, match=f"127.0.0.1:{away.port}"):
        between.mirror(new.home, address, away, side)


def test_one_after_the_other_comes_through(nodes: Nodes) -> None:
    """Of doveadm's own TLS some in a hundred stood still until they were given up."""
    old, new, source = nodes
    address = old.add("again-and-again")
    new.add("again-and-again")
    client = old.imap(address)
    client.append("INBOX", "", None, b"Subject: news-1\r\n\r\nold\r\n")  # type: ignore[arg-type]
    client.logout()
    for job in range(40):
        side = new.home.mail / ".copies" / str(100 + job)
        make_folders(side, new.home.mail)
        between.mirror(new.home, address, source, side)
        assert len(list((side / "mirror").glob("*/*,S=*"))) == 1


def test_two_that_wait_for_each_other_begin_anew(
    nodes: Nodes, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """How long they wait for each other is doveadm's own `-T`; here the first run says so."""
    stalls = tmp_path / "doveadm"
    said = "Error: dsync(mx): I/O has stalled, no activity for 60 seconds (version not received)"
    stalls.write_text(
        f'#!/bin/sh\n[ -e "$0.once" ] && exec {between.DOVEADM} "$@"\n'
        f'touch "$0.once"\necho "{said}" >&2\nexit 75\n'
    )
    stalls.chmod(0o755)
    old, new, source = nodes
    address = old.add("waits")
    new.add("waits")
    client = old.imap(address)
    client.append("INBOX", "", None, b"Subject: news-1\r\n\r\nold\r\n")  # type: ignore[arg-type]
    client.logout()
    monkeypatch.setattr(between, "DOVEADM", str(stalls))
    side = new.home.mail / ".copies" / "9"
    side.mkdir(parents=True)
    assert between.both(new.home, address, source, side) == []
    assert subjects(new.imap(address)) == Counter(["news-1"])
    # What says another thing is told at once.
    (tmp_path / "doveadm.once").unlink()
    stalls.write_text(stalls.read_text().replace(said, "Fatal: no such user"))
    with pytest.raises(EngineError, match="no such user"):
        between.both(new.home, address, source, side)
