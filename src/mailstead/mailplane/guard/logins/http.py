"""HTTP/1.1 as Dovecot's policy client speaks it, without sockets: octets in, octets out.

Parsing is h11's (RFC 9112). A connection stays open for any number of requests, which may come one
behind the other without waiting. Whatever is no request gets a 400 and the end.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import h11

MOST_HEAD = 8_192
"""Octets of a request's head; Dovecot's has 300."""
MOST_BODY = 16_384
"""Of its body; a log-in and a mail program may say long names."""


@dataclass(frozen=True, slots=True)
class Request:
    """One whole request."""

    method: str
    target: str
    authorization: str
    body: bytes


@dataclass(frozen=True, slots=True)
class Response:
    """What is answered; the body is JSON or empty."""

    status: int
    body: bytes = b""


@dataclass
class Exchange:
    """One connection."""

    answer: Callable[[Request], Response]
    over: bool = False
    """Nothing more is to be read: what `receive` gave is the last."""
    _http: h11.Connection = field(
        default_factory=lambda: h11.Connection(h11.SERVER, max_incomplete_event_size=MOST_HEAD)
    )
    _head: h11.Request | None = None
    _body: bytearray = field(default_factory=bytearray)

    def receive(self, octets: bytes) -> bytes:
        """What is to be sent for what has come; empty octets in: the other side has ended."""
        if self.over:
            return b""
        out = bytearray()
        try:
            self._http.receive_data(octets)
            while self._step(out):
                pass
        except h11.RemoteProtocolError as error:
            out += self._refuse(error.error_status_hint)
        return bytes(out)

    def _step(self, out: bytearray) -> bool:
        """Take one event; returns whether there may be another one."""
        event = self._http.next_event()
        if isinstance(event, h11.Request):
            self._head, self._body = event, bytearray()
        elif isinstance(event, h11.Data):
            self._body += event.data
            if len(self._body) > MOST_BODY:
                out += self._refuse(413)
        elif isinstance(event, h11.EndOfMessage):
            out += self._finish()
        elif isinstance(event, h11.ConnectionClosed):
            self.over = True
        else:
            return False
        return not self.over

    def _finish(self) -> bytes:
        head = self._head
        assert head is not None
        headers = {bytes(name): bytes(value) for name, value in head.headers}
        request = Request(
            method=head.method.decode("latin-1"),
            target=head.target.decode("latin-1"),
            authorization=headers.get(b"authorization", b"").decode("latin-1"),
            body=bytes(self._body),
        )
        out = self._send(self.answer(request))
        if self._http.our_state is h11.MUST_CLOSE:
            self.over = True
        else:
            self._http.start_next_cycle()
        return out

    def _refuse(self, status: int) -> bytes:
        """The last answer of all."""
        self.over = True
        if self._http.our_state not in (h11.IDLE, h11.SEND_RESPONSE):
            return b""
        return self._send(Response(status), closing=True)

    def _send(self, response: Response, *, closing: bool = False) -> bytes:
        headers = [("content-length", str(len(response.body)))]
        if response.body:
            headers.append(("content-type", "application/json"))
        if closing:
            headers.append(("connection", "close"))
        out = self._http.send(h11.Response(status_code=response.status, headers=headers)) or b""
        if response.body:
            out += self._http.send(h11.Data(data=response.body)) or b""
        return out + (self._http.send(h11.EndOfMessage()) or b"")
