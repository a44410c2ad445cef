"""Sign-ins: what the engines' logs tell, added up, told once, forged by nobody."""

from __future__ import annotations

import contextlib
import datetime as dt
import hashlib
import imaplib
import poplib
import smtplib
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.mailplane.engines.harness import Host, until
from tests.support.managesieve import ManageSieve

from mailstead.home import Home
from mailstead.mailplane.node import sign_ins, tail
from mailstead.mailplane.node.event_spool import EventSpool
from mailstead.mailplane.node.sign_ins import SignInBook
from mailstead.wire.events import SignInSeen

ANN = "ann@a.example"
NOW = dt.datetime.now(dt.UTC).replace(microsecond=0)
HERE = NOW.astimezone()
DOVECOT = HERE.strftime("%Y-%m-%dT%H:%M:%S")
POSTFIX = HERE.strftime("%b %e %H:%M:%S")
TAIL = "lip=10.0.0.1, mpid=7, TLS, session=<s+/x>"
Told = dict[tuple[str, str, int, bool], int]


class Logs:
    """The engines' logs and the directory, without engines."""

    def __init__(self, root: Path) -> None:
        self.home = Home(root)
        for folder in (self.home.log, self.home.event_spool.parent, self.home.directory):
            folder.mkdir(parents=True)
        with contextlib.closing(sqlite3.connect(self.home.directory_database)) as base, base:
            base.execute("CREATE TABLE store (address TEXT PRIMARY KEY, store TEXT)")
            base.execute("INSERT INTO store VALUES (?, 's1')", (ANN,))
        self.dovecot = self.home.log / "dovecot.log"
        self.postfix = self.home.log / "postfix.log"
        self.dovecot.touch()
        self.postfix.touch()
        self.book = SignInBook(self.home)
        self.book.read(NOW)
        self.spool = EventSpool(self.home.event_spool)

    def say(self, *lines: str) -> None:
        for line in lines:
            log = self.postfix if "postfix/" in line else self.dovecot
            with log.open("a", newline="") as out:
                out.write(line + "\n")

    def events(self, book: SignInBook | None = None) -> list[SignInSeen]:
        """What the control plane is told now."""
        book = book or self.book
        book.read(NOW)
        book.tell(self.spool)
        number, events = self.spool.waiting()
        self.spool.done(number, events)
        return [event for event in events if isinstance(event, SignInSeen)]

    def told(self, book: SignInBook | None = None) -> Told:
        return {
            (event.protocol, event.client, event.credential, event.failed): event.count
            for event in self.events(book)
        }


@pytest.fixture
def logs(tmp_path: Path) -> Iterator[Logs]:
    made = Logs(tmp_path)
    yield made
    made.spool.close()


def log_in(protocol: str = "imap", user: str = ANN, client: str = "192.0.2.7", n: int = 7) -> str:
    return (
        f"{DOVECOT} {protocol}-login: Info: Login: user=<{user}>, method=PLAIN, rip={client}, "
        f"{TAIL}, credential=<{user}/{n}>"
    )


def wrong(why: str, user: str = ANN, client: str = "192.0.2.7") -> str:
    return (
        f"{DOVECOT} imap-login: Info: {why}: user=<{user}>, method=PLAIN, rip={client}, "
        f"{TAIL}, credential=<>"
    )


def sent(pid: int = 5, n: int = 7, user: str = ANN) -> str:
    return (
        f"{POSTFIX} mail postfix/submission/smtpd[{pid}]: 4fXy1: client=pc.far.example"
        f"[2001:db8::7], sasl_method=PLAIN, sasl_username={user}/{n}"
    )


def test_log_ins_are_added_up_and_told_once(logs: Logs) -> None:
    logs.say(log_in(), log_in(), log_in("managesieve"), log_in(n=8), log_in(client="2001:db8::1"))
    assert logs.told() == {
        ("imap", "192.0.2.7", 7, False): 2,
        ("sieve", "192.0.2.7", 7, False): 1,
        ("imap", "192.0.2.7", 8, False): 1,
        ("imap", "2001:db8::1", 7, False): 1,
    }
    assert logs.told() == {}
    logs.say(log_in("pop3"))
    (event,) = logs.events()
    assert (event.store, event.protocol, event.first, event.at) == ("s1", "pop3", NOW, NOW)


