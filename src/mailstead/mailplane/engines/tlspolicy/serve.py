"""Says how mail to a domain must be secured: DANE before MTA-STS, neither in place of the other.

Purpose: one process per node; Postfix's `smtp_tls_policy_maps`. mta-sts-daemon alone would answer
    for a domain that has both, and so let a good certificate pass where DANE says that it is the
    wrong one (RFC 8461 section 2 forbids that).
Protocol: socketmap (standards/socketmap.py) at `<home>/run/tlspolicy/policy.sock`. Not found:
    Postfix's own level (`dane`: opportunistic) holds. `secure match=…`: an MTA-STS policy that
    is enforced. `dane-only`: the same domain has DANE. A `TEMP` lets the message wait.
Files: none; answers are kept for a minute.
Security: starts as root, binds its socket, becomes mta-sts-daemon's user. Keys are domains that
    our users write to; replies are printable and short.
Diagnostics: a line for each answer that could not be given.
Known limits: a domain of which only some hosts have DANE gets its mail by these alone.
Settings: the resolver's port.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import ipaddress
import os
import pwd
import signal
import sys
import time
from pathlib import Path

import dns.asyncbackend
import dns.rdata

from mailstead.home import Home
from mailstead.mailplane.engines.mtasts.model import USER
from mailstead.mailplane.engines.tlspolicy.dane import Resolver, Unknown
from mailstead.standards import socketmap

KEEP = 60.0
"""Seconds; as long as mta-sts-daemon takes a policy for unchanged."""
MOST_KEPT = 20_000
PATIENCE = 30.0
"""Seconds for an answer of mta-sts-daemon, which may have to fetch a policy."""
RESTART = 5.0
"""Seconds in which mta-sts-daemon, started anew, is back."""
_AWAY = "The TLS policy of this domain cannot be learnt now"


class Policies:
    """Answers for domains, kept for a minute."""

    def __init__(self, daemon: Path, resolver: Resolver) -> None:
        self._daemon = daemon
        self._resolver = resolver
        self._kept: dict[str, tuple[float, bytes]] = {}

    async def answer(self, key: str) -> bytes:
        """The reply for a next hop of Postfix's."""
        domain = _domain(key)
        if not domain:
            return socketmap.not_found()
        ends, reply = self._kept.get(domain, (0.0, b""))
        if time.monotonic() < ends:
            return reply
        try:
            reply = await asyncio.wait_for(self._ask(domain), PATIENCE)
        except (Unknown, OSError, EOFError, TimeoutError, socketmap.NotSocketmap) as error:
            print(f"no policy for {domain!a}: {type(error).__name__}: {error!s:.200}", flush=True)
            return socketmap.for_now(_AWAY)
        if len(self._kept) >= MOST_KEPT:
            self._kept.clear()
        self._kept[domain] = (time.monotonic() + KEEP, reply)
        return reply

    async def _ask(self, domain: str) -> bytes:
        said = await self._ask_daemon(domain)
        if not said.startswith("OK "):
            return socketmap.not_found()
        if await self._resolver.has_dane(domain):
            return socketmap.found("dane-only")
        return socketmap.found(said.removeprefix("OK "))

    async def _ask_daemon(self, domain: str) -> str:
        reader, writer = await self._connect()
        try:
            writer.write(socketmap.request("postfix", domain))
            buffer = bytearray()
            while (text := socketmap.take_netstring(buffer)) is None:
                part = await reader.read(4096)
                if not part:
                    raise EOFError("mta-sts-daemon hung up")
                buffer += part
        finally:
            writer.close()
        said = text.decode("ascii", "replace")
        if not said.startswith(("OK secure ", "NOTFOUND")):
            raise socketmap.NotSocketmap(said[:80])
        return said

    async def _connect(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        ends = time.monotonic() + RESTART
        while True:
            try:
                return await asyncio.open_unix_connection(str(self._daemon))
            except OSError:
                if time.monotonic() > ends:
                    raise
                await asyncio.sleep(0.1)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection, as long as Postfix keeps it."""
        buffer = bytearray()
        with contextlib.suppress(ConnectionError, socketmap.NotSocketmap):
            while part := await reader.read(4096):
                buffer += part
                while (asked := socketmap.take(buffer)) is not None:
                    writer.write(await self.answer(asked[1]))
                    await writer.drain()
        writer.close()


def _domain(key: str) -> str:
    """The domain of a next hop; empty where none is: a named host is the operator's own choice."""
    domain, _, port = key.lower().partition(":")
    if key.startswith(("[", ".")) or (port and not port.isdigit()):
        return ""
    try:
        ipaddress.ip_address(domain)
    except ValueError:
        return domain if domain.isascii() and len(domain) <= 253 else ""
    return ""


async def run(home: Home, port: int) -> None:
    """Answer until told to end."""
    policies = Policies(home.mtasts_socket, Resolver(port=port))
    ended = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, ended.set)
    home.tlspolicy_socket.unlink(missing_ok=True)
    server = await asyncio.start_unix_server(policies.serve, str(home.tlspolicy_socket))
    # Every process of Postfix's, and nothing here is a secret.
    home.tlspolicy_socket.chmod(0o666)
    _become(USER)
    async with server:
        await ended.wait()


def _become(user: str) -> None:
    """Give root up; what is loaded later could not be read any more, so load it now."""
    dns.rdata.load_all_types()  # type: ignore[no-untyped-call]
    dns.asyncbackend.get_backend("asyncio")
    entry = pwd.getpwnam(user)
    os.setgroups([])
    os.setgid(entry.pw_gid)
    os.setuid(entry.pw_uid)


def main(arguments: list[str]) -> int:
    """Run until SIGTERM."""
    parser = argparse.ArgumentParser(prog="tlspolicy")
    parser.add_argument("--home", type=Path, required=True)
    parser.add_argument("--resolver", type=int, required=True)
    given = parser.parse_args(arguments)
    asyncio.run(run(Home(given.home), given.resolver))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
