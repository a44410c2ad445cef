"""Passwords with hashes from elsewhere at the real Dovecot: hashed anew, and nobody is stopped."""

from __future__ import annotations

import base64
import contextlib
import hashlib
import imaplib
import shutil
import socket
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.mailplane.engines.dovecot.test_breached_logins import WAYS, files_of, imap
from tests.mailplane.engines.harness import Host, running_host, until

from mailstead.mailplane.engines.dovecot import once_right
from mailstead.mailplane.node.event_spool import EventSpool
from mailstead.mailplane.node.rehash import Rehasher
from mailstead.standards import password as passwords
from mailstead.wire.events import PasswordRehashed

pytestmark = pytest.mark.engines

PASSWORD = "Herbst, alt & kurz"
APP = "abcd-efgh-ijkm-npqr-stuv-wxyz"
SETTINGS = {
    "$6$ with few rounds": ("SHA512-CRYPT", "$6$rounds=1000$saltsaltsalt$"),
    "$5$": ("SHA256-CRYPT", "$5$saltsaltsalt$"),
    "$1$": ("MD5-CRYPT", "$1$saltsalt$"),
    "$2a$": ("BLF-CRYPT", "$2a$05$abcdefghijklmnopqrstuu"),
    "$2b$": ("BLF-CRYPT", "$2b$05$abcdefghijklmnopqrstuu"),
    "$2y$": ("BLF-CRYPT", "$2y$05$abcdefghijklmnopqrstuu"),
    "$y$": ("CRYPT", "$y$j9T$saltsaltsaltsalt$"),
    "DES": ("CRYPT", "sa"),
}


def found(kind: str, password: str = PASSWORD) -> str:
    """The password as another server has hashed it."""
    scheme, setting = SETTINGS[kind]
    return f"{{{scheme}}}{passwords._crypt(password.encode(), setting)}"


def put(host: Host, address: str, secret: str) -> None:
    host.login("UPDATE login SET secret = ? WHERE address = ?", (secret, address))


def add(host: Host, local: str, secret: str, credential: int = 7) -> str:
    address = host.add(local, credential=credential, password=PASSWORD)
    put(host, address, secret)
    return address


class Ears:
    """Hears what Dovecot hands over, in the agent's place."""

    def __init__(self, host: Host) -> None:
        self._socket = Rehasher(host.home)._door()
        self._socket.setblocking(False)

    def heard(self) -> list[bytes]:
        """All since the last call; a log-in has put it down before it is answered."""
        some = []
        with contextlib.suppress(BlockingIOError):
            while True:
                some.append(self._socket.recv(4096))
        return some

    def close(self) -> None:
        self._socket.close()


class Agent:
    """The agent's thread, and what the control plane would hear of it."""

    def __init__(self, host: Host) -> None:
        self._host, self._stopping = host, threading.Event()
        self._rehasher = Rehasher(host.home)
        self._spool = EventSpool(host.home.event_spool)
        self.events: dict[str, PasswordRehashed] = {}
        run = self._rehasher.run
        self._thread = threading.Thread(target=run, args=(self._stopping,), daemon=True)
        self._thread.start()
        folder = host.home.rehash_socket.parent
        until(lambda: folder.exists() and folder.stat().st_mode & 0o777 == 0o710, "it listens")

    def look(self) -> dict[str, PasswordRehashed]:
        self._rehasher.tell(self._spool)
        for event in self._spool.waiting()[1]:
            if isinstance(event, PasswordRehashed):
                self.events[event.mailbox] = event
        return self.events

    def close(self) -> None:
        self._stopping.set()
        self._thread.join(10)
        self._spool.close()


@pytest.fixture(scope="module")
def rehash_host() -> Iterator[Host]:
    with running_host() as host:
        yield host


@pytest.fixture
def ears(rehash_host: Host) -> Iterator[Ears]:
    made = Ears(rehash_host)
    yield made
    made.close()


@pytest.fixture
def agent(rehash_host: Host) -> Iterator[Agent]:
    made = Agent(rehash_host)
    yield made
    made.close()


@pytest.mark.parametrize("kind", list(SETTINGS))
def test_each_scheme_becomes_the_houses_and_the_password_goes_on_working(
    rehash_host: Host, agent: Agent, kind: str
) -> None:
    host, number = rehash_host, 20 + list(SETTINGS).index(kind)
    ann = add(host, f"kind{number}", found(kind), number)
    session = host.imap(ann, PASSWORD)
    until(lambda: ann in agent.look(), "its new hash is told")
    event = agent.events[ann]
    assert event.credential == number
    assert event.secret.startswith("{SHA512-CRYPT}$6$")
    # What the control plane stores comes back by the feed.
    put(host, ann, event.secret)
    assert session.noop()[0] == "OK"
    for log_in in WAYS.values():
        log_in(host, ann, PASSWORD)
    with pytest.raises(imaplib.IMAP4.error):
        imap(host, ann, PASSWORD + "x")
    assert session.noop()[0] == "OK"
    session.logout()


@pytest.mark.parametrize("way", list(WAYS))
def test_every_way_in_hands_it_over(rehash_host: Host, ears: Ears, way: str) -> None:
    ann = add(rehash_host, f"ann-{way}", found("$1$"))
    WAYS[way](rehash_host, ann, PASSWORD)
    assert ears.heard() == [f"{ann}/7\n{PASSWORD}".encode()]


