"""The guard at its socket, as a process: many connections, wrong octets, trouble of its own."""

from __future__ import annotations

import contextlib
import datetime as dt
import os
import signal
import socket
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from mailstead.home import Home
from mailstead.mailplane.directory.sending import DomainSending, body
from mailstead.mailplane.guard.memory import Memory
from mailstead.mailplane.guard.profile import Record
from mailstead.mailplane.guard.store import counted
from mailstead.mailplane.node.guard_feed import GuardFeed
from mailstead.wire.sending import Account, Ceilings, Step

PAGES = "https://panel.example/help/sending-limits/"


class Guard:
    """A guard of its own with a directory made by hand."""

    def __init__(self, root: Path, *more: str) -> None:
        self.home = Home(root)
        self.more = more
        self.process: subprocess.Popen[bytes] | None = None
        self.home.directory.mkdir()
        self.home.guard_socket.parent.mkdir(parents=True)
        self.directory(
            "CREATE TABLE answer (map TEXT, key TEXT, value TEXT, PRIMARY KEY (map, key))"
        )
        self.directory("CREATE TABLE thing (kind TEXT, key TEXT, body BLOB)")

    def directory(self, statement: str, values: tuple[str, ...] = ()) -> None:
        with contextlib.closing(sqlite3.connect(self.home.directory_database)) as base, base:
            base.execute("PRAGMA journal_mode=WAL")
            base.execute(statement, values)

    def may(self, owner: str, row: DomainSending | Ceilings) -> None:
        self.directory("INSERT OR REPLACE INTO answer VALUES ('sending', ?, ?)", (owner, body(row)))

    def start(self) -> None:
        self.home.guard_socket.unlink(missing_ok=True)
        words = ["--home", str(self.home.root), "--pages", PAGES, *self.more]
        with (self.home.root / "said").open("ab") as said:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "mailstead.mailplane.guard", *words], stderr=said
            )
        deadline = time.monotonic() + 20
        while not self._listens():
            assert time.monotonic() < deadline, (self.home.root / "said").read_text()
            time.sleep(0.02)

    def _listens(self) -> bool:
        with contextlib.suppress(OSError), self.connect():
            return True
        return False

    def stop(self, with_signal: int = signal.SIGTERM) -> int:
        assert self.process is not None
        self.process.send_signal(with_signal)
        return self.process.wait(10)

    def connect(self) -> socket.socket:
        made = socket.socket(socket.AF_UNIX)
        made.settimeout(20)
        made.connect(str(self.home.guard_socket))
        return made

    def said(self) -> str:
        return (self.home.root / "said").read_text()


@pytest.fixture
def guard(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Guard]:
    made = Guard(tmp_path_factory.mktemp("g"))
    made.start()
    yield made
    if made.process is not None and made.process.poll() is None:
        made.stop()


def request(instance: str, *, recipients: int = 1, login: bytes = b"ann@here.example/7") -> bytes:
    return (
        b"request=smtpd_access_policy\nprotocol_state=DATA\nsasl_username=" + login
        + b"\nsender=bounce+x=far.example@\xff.example\nrecipient_count=%d\ninstance=%s\n\n"
        % (recipients, instance.encode())
    )  # fmt: skip


def ask(connection: socket.socket, data: bytes) -> str:
    connection.sendall(data)
    answer = b""
    while not answer.endswith(b"\n\n"):
        more = connection.recv(4096)
        if not more:
            return ""
        answer += more
    return answer.decode()


def test_a_thousand_connections_are_kept_open_and_each_is_answered(guard: Guard) -> None:
    with contextlib.ExitStack() as stack:
        held = [stack.enter_context(guard.connect()) for _ in range(1000)]
        for turn in range(2):
            for number, one in enumerate(held):
                assert ask(one, request(f"{turn}.{number}")) == "action=DUNNO\n\n"


def test_a_reply_names_the_limit_the_time_and_the_page(guard: Guard) -> None:
    guard.may("here.example", DomainSending(Ceilings(recipients_hour=2), ()))
    with guard.connect() as one:
        assert ask(one, request("a", recipients=2)) == "action=DUNNO\n\n"
        refused = ask(one, request("b"))
    assert refused.startswith("action=452 4.7.1 This mailbox may send to 2 recipients in an hour")
    assert refused.endswith(f" UTC). See {PAGES}hour/\n\n")
    assert '"code": "hour"' in guard.said()


def test_what_it_did_is_counted_on_disk(guard: Guard) -> None:
    guard.may("here.example", DomainSending(Ceilings(recipients_hour=2), ()))
    with guard.connect() as one:
        for instance in ("a", "b"):
            ask(one, request(instance, recipients=2))
    guard.stop()
    found = counted(guard.home.guard_database)
    assert (found["guard_asked"], found["guard_limited"]) == (2, 1)
    assert sum(number for name, number in found.items() if "took" in name) == 2


def test_a_new_customer_hears_that_it_is_new(guard: Guard) -> None:
    few, more = Ceilings(messages_day=1), Ceilings(messages_day=9)
    far = _in_days(5)
    account = Account(customer=12, schedule=(Step(until=far, ceilings=few), _last(more)))
    guard.may("here.example", DomainSending(Ceilings(), (account,)))
    with guard.connect() as one:
        assert ask(one, request("a")) == "action=DUNNO\n\n"
        refused = ask(one, request("b", login=b"bob@here.example/1"))
        assert refused.startswith("action=554 5.7.1 As a new customer, your company may send 1 ")
        assert refused.endswith("/new/\n\n")
        grown = Account(customer=12, schedule=(Step(until=_in_days(-1), ceilings=few), _last(more)))
        guard.may("here.example", DomainSending(Ceilings(), (grown,)))
        assert ask(one, request("c")) == "action=DUNNO\n\n"


