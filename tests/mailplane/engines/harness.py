"""Postfix and Dovecot of one instance, really running, for tests of the engines alone.

No agent, no control plane: a test fills the maps and the log-in table by hand. The whole host is
started by `mailstead up`; this is for the engines' own promises.
"""

from __future__ import annotations

import contextlib
import imaplib
import os
import poplib
import pwd
import random
import resource
import secrets
import shutil
import signal
import smtplib
import socket
import sqlite3
import ssl
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import msgspec
import pytest

from mailstead.config import Ports, Settings, Spam
from mailstead.home import Home
from mailstead.mailplane.directory import sending
from mailstead.mailplane.directory.compile import OWN_MAIL
from mailstead.mailplane.directory.sending import DomainSending
from mailstead.mailplane.engines import files
from mailstead.mailplane.engines.dovecot import control as dovecot
from mailstead.mailplane.engines.dovecot import model as dovecot_model
from mailstead.mailplane.engines.dovecot import render as dovecot_render
from mailstead.mailplane.engines.postfix import control as postfix
from mailstead.mailplane.engines.postfix import model as postfix_model
from mailstead.mailplane.engines.postfix import render as postfix_render
from mailstead.mailplane.node.room import Room
from mailstead.mailplane.node.usage import UsageBook
from mailstead.standards.reply import Reply
from mailstead.wire.protection import BLOCKED_PATH
from mailstead.wire.sending import HELP_PATH, Ceilings

DOMAIN = "here.example"
PASSWORD = "correct horse"
GONE = "550 5.1.1 There is no mailbox of this name here"
SENDING_OFF = "554 5.7.1 Sending is suspended for this mailbox; ask your provider"
# Workers of pytest-xdist look at the same moment: each has offsets of its own, so far from the
# others' that no two services of theirs, from 25 to 10026, meet; and below the ports that the
# kernel gives to clients.
_WORKERS = 4
_FIRST_OFFSET = 10_000
_APART = 2_300
_OFFSETS = range(0, 400, 50)
_MASTER_READY = "daemon started"


def until(found: Callable[[], object], what: str, seconds: float = 20) -> None:
    """Wait until `found` is true; fails with `what` after the deadline."""
    deadline = time.monotonic() + seconds
    while not found():
        if time.monotonic() > deadline:
            raise AssertionError(f"not within {seconds:g} s: {what}")
        time.sleep(0.03)


def free_offset() -> int:
    """A port offset on which nothing listens."""
    names = [name for name in Ports.__struct_fields__ if name != "offset"]
    worker = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))
    first = _FIRST_OFFSET + worker % _WORKERS * _APART
    for step in random.sample(_OFFSETS, len(_OFFSETS)):
        offset = first + step
        ports = Ports(offset=offset)
        with contextlib.ExitStack() as stack:
            try:
                for name in names:
                    probe = stack.enter_context(socket.socket())
                    # As the engines do: a connection that ended a moment ago is no hindrance.
                    probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                    probe.bind(("0.0.0.0", ports.of(name)))
            except OSError:
                continue
            return offset
    raise AssertionError("no free ports")


def without_verification() -> ssl.SSLContext:
    """TLS to a certificate that we have made ourselves a moment ago."""
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


class _Imap(imaplib.IMAP4_SSL):
    """From an address of its own."""

    def __init__(self, host: str, port: int, source: str) -> None:
        self._source = source
        super().__init__(host, port, ssl_context=without_verification(), timeout=20)

    def _create_socket(self, timeout: float | None) -> socket.socket:
        plain = socket.create_connection((self.host, self.port), timeout, (self._source, 0))
        return without_verification().wrap_socket(plain, server_hostname=self.host)


