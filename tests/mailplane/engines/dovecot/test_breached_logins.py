"""A password known from leaks is told at each way in of the real Dovecot, and stops nobody."""

from __future__ import annotations

import base64
import hashlib
import imaplib
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from tests.breached.conftest import line
from tests.mailplane.engines.harness import Host, running_host, until
from tests.support.managesieve import ManageSieve

from mailstead.breached import lists
from mailstead.breached.build import build
from mailstead.config import Passwords
from mailstead.home import Home
from mailstead.mailplane.engines.dovecot import once_right
from mailstead.standards.password import hashed

pytestmark = pytest.mark.engines

LEAKED = "Sonnenschein & Regen 77"
CLEAN = "no list has this sentence"
APP = "abcd-efgh-ijkm-npqr-stuv-wxyz"
LogIn = Callable[[Host, str, str], object]


def imap(host: Host, address: str, password: str) -> None:
    host.imap(address, password).logout()


def pop3(host: Host, address: str, password: str) -> None:
    host.pop3(address, password).quit()


def sieve(host: Host, address: str, password: str) -> None:
    with ManageSieve("127.0.0.1", host.port("managesieve")) as session:
        session.login(address, password)


def smtp(host: Host, address: str, password: str) -> None:
    host.submission(address, password).quit()


WAYS: dict[str, LogIn] = {"imap": imap, "pop3": pop3, "sieve": sieve, "smtp": smtp}


def put_index(home: Home, *passwords: str) -> None:
    """An index as the command builds it."""
    text = home.root / "list.txt"
    text.write_bytes(b"".join(line(one.encode()) for one in passwords))
    build([lists.source(text)], home.breached_index)
    text.unlink()


@pytest.fixture(scope="module")
def breached_host() -> Iterator[Host]:
    with running_host() as host:
        put_index(host.home, LEAKED, APP)
        yield host


def told(host: Host) -> list[str]:
    """What the log says of leaked passwords."""
    _, _, news = host.log("dovecot").rpartition("MARK")
    return [
        text.partition("breached password: ")[2]
        for text in news.splitlines()
        if "breached password" in text
    ]


def begin(host: Host) -> None:
    """What was told before does not count."""
    with (host.home.log / "dovecot.log").open("a") as out:
        out.write("MARK\n")


@pytest.mark.parametrize("way", list(WAYS))
def test_a_leaked_password_opens_the_mailbox_and_is_told(breached_host: Host, way: str) -> None:
    host = breached_host
    ann = host.add(f"ann-{way}", credential=7, password=LEAKED)
    begin(host)
    WAYS[way](host, ann, LEAKED)
    until(lambda: told(host), "it is told")
    assert told(host) == [f"service=<{way}> rip=<127.0.0.1> credential=<{ann}/7>"]


@pytest.mark.parametrize("way", list(WAYS))
def test_nobody_else_is_told(breached_host: Host, way: str) -> None:
    host = breached_host
    bob = host.add(f"bob-{way}", credential=8, password=CLEAN)
    digest = hashlib.sha256(APP.encode()).hexdigest()
    values = (digest, bob, f"{bob}/9")
    host.login("INSERT OR REPLACE INTO app_login VALUES (?, ?, ?, '')", values)
    begin(host)
    WAYS[way](host, bob, CLEAN)
    # Random, hence not looked up, whatever the index says.
    WAYS[way](host, bob, APP)
    # The right one of somebody else's leaks opens nothing here.
    with pytest.raises(Exception, match=r"(?i)auth"):
        WAYS[way](host, bob, LEAKED)
    # After what Dovecot has said before.
    ann = host.add(f"end-{way}", credential=10, password=LEAKED)
    WAYS[way](host, ann, LEAKED)
    until(lambda: told(host), "the last one is told")
    assert [text.rpartition("=")[2] for text in told(host)] == [f"<{ann}/10>"]


@pytest.mark.parametrize("state", ["gone", "damaged", "cut", "a folder", "closed"])
def test_whatever_the_index_is_the_log_in_goes_on(own_host: Host, state: str) -> None:
    host, path = own_host, own_host.home.breached_index
    put_index(host.home, LEAKED)
    ann = host.add("ann", credential=7, password=LEAKED)
    imap(host, ann, LEAKED)
    if state == "damaged":
        path.write_bytes(b"\xff" * 500)
    elif state == "cut":
        path.write_bytes(path.read_bytes()[:70])
    elif state == "closed":
        path.chmod(0)
    else:
        path.unlink()
        if state == "a folder":
            path.mkdir()
    begin(host)
    for log_in in WAYS.values():
        log_in(host, ann, LEAKED)
    assert told(host) == []


