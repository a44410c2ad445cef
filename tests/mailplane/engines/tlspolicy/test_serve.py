"""The server of TLS policies: what it says to Postfix, whatever stands behind it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from mailstead.mailplane.engines.tlspolicy import serve
from mailstead.mailplane.engines.tlspolicy.dane import Resolver, Unknown
from mailstead.standards import socketmap

SECURE = "OK secure match=mx.far.example servername=hostname"
TEMP = socketmap.for_now(serve._AWAY)


class Zone(Resolver):
    """A resolver that knows which domains have DANE; `broken` ones cannot be learnt."""

    async def has_dane(self, domain: str) -> bool:
        if domain.startswith("broken"):
            raise Unknown("SERVFAIL")
        return domain.startswith("dane")


async def daemon(path: Path, say: str, asked: list[str]) -> asyncio.Server:
    """Something that answers as mta-sts-daemon."""

    async def one(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        asked.append((await reader.read(500)).decode())
        writer.write(socketmap.netstring(say))
        await writer.drain()
        writer.close()
        await writer.wait_closed()

    return await asyncio.start_unix_server(one, str(path))


def answers(tmp_path: Path, say: str, *keys: str) -> tuple[list[bytes], list[str]]:
    """The replies for some keys, and what the daemon was asked."""

    async def run() -> tuple[list[bytes], list[str]]:
        asked: list[str] = []
        path = tmp_path / "daemon.sock"
        async with await daemon(path, say, asked):
            policies = serve.Policies(path, Zone())
            return [await policies.answer(key) for key in keys], asked

    return asyncio.run(run())


@pytest.mark.parametrize(
    ("key", "say", "reply"),
    [
        ("far.example", "NOTFOUND ", socketmap.not_found()),
        ("far.example", SECURE, socketmap.found(SECURE.removeprefix("OK "))),
        ("dane.example", SECURE, socketmap.found("dane-only")),
        ("dane.example", "NOTFOUND ", socketmap.not_found()),
        ("broken.example", SECURE, TEMP),
        ("far.example", "OK none", TEMP),
        ("far.example", "PERM what", TEMP),
    ],
)
def test_dane_comes_first_and_doubt_lets_mail_wait(
    tmp_path: Path, key: str, say: str, reply: bytes
) -> None:
    assert answers(tmp_path, say, key)[0] == [reply]


@pytest.mark.parametrize("key", ["[mx.far.example]:587", ".example", "192.0.2.1", "", "a:b:c"])
def test_a_host_that_the_operator_named_has_no_policy(tmp_path: Path, key: str) -> None:
    assert answers(tmp_path, SECURE, key) == ([socketmap.not_found()], [])


def test_an_answer_is_kept_but_doubt_is_not(tmp_path: Path) -> None:
    assert len(answers(tmp_path, SECURE, "far.example", "FAR.example", "far.example:25")[1]) == 1
    assert len(answers(tmp_path, SECURE, "broken.example", "broken.example")[1]) == 2


def test_without_the_daemon_mail_waits(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(serve, "RESTART", 0.0)
    policies = serve.Policies(tmp_path / "nobody.sock", Zone())
    assert asyncio.run(policies.answer("far.example")) == TEMP


def talk(tmp_path: Path, say: Callable[[asyncio.StreamWriter], Awaitable[None]]) -> bytes:
    """What a client is told that says something; the daemon is asked for nothing."""

    async def run() -> bytes:
        path = tmp_path / "policy.sock"
        policies = serve.Policies(tmp_path / "nobody.sock", Zone())
        async with await asyncio.start_unix_server(policies.serve, str(path)):
            reader, writer = await asyncio.open_unix_connection(str(path))
            await say(writer)
            writer.write_eof()
            said = await reader.read()
            writer.close()
            await writer.wait_closed()
            return said

    return asyncio.run(run())


def test_a_connection_is_kept_however_long_nothing_is_asked(tmp_path: Path) -> None:
    async def say(writer: asyncio.StreamWriter) -> None:
        for _ in range(3):
            writer.write(socketmap.request("tls", "[192.0.2.1]"))
            await writer.drain()
            # Longer than any pause of the server's own, of which it has none.
            await asyncio.sleep(0)

    assert talk(tmp_path, say) == socketmap.not_found() * 3


def test_whoever_does_not_speak_the_protocol_is_hung_up_on(tmp_path: Path) -> None:
    async def say(writer: asyncio.StreamWriter) -> None:
        writer.write(b"GET / HTTP/1.1\r\n")

    assert talk(tmp_path, say) == b""