class Host:
    """One instance of the two engines."""

    def __init__(self, settings: Settings, root: Path) -> None:
        self.settings = msgspec.structs.replace(settings, home=root)
        self.home = Home(root)
        self.maps = postfix.Postmap(self.home)
        self.doveadm = dovecot.Doveadm(self.home)
        self.room = Room(self.home, self.maps, self.settings.storage.message_limit)
        self.mail = postfix_model.from_settings(self.settings, self.home)
        self.store = dovecot_model.from_settings(self.settings, self.home)
        self._running: dict[str, subprocess.Popen[bytes]] = {}

    # Life

    def make(self) -> None:
        """Render and prepare everything that the engines need."""
        self.home.root.chmod(0o755)
        self.home.tls.mkdir()
        subprocess.run(
            ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256",
             "-nodes", "-days", "2", "-subj", f"/CN={self.settings.hostname}",
             "-keyout", str(self.home.certificate_key), "-out", str(self.home.certificate)],
            check=True, capture_output=True,
        )  # fmt: skip
        self._make_directory()
        self.home.guard_socket.parent.mkdir(parents=True)
        self._make_secrets()
        files.write([*postfix_render.render(self.mail), *dovecot_render.render(self.store)])
        # Postfix waits up to two seconds when its files may still be being written.
        for name in ("main.cf", "master.cf"):
            os.utime(self.home.postfix / name, (0, 0))
        dovecot.prepare(self.store)
        postfix.prepare(self.mail)
        self.usage = UsageBook(self.home)
        self.maps.update("domains", {DOMAIN: "ok"}, ())
        self.maps.update("recipients", {DOMAIN: GONE}, ())
        self.maps.update("classes", {f"@{DOMAIN}": OWN_MAIL}, ())

    def _make_secrets(self) -> None:
        self.home.secrets.mkdir()
        for path in (self.home.login_key, self.home.login_nonce, self.home.doveadm_password):
            path.write_text(secrets.token_hex(16))
        self.store = dovecot_model.from_settings(self.settings, self.home)

    def _make_directory(self) -> None:
        self.home.directory.mkdir()
        self.login(
            "CREATE TABLE login (address TEXT PRIMARY KEY, secret TEXT, smtp_user TEXT,"
            " may_login INTEGER, deliverable INTEGER, quota INTEGER, responder INTEGER)"
        )
        self.login(
            "CREATE TABLE app_login (digest TEXT PRIMARY KEY, address TEXT, smtp_user TEXT,"
            " protocols TEXT)"
        )
        self.login("CREATE TABLE login_name (name TEXT PRIMARY KEY, address TEXT)")
        self.login("CREATE TABLE own_spam (address TEXT PRIMARY KEY)")
        self.login("CREATE TABLE store (address TEXT PRIMARY KEY, store TEXT)")
        self.login("CREATE TABLE thing (kind TEXT, key TEXT, body BLOB, PRIMARY KEY (kind, key))")
        self.login("CREATE TABLE answer (map TEXT, key TEXT, value TEXT, PRIMARY KEY (map, key))")
        for path in (self.home.directory, *self.home.directory.iterdir()):
            shutil.chown(path, "root", "dovecot")
            path.chmod(0o770 if path.is_dir() else 0o660)

    def login(self, statement: str, values: Sequence[object] = ()) -> None:
        """Change Dovecot's directory as the agent does."""
        with contextlib.closing(sqlite3.connect(self.home.directory_database, timeout=10)) as base:
            base.execute("PRAGMA journal_mode=WAL")
            with base:
                base.execute(statement, values)

    def start_guard(self, *more: str) -> None:
        """Start the guard and wait until it listens; `more`: further words for it."""
        self.launch_guard(*more)
        self.await_guard()

    def launch_guard(self, *more: str) -> None:
        """Start the guard and wait for nothing."""
        self.home.log.mkdir(exist_ok=True)
        self.home.guard_socket.unlink(missing_ok=True)
        with (self.home.log / "guard.said").open("ab") as out:
            self._running["guard"] = subprocess.Popen(
                [
                    sys.executable,
                    "-m",
                    "mailstead.mailplane.guard",
                    "--home",
                    str(self.home.root),
                    "--pages",
                    f"https://{self.settings.hostname}{HELP_PATH}",
                    "--logins",
                    str(self.port("logins")),
                    "--blocked",
                    f"https://{self.settings.hostname}{BLOCKED_PATH}",
                    "--blocking",
                    *more,
                ],
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=out,
            )

    def await_guard(self) -> None:
        """Wait until the guard listens."""
        until(self.home.guard_socket.exists, "the guard listens")
        until(lambda: self.listens("logins"), "the guard listens for Dovecot")

    def stop_guard(self, with_signal: int = signal.SIGTERM) -> None:
        """End the guard."""
        running = self._running.pop("guard")
        running.send_signal(with_signal)
        running.wait(15)

    def sending(self, owner: str, row: DomainSending | Ceilings) -> None:
        """What a domain's mailboxes, or one mailbox, may send."""
        self.login(
            "INSERT OR REPLACE INTO answer VALUES ('sending', ?, ?)", (owner, sending.body(row))
        )

    def start(self, engine: str) -> None:
        """Start `postfix` or `dovecot` as the supervisor does, and wait until it listens."""
        argv = postfix.command(self.mail) if engine == "postfix" else dovecot.command(self.store)
        _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
        said = self.home.log / f"{engine}.said"
        starts = self.log("postfix").count(_MASTER_READY)
        with said.open("wb") as out:
            running = subprocess.Popen(
                argv,
                env={
                    "PATH": "/usr/sbin:/usr/bin:/sbin:/bin",
                    "MAILSTEAD_HOME": str(self.home.root),
                },
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=out,
                start_new_session=True,
            )
        self._running[engine] = running

        def up(name: str) -> bool:
            if running.poll() is not None:
                raise AssertionError(f"{engine} ended: {said.read_text()}{self.log(engine)}")
            return self.listens(name)

        for name in ("smtp", "submission") if engine == "postfix" else ("imap", "managesieve"):
            until(lambda name=name: up(name), f"{engine} listens for {name}")
        if engine == "dovecot":
            until((self.home.dovecot_run / "lmtp").exists, "dovecot has its sockets")
        else:
            # master(8) listens for SMTP first; a flush before it listens for qmgr(8) is lost.
            until(
                lambda: self.log("postfix").count(_MASTER_READY) > starts, "postfix has its sockets"
            )

    def stop(self, engine: str, with_signal: int = signal.SIGTERM) -> None:
        """End an engine and leave none of its processes."""
        running = self._running.pop(engine, None)
        if running is None:
            return
        running.send_signal(with_signal)
        running.wait(15)
        self.end_leftovers(engine)

    def pid(self, engine: str) -> int:
        """The number of the process that the supervisor would watch."""
        return self._running[engine].pid

    def end_leftovers(self, engine: str) -> None:
        """What `mailstead.mailplane.node.launch` does before each start.

        Dovecot's sessions are patient: one that has just spoken lives on for ten seconds.
        """
        for number in self.processes(engine):
            with contextlib.suppress(ProcessLookupError):
                os.kill(number, signal.SIGKILL)
        until(lambda: not self.processes(engine), f"{engine}'s processes end")

    def processes(self, engine: str) -> set[int]:
        """Numbers of the running processes of an engine of this instance."""
        return (postfix if engine == "postfix" else dovecot).leftovers(self.home)

    def close(self) -> None:
        """End everything and remove the home."""
        for running in self._running.values():
            running.terminate()
        for running in self._running.values():
            running.wait(15)
        self._running.clear()
        for engine in ("postfix", "dovecot"):
            self.end_leftovers(engine)
        shutil.rmtree(self.home.root, ignore_errors=True)

    def port(self, name: str) -> int:
        """The port of a service."""
        return self.settings.ports.of(name)

    def listens(self, name: str) -> bool:
        """Whether somebody answers at a service's port."""
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", self.port(name))) == 0

    def log(self, engine: str) -> str:
        """The engine's log."""
        path = self.home.log / f"{engine}.log"
        return path.read_text(errors="replace") if path.exists() else ""

    # What there is

    def add(
        self,
        local: str,
        *,
        credential: int = 1,
        quota: int = 0,
        password: str = PASSWORD,
    ) -> str:
        """A mailbox that may do everything; returns its address."""
        address = f"{local}@{DOMAIN}"
        log_in = f"{address}/{credential}"
        self.maps.update("recipients", {address: "DUNNO"}, ())
        self.maps.update("senders", {address: log_in}, ())
        self.maps.update("credentials", {log_in: "submission_permitted"}, ())
        self.login(
            "INSERT OR REPLACE INTO login VALUES (?, ?, ?, 1, 1, ?, 0)",
            (address, f"{{PLAIN}}{password}", log_in, quota),
        )
        self.room.look_at([address])
        return address

    def refuse(self, log_in: str, reply: str) -> None:
        """Let a log-in send no more, with this reply."""
        code, enhanced, words = reply.split(" ", 2)
        self.maps.update("credentials", {log_in: str(Reply(int(code), enhanced, words))}, ())

    # Clients

    def smtp(self, service: str = "smtp", source: str = "127.0.0.1") -> smtplib.SMTP:
        """A session in which nothing has been said but EHLO."""
        if service == "submissions":
            session: smtplib.SMTP = smtplib.SMTP_SSL(
                "127.0.0.1", self.port(service), timeout=20, context=without_verification()
            )
        else:
            session = smtplib.SMTP(
                "127.0.0.1", self.port(service), timeout=20, source_address=(source, 0)
            )
        session.ehlo("client.example")
        return session

    def submission(
        self, address: str, password: str = PASSWORD, source: str = "127.0.0.1"
    ) -> smtplib.SMTP:
        """A submission session that has logged in, from an address of this machine."""
        session = self.smtp("submission", source)
        session.starttls(context=without_verification())
        session.ehlo("client.example")
        session.login(address, password)
        return session

    def deliver(self, recipient: str, body: str = "Hello", subject: str = "news") -> None:
        """A message from the world, taken by port 25."""
        with self.smtp() as session:
            session.sendmail(
                "far@away.example",
                [recipient],
                f"From: far@away.example\r\nTo: {recipient}\r\n"
                f"Subject: {subject}\r\n\r\n{body}\r\n",
            )

    def imap(
        self, address: str, password: str = PASSWORD, source: str = "127.0.0.1"
    ) -> imaplib.IMAP4_SSL:
        """An IMAP session that has logged in, from an address of this machine."""
        session = _Imap("127.0.0.1", self.port("imaps"), source)
        session.login(address, password)
        return session

    def pop3(self, address: str, password: str = PASSWORD) -> poplib.POP3_SSL:
        """A POP3 session that has logged in."""
        session = poplib.POP3_SSL(
            "127.0.0.1", self.port("pop3s"), context=without_verification(), timeout=20
        )
        session.user(address)
        session.pass_(password)
        return session

    def stored(self, address: str, folder: str = "") -> list[bytes]:
        """The messages of a folder, read from the disk."""
        local, _, domain = address.partition("@")
        place = self.home.mail / domain / local / "Maildir"
        place = place / f".{folder}" if folder else place
        return [
            path.read_bytes()
            for part in ("new", "cur")
            for path in sorted((place / part).glob("*"))
            if (place / part).exists()
        ]

    def arrives(self, address: str, text: bytes, folder: str = "", seconds: float = 20) -> bytes:
        """Wait for a message that holds `text`; returns it."""
        found: list[bytes] = []

        def there() -> bool:
            found[:] = [made for made in self.stored(address, folder) if text in made]
            return bool(found)

        until(there, f"{text!r} is at {address}/{folder or 'INBOX'}", seconds)
        return found[0]


