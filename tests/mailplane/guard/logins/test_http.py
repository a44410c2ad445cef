"""What comes at the port: requests as Dovecot sends them, in every cut, and what is none."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailstead.mailplane.guard.logins.http import MOST_BODY, Exchange, Request, Response

BODY = b'{"login":"ann@here.example"}'


def post(body: bytes = BODY, target: str = "/?command=allow", more: str = "") -> bytes:
    return (
        f"POST {target} HTTP/1.1\r\nHost: 127.0.0.1:10028\r\nConnection: Keep-Alive\r\n"
        f"Authorization: Bearer k\r\nContent-Type: application/json\r\n"
        f"Content-Length: {len(body)}\r\n{more}\r\n"
    ).encode() + body


class Port:
    def __init__(self) -> None:
        self.seen: list[Request] = []
        self.exchange = Exchange(self.answer)

    def answer(self, request: Request) -> Response:
        self.seen.append(request)
        return Response(200, b'{"status":0}')

    def say(self, *parts: bytes) -> bytes:
        return b"".join(self.exchange.receive(part) for part in parts)


def test_a_connection_serves_many_requests() -> None:
    port = Port()
    for _ in range(50):
        said = port.say(post())
        assert said.startswith(b"HTTP/1.1 200 ") and said.endswith(b'\r\n\r\n{"status":0}')
    assert not port.exchange.over
    assert port.seen[0] == Request("POST", "/?command=allow", "Bearer k", BODY)


@given(st.lists(st.integers(1, 200), max_size=12), st.integers(1, 8))
def test_requests_behind_each_other_in_any_cut(cuts: list[int], count: int) -> None:
    port, whole = Port(), post() * count
    parts = []
    for cut in cuts:
        parts.append(whole[:cut])
        whole = whole[cut:]
    said = port.say(*[part for part in [*parts, whole] if part])
    assert len(port.seen) == count and said.count(b"HTTP/1.1 200 ") == count


def test_the_body_may_come_in_chunks() -> None:
    port = Port()
    head = b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
    assert b" 200 " in port.say(head, b"4\r\nabcd\r\n", b"2\r\nef\r\n0\r\n\r\n")
    assert port.seen[0].body == b"abcdef"


def test_who_asks_for_the_end_gets_it() -> None:
    port = Port()
    assert b" 200 " in port.say(post(more="").replace(b"Keep-Alive", b"close"))
    assert port.exchange.over and port.say(post()) == b""


@pytest.mark.parametrize(
    "octets",
    [
        b"\r\n\r\n\x00\x01nonsense\r\n\r\n",
        b"GET\r\n\r\n",
        b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n",
        b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nabcdef",
        b"POST / HTTP/1.1\r\n\r\n",
        b"POST / HTTP/1.1\r\nHost: x\r\nA b: c\r\n\r\n",
        b"POST / HTTP/1.1\r\nHost: x\r\nLong: " + b"a" * 100_000,
        post(b"x" * (MOST_BODY + 1)),
        b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nZZ\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"\x00" * 400 + b"\r\n\r\n",
    ],
)
def test_what_is_no_request_ends_the_connection(octets: bytes) -> None:
    port = Port()
    said = port.say(octets)
    assert port.seen == []
    assert port.exchange.over
    assert said == b"" or said.startswith((b"HTTP/1.1 4", b"HTTP/1.1 5"))
    # Nothing that follows is taken for a request.
    assert port.say(post()) == b"" and port.seen == []


def test_a_connection_that_ends_in_the_middle_is_no_request() -> None:
    port = Port()
    port.say(post()[:-3], b"")
    assert port.seen == [] and port.exchange.over


@given(st.binary(max_size=3_000))
def test_any_octets_end_in_an_answer_or_a_wait(octets: bytes) -> None:
    port = Port()
    port.say(octets, octets, b"")
    assert port.exchange.over or not octets
