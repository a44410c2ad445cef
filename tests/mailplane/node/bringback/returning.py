"""An old server that takes mail as it is told to, and the means to bring mail back to it."""

from __future__ import annotations

import contextlib
import datetime as dt
import socketserver
import subprocess
import sys
import threading
import time
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import msgspec

from mailstead.home import Home
from mailstead.mailplane.node.bringback.book import BringBackBook
from mailstead.mailplane.node.bringback.desk import book_path
from mailstead.mailplane.node.bringback.keep import path_of
from mailstead.mailplane.node.bringback.work import Counts, Done, counts, work
from mailstead.mailplane.node.copies.pace import Progress
from mailstead.wire import codec
from mailstead.wire.changes import BringBackPut
from mailstead.wire.moves import AnySource, CameFrom

HOSTNAME = "mail.node.example"


@dataclass
class Taken:
    """One message that the old server has said yes to, or was about to."""

    sender: str
    recipient: str
    text: bytes


@dataclass
class Sink:
    """What the old server has, and what it says to whom."""

    port: int = 0
    taken: list[Taken] = field(default_factory=list)
    refusals: dict[str, bytes] = field(default_factory=dict)
    """Beginning of a command to the answer that it gets."""
    answer: bytes = b"250 2.0.0 taken"
    pause: float = 0.0
    """Seconds between taking a message and saying so."""
    silent_after: int = -1
    """So many messages it answers; the next one it takes, and hangs up."""


@contextlib.contextmanager
def old_server() -> Iterator[Sink]:
    """An SMTP server that speaks as little as it may."""
    sink = Sink()

    class Talk(socketserver.StreamRequestHandler):
        def say(self, words: bytes) -> None:
            self.wfile.write(words + b"\r\n")

        def handle(self) -> None:
            self.say(b"220 mail.old.example")
            sender = recipient = ""
            while line := self.rfile.readline().strip():
                verb = line.split(b" ")[0].upper()
                refusal = next(
                    (
                        made
                        for start, made in sink.refusals.items()
                        if line.startswith(start.encode())
                    ),
                    None,
                )
                if refusal:
                    self.say(refusal)
                elif verb == b"EHLO":
                    self.say(b"250-mail.old.example\r\n250 8BITMIME")
                elif verb == b"MAIL":
                    sender = line.split(b"<")[1].split(b">")[0].decode()
                    self.say(b"250 ok")
                elif verb == b"RCPT":
                    recipient = line.split(b"<")[1].split(b">")[0].decode()
                    self.say(b"250 ok")
                elif verb == b"DATA":
                    self.say(b"354 go on")
                    if not self.data(sender, recipient):
                        return
                elif verb == b"QUIT":
                    self.say(b"221 bye")
                    return
                else:
                    self.say(b"250 ok")

        def data(self, sender: str, recipient: str) -> bool:
            text = b""
            while not text.endswith(b"\r\n.\r\n"):
                part = self.rfile.readline()
                if not part:
                    return False
                text += part
            if sink.answer.startswith(b"2"):
                body = text[:-3].replace(b"\r\n..", b"\r\n.")
                sink.taken.append(Taken(sender, recipient, body))
            if 0 <= sink.silent_after < len(sink.taken):
                return False
            time.sleep(sink.pause)
            self.say(sink.answer)
            return True

        def finish(self) -> None:
            with contextlib.suppress(OSError):
                super().finish()

    class Server(socketserver.ThreadingTCPServer):
        daemon_threads = True
        allow_reuse_address = True

        def handle_error(self, request: object, client_address: object) -> None:
            """A client that was killed is what the tests want."""

    with Server(("127.0.0.1", 0), Talk) as server:
        sink.port = server.server_address[1]
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        try:
            yield sink
        finally:
            server.shutdown()
            thread.join(10)


def delivery(address: str, number: int, at: dt.datetime, sender: str = "far@away.example") -> bytes:
    """A message as this node's Dovecot writes it into a mailbox."""
    date = at.strftime("%a, %d %b %Y %H:%M:%S +0000")
    return (
        f"Return-Path: <{sender}>\nDelivered-To: {address}\n"
        f"Received: from {HOSTNAME}\n\tby {HOSTNAME} with LMTP\n\tid id{number}\n"
        f"\t(envelope-from <{sender}>)\n\tfor <{address}>; {date}\n"
        f"From: {sender}\nSubject: number {number}\n\n.dot\nBody {number}\n"
    ).encode()


class Returning:
    """The return of one mailbox, in this process or one of its own."""

    def __init__(
        self,
        home: Home,
        address: str,
        port: int,
        *,
        since: dt.datetime,
        sources: tuple[tuple[int, AnySource], ...] = (),
        job: int = 1,
    ) -> None:
        for path in (home.mail, home.moves / "returns", home.log):
            path.mkdir(parents=True, exist_ok=True)
        if not home.settings_file.exists():
            home.settings_file.write_text(f'hostname = "{HOSTNAME}"\n')
        self.home = home
        self.put = BringBackPut(
            job=job,
            address=address,
            host="127.0.0.1",
            port=port,
            since=since,
            sources=tuple(CameFrom(copy=copy, source=source) for copy, source in sources),
            round=0,
        )
        local, _, domain = address.rpartition("@")
        self.maildir = home.mail / domain / local / "Maildir"
        self.book = BringBackBook(book_path(home))

    def next(self, **changes: object) -> BringBackPut:
        """The next round."""
        number = self.put.round + 1
        self.put = msgspec.structs.replace(self.put, round=number, **changes)
        return self.put

    def run(self, **changes: object) -> Done:
        """One round in this process."""
        progress = Progress(lambda progress: None, time.monotonic)
        return work(self.home, self.next(**changes), HOSTNAME, self.book, progress)

    def begin(self) -> subprocess.Popen[bytes]:
        """The present round in a process."""
        process = subprocess.Popen(
            [sys.executable, "-m", "mailstead.mailplane.node.bringback", "--home",
             str(self.home.root)],
            stdin=subprocess.PIPE,
        )  # fmt: skip
        assert process.stdin
        process.stdin.write(codec.encode(self.put) + b"\n")
        process.stdin.flush()
        return process

    @property
    def counts(self) -> Counts:
        """How far it is."""
        return counts(self.book, self.put.job)

    def kept(self) -> dict[str, bytes]:
        """The boxes of the file; none: there is no file."""
        path: Path = path_of(self.home, self.put.job)
        if not path.exists():
            return {}
        with zipfile.ZipFile(path) as archive:
            return {name: archive.read(name) for name in archive.namelist()}