def need_machine() -> None:
    """Fail early, in words, where the engines cannot run; make the mail user that `up` makes."""
    if os.geteuid() != 0:
        pytest.fail("The engines start as root: run these tests as root.", pytrace=False)
    try:
        pwd.getpwnam(dovecot_model.MAIL_USER)
    except KeyError:
        subprocess.run(
            ["useradd", "--system", "--no-create-home", "--shell", "/usr/sbin/nologin", "vmail"],
            check=True,
        )


@contextlib.contextmanager
def running_host(**changes: object) -> Iterator[Host]:
    """A host with both engines up; `changes` are settings that differ."""
    need_machine()
    settings = Settings(
        hostname="mail.node.example", ports=Ports(offset=free_offset()), spam=Spam(scan=False)
    )
    root = Path(tempfile.mkdtemp(prefix="ms-c", dir="/tmp"))
    host = Host(msgspec.structs.replace(settings, **changes), root)
    try:
        host.make()
        # Nobody asks the guard before all three are there.
        host.launch_guard()
        host.start("dovecot")
        host.start("postfix")
        host.await_guard()
        yield host
    finally:
        host.close()


@pytest.fixture(scope="session")
def host() -> Iterator[Host]:
    """One host for all tests of the engines; each test has mailboxes of its own."""
    with running_host() as made:
        yield made


@pytest.fixture
def own_host() -> Iterator[Host]:
    """A host for a test that stops or breaks an engine."""
    with running_host() as made:
        yield made
