"""The real Dovecot and Postfix ask the real guard about log-ins.

Every address of 127.0.0.0/8 but 127.0.0.1 is a stranger from the network here.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import imaplib
import json
import poplib
import re
import signal
import smtplib
import socket
import sqlite3
import time
from collections.abc import Callable, Iterator

import pytest
from tests.mailplane.engines.harness import PASSWORD, Host, until, without_verification

from mailstead.wire.changes import BlockLiftPut
from mailstead.wire.codec import encode

pytestmark = pytest.mark.engines
REFUSED = "Too many different wrong passwords from your network for this mailbox. Try again in "


def wrong(host: Host, address: str, source: str, count: int = 10) -> None:
    """So many different wrong passwords, over connections beside each other."""
    sessions = []
    for number in range(count):
        plain = socket.create_connection(("127.0.0.1", host.port("imaps")), 20, (source, 0))
        session = without_verification().wrap_socket(plain)
        assert session.recv(500).startswith(b"* OK")
        session.sendall(b'a LOGIN "%s" "wrong %d"\r\n' % (address.encode(), number))
        sessions.append(session)
    for session in sessions:
        answer = b""
        while b"\r\n" not in answer:
            answer += session.recv(500)
        assert answer.startswith(b"a NO [AUTHENTICATIONFAILED] Authentication failed."), answer
        session.close()


def refusal(attempt: Callable[[], object]) -> str:
    """The words with which a log-in is refused."""
    try:
        attempt()
    except (imaplib.IMAP4.error, poplib.error_proto) as error:
        return str(error)
    except smtplib.SMTPAuthenticationError as error:
        assert isinstance(error.smtp_error, bytes)
        return f"{error.smtp_code} {error.smtp_error.decode()}"
    return ""


def lifted(host: Host, **lift: object) -> None:
    """What the agent writes for a word of the control plane."""
    made = BlockLiftPut(**lift)  # type: ignore[arg-type]
    key = f"{made.client} {made.account}"
    host.login("INSERT OR REPLACE INTO thing VALUES ('block-lift', ?, ?)", (key, encode(made)))


def blocks(host: Host) -> list[tuple[str, str]]:
    with contextlib.closing(sqlite3.connect(host.home.guard_logins)) as base:
        return base.execute("SELECT client, account FROM block").fetchall()


def test_who_guesses_is_refused_with_the_reason_in_every_protocol(host: Host) -> None:
    ann = host.add("policy-ann")
    wrong(host, ann, "127.0.5.1")
    page = f"sign in at https://{host.settings.hostname}/blocked/"
    words = refusal(lambda: host.imap(ann, source="127.0.5.1"))
    # Programs show an ALERT to the person (RFC 9051, 7.1).
    assert f"[ALERT] {REFUSED}10 minutes" in words and page in words
    words = refusal(lambda: host.submission(ann, source="127.0.5.1"))
    assert words.startswith("535 5.7.8 ") and REFUSED in words and page in words
    # Nobody else is kept out, and nobody is slowed down for it.
    begun = time.monotonic()
    host.imap(ann, source="127.0.5.2").logout()
    host.submission(ann, source="127.0.5.2").close()
    bob = host.add("policy-bob")
    host.imap(bob, source="127.0.5.1").logout()
    assert time.monotonic() - begun < 3
    assert "wrong 1" not in host.log("dovecot")


def test_a_block_is_lifted_at_once(host: Host) -> None:
    ann = host.add("policy-lift")
    wrong(host, ann, "127.0.6.1")
    assert REFUSED in refusal(lambda: host.imap(ann, source="127.0.6.1"))
    until(lambda: ("127.0.6.1", ann) in blocks(host), "the agent can read the block")
    lifted(host, client="127.0.6.1", account=ann, at=dt.datetime.now(dt.UTC))
    until(lambda: ("127.0.6.1", ann) not in blocks(host), "the guard has followed")
    host.imap(ann, source="127.0.6.1").logout()


def test_one_wrong_telephone_locks_nobody_out(host: Host) -> None:
    ann, bob = host.add("policy-office-ann"), host.add("policy-office-bob")
    for address in (ann, bob):
        host.imap(address, source="127.0.7.1").logout()
    for _ in range(3):
        wrong(host, ann, "127.0.7.1", 1)
    # An old password over SMTP has another hash at its end, and counts once all the same.
    for _ in range(4):
        assert refusal(lambda: host.submission(ann, "old", source="127.0.7.1")).startswith("535 ")
    wrong(host, ann, "127.0.7.1", 1)
    begun = time.monotonic()
    host.imap(ann, source="127.0.7.1").logout()
    host.submission(bob, source="127.0.7.1").close()
    assert time.monotonic() - begun < 3


def test_webmail_on_this_machine_is_never_kept_out(host: Host) -> None:
    ann = host.add("policy-webmail")
    wrong(host, ann, "127.0.0.1", 15)
    host.imap(ann).logout()
    assert REFUSED not in refusal(lambda: host.pop3(ann, "wrong"))


def known(host: Host, address: str, source: str) -> bool:
    """Whether the guard has heard of a log-in from there, which is tried now."""
    host.imap(address, source=source).logout()
    with contextlib.closing(sqlite3.connect(host.home.guard_logins)) as base:
        rows = base.execute("SELECT raw FROM account WHERE name = ?", (address,)).fetchall()
    return any(source.encode() in raw for (raw,) in rows)


def test_without_the_guard_log_ins_go_on_and_it_is_asked_again_soon(own_host: Host) -> None:
    ann = own_host.add("ann")
    own_host.imap(ann).logout()
    own_host.stop_guard()
    for number in range(6):
        begun = time.monotonic()
        own_host.imap(ann, source=f"127.0.8.{number + 1}").logout()
        assert time.monotonic() - begun < 1
    own_host.pop3(ann).quit()
    assert "olicy" in own_host.log("dovecot")
    own_host.start_guard()
    # Dovecot's client takes about as long again as the guard was away.
    until(lambda: known(own_host, ann, "127.0.8.50"), "Dovecot asks the guard again", 30)
    wrong(own_host, ann, "127.0.9.9")
    assert REFUSED in refusal(lambda: own_host.imap(ann, source="127.0.9.9"))
    until(lambda: ("127.0.9.9", ann) in blocks(own_host), "it is written")
    own_host.stop_guard(signal.SIGKILL)
    own_host.start_guard()
    # What it knows outlives it.
    until(
        lambda: REFUSED in refusal(lambda: own_host.imap(ann, source="127.0.9.9")),
        "the block holds after a kill",
        30,
    )


@contextlib.contextmanager
def silent(port: int) -> Iterator[None]:
    """Somebody who takes connections and never answers."""
    with socket.socket() as door:
        door.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        door.bind(("127.0.0.1", port))
        door.listen(200)
        yield


def test_a_guard_that_hangs_delays_a_log_in_by_less_than_a_second(own_host: Host) -> None:
    ann = own_host.add("ann")
    own_host.imap(ann).logout()
    own_host.stop_guard()
    with silent(own_host.port("logins")):
        begun = time.monotonic()
        own_host.imap(ann).logout()
        assert time.monotonic() - begun < 1.5


def ask(host: Host, connection: socket.socket, count: int, key: str) -> list[bytes]:
    """Questions one behind the other; the answers."""
    body = json.dumps(
        {"login": "x@here.example", "password": "00ff", "client": "127.0.9.1", "service": "imap"}
    )
    request = (
        f"POST /?command=allow HTTP/1.1\r\nHost: g\r\nAuthorization: Bearer {key}\r\n"
        f"Content-Length: {len(body)}\r\n\r\n{body}"
    )
    connection.sendall(request.encode() * count)
    said = b""
    while said.count(b"HTTP/1.1") < count or not re.search(rb"\r\n\r\n(\{.*\})?$", said):
        more = connection.recv(65536)
        if not more:
            break
        said += more
    return said.split(b"HTTP/1.1 ")[1:]


def test_the_port_answers_only_who_knows_the_key_and_keeps_the_connection(host: Host) -> None:
    key = host.home.login_key.read_text()
    with socket.create_connection(("127.0.0.1", host.port("logins")), 20) as connection:
        for _ in range(3):
            answers = ask(host, connection, 40, key)
            assert len(answers) == 40
            assert all(b'{"status":0,"msg":""}' in answer for answer in answers)
    with socket.create_connection(("127.0.0.1", host.port("logins")), 20) as connection:
        answers = ask(host, connection, 2, "wrong")
        assert all(answer.startswith(b"401 ") for answer in answers)
    with socket.create_connection(("127.0.0.1", host.port("logins")), 20) as connection:
        connection.sendall(b"\x00\xff nonsense\r\n\r\n")
        assert connection.recv(500).startswith(b"HTTP/1.1 400 ")
        assert connection.recv(500) == b""


def test_nothing_of_a_password_lies_on_the_disk(host: Host) -> None:
    ann = host.add("policy-secret", password="a very special word")
    host.imap(ann, "a very special word", source="127.0.10.1").logout()
    wrong(host, ann, "127.0.10.2")
    until(lambda: ("127.0.10.2", ann) in blocks(host), "it is written")
    for path in host.home.guard_logins.parent.iterdir():
        if path.is_file():
            octets = path.read_bytes()
            assert b"special" not in octets and b"wrong 1" not in octets
    mode = (host.home.dovecot / "login-policy.conf").stat().st_mode
    assert mode & 0o077 == 0
    assert PASSWORD.encode() not in (host.home.dovecot / "login-policy.conf").read_bytes()
