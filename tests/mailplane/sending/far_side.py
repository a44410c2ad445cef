"""A receiver that says what a test wants, by the address that speaks to it."""

from __future__ import annotations

import contextlib
import random
import socket
import socketserver
import threading
from collections.abc import Callable
from pathlib import Path

Say = Callable[[str, str], str]
"""Client's address and command (`CONNECT`, `RCPT`, `DATA`) to a reply; empty: taken."""


class FarSide:
    """Listens at port 25 of a loopback address of its own; recipients are `name@[address]`."""

    def __init__(self, say: Say) -> None:
        self.say = say
        self.taken: list[tuple[str, str, str]] = []
        """Client's address, HELO name, recipient."""
        self.refused: list[tuple[str, str]] = []
        self.lock = threading.Lock()
        while True:
            self.address = f"127.{random.randint(20, 250)}.{random.randint(1, 250)}.9"
            with contextlib.suppress(OSError):
                self._server = _Server((self.address, 25), _Session)
                break
        self._server.far = self
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def recipient(self, name: str) -> str:
        """An address here."""
        return f"{name}@[{self.address}]"

    def close(self) -> None:
        """Listen no more."""
        self._server.shutdown()
        self._server.server_close()


class _Server(socketserver.ThreadingTCPServer):
    daemon_threads = True
    allow_reuse_address = True
    request_queue_size = 100
    far: FarSide


class _Session(socketserver.StreamRequestHandler):
    def handle(self) -> None:
        with contextlib.suppress(OSError):
            self._talk()

    def _talk(self) -> None:
        assert isinstance(self.server, _Server)
        far, client = self.server.far, str(self.client_address[0])
        self.request.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        greeting = far.say(client, "CONNECT")
        self._reply(greeting or "220 far.example ESMTP")
        if greeting:
            return
        helo, recipients = "", []
        for raw in self.rfile:
            line = raw.decode("ascii", "replace").strip()
            word = line[:4].upper()
            if word in ("EHLO", "HELO"):
                helo = line[5:]
                self._reply("250-far.example\r\n250 PIPELINING")
            elif word == "RCPT":
                recipient = line.partition("<")[2].partition(">")[0]
                answer = far.say(client, "RCPT")
                if answer:
                    far.refused.append((client, recipient))
                else:
                    recipients.append(recipient)
                self._reply(answer or "250 ok")
            elif word == "DATA":
                if not recipients:
                    self._reply("554 no recipients")
                    continue
                self._reply("354 go on")
                while (text := self.rfile.readline()) and text.rstrip(b"\r\n") != b".":
                    pass
                answer = far.say(client, "DATA")
                with far.lock:
                    for recipient in recipients:
                        if answer:
                            far.refused.append((client, recipient))
                        else:
                            far.taken.append((client, helo, recipient))
                recipients = []
                self._reply(answer or "250 taken")
            elif word == "QUIT":
                self._reply("221 bye")
                return
            else:
                recipients = [] if word == "RSET" else recipients
                self._reply("250 ok")

    def _reply(self, text: str) -> None:
        self.wfile.write(text.encode() + b"\r\n")


class _NoPolicy(socketserver.StreamRequestHandler):
    def handle(self) -> None:
        while size := self.rfile.read(1):
            while (more := self.rfile.read(1)) != b":":
                size += more
            self.rfile.read(int(size) + 1)
            self.wfile.write(b"9:NOTFOUND ,")


class NoPolicies(socketserver.ThreadingUnixStreamServer):
    """Stands where the node's TLS policies are asked for, and knows none."""

    daemon_threads = True

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        super().__init__(str(path), _NoPolicy)
        path.parent.chmod(0o755)
        path.chmod(0o666)
        threading.Thread(target=self.serve_forever, daemon=True).start()

    def close(self) -> None:
        """Listen no more."""
        self.shutdown()
        self.server_close()