@pytest.mark.parametrize(
    "why",
    [
        "Disconnected: Connection closed (auth failed, 3 attempts in 6 secs)",
        "Disconnected (auth failed, 3 attempts in 6 secs)",
        "Disconnected: Connection closed: read(size=1026) failed: Connection reset by peer "
        "(auth failed, 3 attempts in 6 secs)",
        "Aborted login (auth failed, 3 attempts in 6 secs)",
    ],
)
def test_wrong_passwords_are_counted_by_tries(logs: Logs, why: str) -> None:
    logs.say(wrong(why))
    assert logs.told() == {("imap", "192.0.2.7", 0, True): 3}


def test_wrong_passwords_at_submission_are_seen(logs: Logs) -> None:
    logs.say(
        f"{POSTFIX} mail postfix/submissions/smtpd[5]: warning: unknown[192.0.2.7]: SASL LOGIN "
        f"authentication failed: (reason unavailable), sasl_username={ANN}/7"
    )
    assert logs.told() == {("smtp", "192.0.2.7", 0, True): 1}


def test_many_messages_of_one_submission_session_are_one_log_in(logs: Logs) -> None:
    over = f"{POSTFIX} mail postfix/submission/smtpd[5]: disconnect from pc[192.0.2.7] mail=3"
    logs.say(sent(), sent(), sent(), over, sent(), sent(pid=6))
    assert logs.told() == {("smtp", "2001:db8::7", 7, False): 3}


@pytest.mark.parametrize(
    "line",
    [
        log_in(user="nobody@a.example"),
        # Not from the log-in processes, or not at the beginning of a line.
        f"{DOVECOT} lmtp(1): Info: msgid=<{log_in()}>: stored",
        f"{DOVECOT} imap-login: Info: Disconnected: x (no auth attempts in 0 secs): user=<>, "
        f"rip=192.0.2.7, {TAIL}, credential=<>",
        # The user's name is what a client says; so may it say this.
        wrong("Disconnected: x (no auth attempts in 1 secs)", user=log_in()),
        wrong("Disconnected: x", user=f"a (auth failed, 9 attempts in 1 secs): user=<{ANN}"),
        f"{POSTFIX} mail postfix/smtpd[5]: 4fXy1: client=x[192.0.2.7], sasl_method=PLAIN, "
        f"sasl_username={ANN}/7",
        f"{POSTFIX} mail postfix/submission/smtpd[5]: 4fXy1: client=x[192.0.2.7], "
        f"sasl_method=PLAIN, sasl_username={ANN}/7, more",
    ],
)
def test_a_line_that_only_looks_like_a_log_in_tells_none(logs: Logs, line: str) -> None:
    logs.say(line)
    assert logs.told() == {}


@pytest.mark.parametrize("end", ["\u2028", "\u0085", "\x0b", "\x1c", "\r"])
def test_what_a_client_says_does_not_begin_a_line(logs: Logs, end: str) -> None:
    logs.say(wrong("Disconnected: x (auth failed, 1 attempts in 1 secs)", user=end + log_in()))
    assert logs.told() == {}


def test_nothing_is_missed_while_the_agent_is_away_or_the_log_rotated(logs: Logs) -> None:
    logs.say(log_in())
    logs.dovecot.rename(logs.dovecot.with_name("dovecot.log.20261124-000000"))
    logs.dovecot.touch()
    logs.say(log_in(), log_in())
    again = SignInBook(logs.home)
    again.read(NOW)
    assert logs.told(again) == {("imap", "192.0.2.7", 7, False): 3}
    assert logs.told(SignInBook(logs.home)) == {}


def test_more_than_one_look_takes_is_left_to_the_next(
    logs: Logs, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tail, "AT_ONCE", 500)
    logs.say(*[log_in()] * 7)
    logs.dovecot.rename(logs.dovecot.with_name("dovecot.log.20261124-000000"))
    logs.dovecot.touch()
    logs.say(log_in())
    for _ in range(8):
        logs.book.read(NOW)
    assert logs.told() == {("imap", "192.0.2.7", 7, False): 8}