def test_an_error_in_the_script_stops_nobody(own_host: Host) -> None:
    host = own_host
    put_index(host.home, LEAKED)
    script = once_right.script(host.home)
    broken = script.read_text().replace(
        "function auth_password_verify(request, password)",
        "function auth_password_verify(request, password) error('boom')",
    )
    script.write_text(broken)
    host.stop("dovecot")
    host.start("dovecot")
    ann = host.add("ann", credential=7, password=LEAKED)
    for log_in in WAYS.values():
        log_in(host, ann, LEAKED)
    until(lambda: "boom" in host.log("dovecot"), "the error was one")
    assert LEAKED not in host.log("dovecot")
    with pytest.raises(imaplib.IMAP4.error, match="AUTHENTICATIONFAILED"):
        imap(host, ann, "wrong")


def test_a_directory_that_cannot_be_read_is_no_wrong_password(own_host: Host) -> None:
    host = own_host
    put_index(host.home, LEAKED)
    ann = host.add("ann", credential=7, password=LEAKED)
    host.login("ALTER TABLE login RENAME TO hidden")
    with pytest.raises(imaplib.IMAP4.error, match="UNAVAILABLE"):
        imap(host, ann, LEAKED)
    host.login("ALTER TABLE hidden RENAME TO login")
    imap(host, ann, LEAKED)


def test_a_log_in_carries_all_that_it_did_without(breached_host: Host) -> None:
    host = breached_host
    ann = host.add("quota", credential=17, quota=5 * 2**20, password=LEAKED)
    session = host.imap(ann, LEAKED)
    assert b"5120" in b"".join(session.getquotaroot("INBOX")[1][1])  # type: ignore[arg-type]
    session.logout()
    assert host.doveadm.auth_lookup(ann, "smtp") == {
        "user": f"{ann}/17",
        "credential": f"{ann}/17",
        # Plain, as the harness keeps it.
        "found_hash": "Y",
    }


def test_where_nobody_looks_nothing_is_asked() -> None:
    with running_host(passwords=Passwords(breached="off")) as host:
        put_index(host.home, LEAKED)
        ann = host.add("ann", credential=7, password=LEAKED)
        imap(host, ann, LEAKED)
        assert str(host.home.breached_index) not in once_right.script(host.home).read_text()
        assert told(host) == []


def forms(password: str) -> list[bytes]:
    """How a password or its hash may stand in a file."""
    plain = password.encode()
    digest = hashlib.sha1(plain, usedforsecurity=False).digest()
    return [
        plain,
        digest,
        digest[:8],
        digest[:8][::-1],
        digest.hex().encode(),
        digest.hex().upper().encode(),
        base64.b64encode(digest),
        base64.b64encode(plain).rstrip(b"="),
    ]


def test_nothing_of_the_password_is_in_any_file(own_host: Host) -> None:
    host = own_host
    put_index(host.home, LEAKED, *(f"other {n}" for n in range(200)))
    ann = host.add("ann", credential=7, password=LEAKED)
    # As the product keeps it; the plain one of `add` would be found.
    scheme = "{SHA512-CRYPT}" + hashed(LEAKED).rpartition("}")[2]
    host.login("UPDATE login SET secret = ? WHERE address = ?", (scheme, ann))
    host.login("VACUUM")
    for log_in in WAYS.values():
        log_in(host, ann, LEAKED)
    with pytest.raises(imaplib.IMAP4.error):
        imap(host, ann, LEAKED + "x")
    until(lambda: len(told(host)) == len(WAYS), "all are told")
    host.stop("dovecot")
    host.stop("postfix")
    host.login("PRAGMA wal_checkpoint(TRUNCATE)")
    found = []
    for path in files_of(host.home.root):
        content = path.read_bytes()
        found += [(path.name, form) for form in forms(LEAKED) if form in content]
    assert found == []


def files_of(root: Path) -> Iterator[Path]:
    return (path for path in root.rglob("*") if path.is_file() and not path.is_symlink())
