"""Makes the house's hash of passwords whose hash came from another server, once they were right.

Purpose: mailboxes come with the hashes that they had. Only at a log-in is the password seen, by
    Dovecot, whose script (engines/dovecot/rehash.lua) hands it over here. It is compared with what
    the directory holds, so that nothing but a hash of the mailbox's password ever leaves.
Protocol: datagrams, `ADDRESS/NUMBER`, a newline, the password. None is answered.
Files: `<home>/run/rehash/door.sock`, to which root and Dovecot's user may write.
Security: passwords are in memory here for some milliseconds. None is written, logged or told, nor
    are the words of an error that might hold one. What is told is the new hash.
Known limits: a datagram that finds no room, or no agent, is lost; the next log-in brings another.
"""

from __future__ import annotations

import contextlib
import queue
import shutil
import socket
import sqlite3
import threading
import time
from contextlib import closing

import structlog

from mailstead.home import Home
from mailstead.mailplane.node.event_spool import EventSpool
from mailstead.standards import password as passwords
from mailstead.wire.events import PasswordRehashed

READER = "dovecot"
LONGEST = 1024
"""Octets of a datagram: an address, a number, and what crypt(3) takes at most."""
AGAIN_AFTER = 600.0
"""Seconds after which a log-in with a hash that is still the old one is looked at again."""
REMEMBERED = 20_000
"""Passwords that are not looked at again."""
WAITING = 5_000
"""New hashes that may wait to be told."""

log = structlog.get_logger("rehash")


class Rehasher:
    """The agent's thread for it; what it has made is taken by another."""

    def __init__(self, home: Home) -> None:
        self._home = home
        self._made: queue.SimpleQueue[PasswordRehashed] = queue.SimpleQueue()
        self._seen: dict[str, float] = {}
        """When each SMTP log-in was looked at last."""

    def tell(self, spool: EventSpool) -> None:
        """Put what was made since the last call into the spool, as far as it has room."""
        made = []
        for _ in range(min(self._made.qsize(), spool.room())):
            made.append(self._made.get_nowait())
        if made:
            spool.add(made)

    def run(self, stopping: threading.Event) -> None:
        """Listen until told to stop."""
        try:
            door = self._door()
        except (OSError, LookupError) as error:
            log.error("nobody can hand over passwords", words=str(error))
            return
        with closing(door):
            while not stopping.is_set():
                with contextlib.suppress(TimeoutError):
                    self.take(door.recv(LONGEST + 1))

    def _door(self) -> socket.socket:
        path = self._home.rehash_socket
        path.parent.mkdir(parents=True, exist_ok=True)
        path.parent.chmod(0o700)
        path.unlink(missing_ok=True)
        door = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        door.bind(str(path))
        # Of Dovecot's user: its auth workers have given up every other right.
        path.chmod(0o600)
        shutil.chown(path, READER, READER)
        shutil.chown(path.parent, "root", READER)
        path.parent.chmod(0o710)
        door.settimeout(0.5)
        return door

    def take(self, datagram: bytes) -> None:
        """Look at one password, whatever it is."""
        name, _, password = datagram.partition(b"\n")
        try:
            self._look(name.decode(), password, too_long=len(datagram) > LONGEST)
        except sqlite3.Error as error:
            log.warning("cannot read the directory", words=str(error))
        except (ValueError, RuntimeError, OSError) as error:
            # Its words might hold what nobody may read.
            log.error("cannot look at a password", kind=type(error).__name__)

    def _look(self, log_in: str, password: bytes, *, too_long: bool) -> None:
        address, _, number = log_in.rpartition("/")
        now = time.monotonic()
        if too_long or not number.isdecimal() or not password or b"\0" in password:
            return
        if now - self._seen.get(log_in, -AGAIN_AFTER) < AGAIN_AFTER:
            return
        if self._made.qsize() >= WAITING:
            return
        secret = self._secret(address, log_in)
        if secret is None or passwords.is_of_house(secret):
            return
        if len(self._seen) >= REMEMBERED:
            self._seen.clear()
        self._seen[log_in] = now
        if not passwords.verify(password, secret):
            log.warning("a password does not fit its hash", mailbox=address)
            return
        event, at = EventSpool.identity()
        self._made.put(
            PasswordRehashed(
                id=event,
                at=at,
                mailbox=address,
                credential=int(number),
                secret=passwords.rehashed(password),
            )
        )

    def _secret(self, address: str, log_in: str) -> str | None:
        """The hash of this password, as long as it opens the mailbox."""
        path = f"file:{self._home.directory_database}?mode=ro"
        with closing(sqlite3.connect(path, uri=True, timeout=5)) as reader:
            row = reader.execute(
                "SELECT secret FROM login WHERE address = ? AND smtp_user = ? AND may_login = 1",
                (address, log_in),
            ).fetchone()
        return str(row[0]) if row else None