def _in_days(days: int) -> dt.datetime:
    return dt.datetime.now(dt.UTC) + dt.timedelta(days=days)


def _last(ceilings: Ceilings) -> Step:
    return Step(until=None, ceilings=ceilings)


def test_a_mailboxs_own_limit_goes_before_its_domains(guard: Guard) -> None:
    guard.may("here.example", DomainSending(Ceilings(messages_day=1, recipients_day=3), ()))
    guard.may("ann@here.example", Ceilings(messages_day=2))
    with guard.connect() as one:
        assert ask(one, request("a")) == ask(one, request("b")) == "action=DUNNO\n\n"
        assert ask(one, request("c")).startswith("action=554 5.7.1 This mailbox may send 2 ")
        assert ask(one, request("d", login=b"bob@here.example/1")) == "action=DUNNO\n\n"
        assert ask(one, request("e", login=b"bob@here.example/1")).startswith("action=554")


@pytest.mark.parametrize("data", [b"GET / HTTP/1.1\r\n\r\n", b"\n", b"a=" + b"x" * 100_000])
def test_what_is_no_request_gets_no_answer_and_hurts_nobody(guard: Guard, data: bytes) -> None:
    with guard.connect() as wrong, guard.connect() as right:
        with contextlib.suppress(ConnectionError):
            assert ask(wrong, data) == ""
        assert ask(right, request("a")) == "action=DUNNO\n\n"


def test_trouble_of_its_own_is_no_answer_and_passes(guard: Guard) -> None:
    aside = guard.home.directory / "aside"
    with guard.connect() as one:
        guard.home.directory_database.rename(aside)
        with contextlib.suppress(ConnectionError):
            assert ask(one, request("a")) == ""
    assert "cannot judge" in guard.said()
    aside.rename(guard.home.directory_database)
    with guard.connect() as one:
        assert ask(one, request("a")) == "action=DUNNO\n\n"


def test_it_ends_in_good_order(guard: Guard) -> None:
    with guard.connect():
        assert guard.stop() == 0


def test_a_kill_between_counting_and_answering_counts_once(guard: Guard) -> None:
    guard.may("here.example", DomainSending(Ceilings(messages_day=5), ()))
    for number in range(5):
        with guard.connect() as one:
            one.sendall(request(f"m{number}"))
            assert guard.process is not None
            os.kill(guard.process.pid, signal.SIGKILL)
            guard.process.wait(10)
        guard.start()
        with guard.connect() as one:
            assert ask(one, request(f"m{number}")) == "action=DUNNO\n\n"
    with guard.connect() as one:
        assert ask(one, request("more")).startswith("action=554")


@pytest.fixture
def watcher(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Guard]:
    """A guard that looks for stolen mailboxes too."""
    made = Guard(tmp_path_factory.mktemp("w"), "--mode", "watch")
    made.start()
    yield made
    if made.process is not None and made.process.poll() is None:
        made.stop()


def send(connection: socket.socket, number: int, *recipients: str, helo: str = "laptop") -> None:
    """One message, as Postfix asks about it."""
    for stage in (*recipients, ""):
        lines = [
            "request=smtpd_access_policy",
            f"protocol_state={'RCPT' if stage else 'DATA'}",
            "sasl_username=ann@here.example/7",
            f"instance=m{number}",
            f"recipient={stage}",
            "client_address=192.0.2.1",
            f"helo_name={helo}",
        ]
        assert ask(connection, ("\n".join(lines) + "\n\n").encode()) == "action=DUNNO\n\n"


def learned(guard: Guard) -> Record | None:
    """What is on the disk of Ann."""
    memory = Memory.reading(guard.home.guard_profiles)
    try:
        return memory.load("ann@here.example")
    finally:
        memory.close()


def eventually(what: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 20
    while not what():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def test_what_it_has_learned_outlives_a_kill(watcher: Guard) -> None:
    with watcher.connect() as one:
        for number in range(3):
            send(one, number, "bob@far.example", f"eve{number}@far.example")
    eventually(lambda: (found := learned(watcher)) is not None and found.profile.messages == 3)
    assert watcher.stop(signal.SIGKILL) == -signal.SIGKILL
    watcher.start()
    with watcher.connect() as one:
        send(one, 9, "bob@far.example")
    eventually(lambda: (found := learned(watcher)) is not None and found.profile.messages == 4)
    found = learned(watcher)
    assert found is not None
    assert found.knows("eve2@far.example") and not found.knows("eve3@far.example")


def test_it_hears_from_the_agent_also_what_happened_while_it_was_away(watcher: Guard) -> None:
    feed = GuardFeed(watcher.home)
    with watcher.connect() as one:
        send(one, 1, "bob@far.example")
    eventually(lambda: learned(watcher) is not None)
    watcher.stop()
    feed.gone("ann@here.example")
    feed.send()
    watcher.start()
    feed.send()
    eventually(lambda: learned(watcher) is None)


def test_nonsense_at_its_socket_stops_nothing(watcher: Guard) -> None:
    with socket.socket(socket.AF_UNIX) as school:
        school.connect(str(watcher.home.guard_learning))
        school.sendall(b'[{"type": "in"}]\n')
        assert school.recv(10) == b""
    with watcher.connect() as one:
        send(one, 1, "bob@far.example")
    assert "cannot learn" in watcher.said()


def test_trouble_of_the_detector_stops_no_mail(watcher: Guard) -> None:
    with watcher.connect() as one:
        send(one, 1, "bob@far.example")
        eventually(lambda: learned(watcher) is not None)
        with contextlib.closing(sqlite3.connect(watcher.home.guard_profiles)) as base, base:
            base.execute("DROP TABLE profile")
        for number in range(2, 5):
            send(one, number, f"x{number}@far.example")