def test_nothing_is_taken_while_the_directory_cannot_be_read(logs: Logs) -> None:
    logs.say(log_in())
    hidden = logs.home.directory_database.rename(logs.home.root / "hidden")
    with pytest.raises(sqlite3.OperationalError):
        logs.book.read(NOW)
    hidden.rename(logs.home.directory_database)
    assert logs.told() == {("imap", "192.0.2.7", 7, False): 1}


def test_memory_is_bounded(logs: Logs, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sign_ins, "MOST", 2)
    logs.say(*(log_in(client=f"192.0.2.{n}") for n in (1, 2, 3, 1)))
    assert logs.told() == {("imap", "192.0.2.1", 7, False): 2, ("imap", "192.0.2.2", 7, False): 1}
    logs.say(log_in(client="192.0.2.3"))
    assert logs.told() == {("imap", "192.0.2.3", 7, False): 1}


def test_a_line_is_dated_by_itself(logs: Logs) -> None:
    before = HERE - dt.timedelta(hours=5)
    logs.say(
        log_in().replace(DOVECOT, before.strftime("%Y-%m-%dT%H:%M:%S")),
        sent().replace(POSTFIX, before.strftime("%b %e %H:%M:%S")),
        log_in("pop3").replace(DOVECOT, "2099-01-01T00:00:00"),
    )
    at = {event.protocol: event.at for event in logs.events()}
    assert at == {"imap": before, "smtp": before, "pop3": NOW}


def test_the_logs_before_the_first_start_are_no_news(tmp_path: Path) -> None:
    made = Logs(tmp_path)
    made.say(log_in())
    made.spool.close()
    (made.home.event_spool.parent / "sign-ins.json").unlink()
    book = SignInBook(made.home)
    made.spool = EventSpool(made.home.event_spool)
    assert made.told(book) == {}
    made.say(log_in())
    assert made.told(book) == {("imap", "192.0.2.7", 7, False): 1}
    made.spool.close()


@pytest.mark.engines
def test_the_real_engines_tell_every_way_in(own_host: Host, tmp_path: Path) -> None:
    host, ann = own_host, own_host.add("ann", credential=7)
    app = "abcd-efgh-ijkm-npqr-stuv-wxyz"
    host.login("INSERT INTO store VALUES (?, 's1')", (ann,))
    digest = hashlib.sha256(app.encode()).hexdigest()
    host.login("INSERT INTO app_login VALUES (?, ?, ?, '')", (digest, ann, f"{ann}/9"))
    host.maps.update("credentials", {f"{ann}/9": "submission_permitted"}, ())
    host.maps.update("senders", {ann: f"{ann}/7, {ann}/9"}, ())
    host.home.event_spool.parent.mkdir(exist_ok=True)
    book, spool = SignInBook(host.home), EventSpool(host.home.event_spool)
    book.read(NOW)
    for password in ("correct horse", app):
        host.imap(ann, password).logout()
        host.pop3(ann, password).quit()
        with host.submission(ann, password) as smtp:
            smtp.sendmail(ann, [ann], b"Subject: hello\r\n\r\nhello\r\n")
        with ManageSieve("127.0.0.1", host.port("managesieve")) as sieve:
            sieve.login(ann, password)
    with pytest.raises(imaplib.IMAP4.error):
        host.imap(ann, "wrong")
    with pytest.raises(poplib.error_proto):
        host.pop3(ann, "wrong")
    with pytest.raises(smtplib.SMTPException):
        host.submission(ann, "wrong")
    seen: dict[tuple[str, int, bool], int] = {}

    def all_seen() -> bool:
        book.read(dt.datetime.now(dt.UTC))
        book.tell(spool)
        number, events = spool.waiting()
        spool.done(number, events)
        for event in events:
            assert isinstance(event, SignInSeen)
            assert (event.store, event.client) == ("s1", "127.0.0.1")
            key = (event.protocol, event.credential, event.failed)
            seen[key] = seen.get(key, 0) + event.count
        return {("imap", 0, True), ("pop3", 0, True), ("smtp", 0, True)} <= set(seen)

    until(all_seen, "the wrong passwords are seen too", seconds=60)
    spool.close()
    right = {key: count for key, count in seen.items() if not key[2]}
    ways = ("imap", "pop3", "smtp", "sieve")
    assert right == {(way, number, False): 1 for way in ways for number in (7, 9)}
    for log in host.home.log.iterdir():
        assert app not in log.read_text(errors="replace"), log