@pytest.mark.parametrize("way", list(WAYS))
def test_nothing_is_handed_over_where_nothing_is_to_do(
    rehash_host: Host, ears: Ears, way: str
) -> None:
    host = rehash_host
    bob = add(host, f"bob-{way}", passwords.rehashed(PASSWORD.encode()))
    WAYS[way](host, bob, PASSWORD)
    rounds = passwords._crypt(PASSWORD.encode(), "$6$rounds=20000$saltsaltsalt$")
    put(host, bob, "{SHA512-CRYPT}" + rounds)
    WAYS[way](host, bob, PASSWORD)
    put(host, bob, found("$1$"))
    digest = hashlib.sha256(APP.encode()).hexdigest()
    host.login("INSERT OR REPLACE INTO app_login VALUES (?, ?, ?, '')", (digest, bob, f"{bob}/9"))
    WAYS[way](host, bob, APP)
    with pytest.raises(Exception, match=r"(?i)auth"):
        WAYS[way](host, bob, "a wrong one")
    host.login("UPDATE login SET may_login = 0 WHERE address = ?", (bob,))
    with pytest.raises(Exception, match=r"(?i)auth"):
        WAYS[way](host, bob, PASSWORD)
    assert ears.heard() == []


def test_a_password_that_is_no_utf_8_is_handed_over_as_it_is(rehash_host: Host, ears: Ears) -> None:
    password = b"caf\xe9 %u'\""
    hashed = "{MD5-CRYPT}" + passwords._crypt(password, "$1$saltsalt$")
    ann = add(rehash_host, "bytes", hashed)
    session = rehash_host.imap(add(rehash_host, "other", "{PLAIN}" + PASSWORD), PASSWORD)
    ears.heard()
    session.logout()
    with rehash_host.smtp("submissions") as smtp:
        answer = base64.b64encode(b"\0" + ann.encode() + b"\0" + password).decode()
        assert smtp.docmd("AUTH", f"PLAIN {answer}")[0] == 235, rehash_host.log("dovecot")[-3000:]
    assert ears.heard() == [f"{ann}/7\n".encode() + password]


def silence(host: Host, state: str) -> socket.socket | None:
    """Nobody who takes it, in one way or another."""
    path = host.home.rehash_socket
    if state == "never there":
        return None
    door = Rehasher(host.home)._door()
    if state == "gone":
        door.close()
        return None
    if state == "closed":
        path.chmod(0)
    if state == "folder closed":
        path.parent.chmod(0)
    if state == "full":
        return door
    return door


@pytest.mark.parametrize("state", ["never there", "gone", "closed", "folder closed", "full"])
def test_whoever_does_not_listen_stops_nobody(rehash_host: Host, state: str) -> None:
    host = rehash_host
    shutil.rmtree(host.home.rehash_socket.parent, ignore_errors=True)
    door = silence(host, state)
    ann = add(host, "ann", found("$1$"))
    try:
        # More than a socket holds that nobody reads.
        for _ in range(30 if state == "full" else 1):
            imap(host, ann, PASSWORD)
        for log_in in WAYS.values():
            log_in(host, ann, PASSWORD)
    finally:
        if door is not None:
            door.close()
    shutil.rmtree(host.home.rehash_socket.parent, ignore_errors=True)


def test_without_its_package_everybody_logs_in(own_host: Host) -> None:
    host = own_host
    script = once_right.script(host.home)
    text = script.read_text()
    assert text.count("socket.unix") == 1
    script.write_text(text.replace("socket.unix", "socket.missing"))
    host.stop("dovecot")
    host.start("dovecot")
    ann = add(host, "ann", found("$1$"))
    for log_in in WAYS.values():
        log_in(host, ann, PASSWORD)
    with pytest.raises(imaplib.IMAP4.error, match="AUTHENTICATIONFAILED"):
        imap(host, ann, "wrong")


def test_neither_password_nor_hash_is_in_a_log_and_the_password_in_no_file(
    own_host: Host,
) -> None:
    host = own_host
    boxes = {
        address: secret
        for number, kind in enumerate(SETTINGS)
        for secret in [found(kind)]
        for address in [add(host, f"log{number}", secret, 30 + number)]
    }
    host.login("VACUUM")
    agent = Agent(host)
    try:
        for address in boxes:
            for log_in in WAYS.values():
                log_in(host, address, PASSWORD)
            with pytest.raises(imaplib.IMAP4.error):
                imap(host, address, PASSWORD[:7])
        until(lambda: set(agent.look()) == set(boxes), "all are told")
        made = [event.secret for event in agent.events.values()]
    finally:
        agent.close()
    host.stop("dovecot")
    host.stop("postfix")
    host.login("PRAGMA wal_checkpoint(TRUNCATE)")
    plain = [PASSWORD.encode(), base64.b64encode(PASSWORD.encode()).rstrip(b"=")]
    assert places(host.home.root, plain) == []
    hashes = [one.partition("}")[2].encode() for one in [*boxes.values(), *made]]
    assert places(host.home.log, hashes + plain) == []
    # The directory has the old ones, and the agent's own spool the new ones.
    assert {path.partition("-")[0] for path in places(host.home.root, hashes)} == {
        "directory.db",
        "events.db",
    }
    assert host.home.event_spool.stat().st_uid == 0


def places(root: Path, words: list[bytes]) -> list[str]:
    """Names of the files that hold one of them."""
    return [
        path.name
        for path in files_of(root)
        for content in [path.read_bytes()]
        if any(word in content for word in words)
    ]
