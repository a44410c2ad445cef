"""A way to another node by TLS for programs that speak without it.

doveadm can do TLS itself; but Dovecot 2.3's client now and then leaves what it has received in its
TLS layer and waits for more, while the other side waits for its answer (docs/decisions/0045).
"""

from __future__ import annotations

import asyncio
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from mailstead.wire.moves import NodeSource

AT_ONCE = 2**16
"""Octets that are passed on at once."""
PATIENCE = 20.0
"""Seconds in which the other node must have answered, and what was said be through at the end."""
GOODBYE = 5.0
"""Seconds for which the other side's end of TLS is waited for (RFC 8446 §6.1)."""


class Tunnel:
    """A port of this machine alone, each connection to which is one to the other node."""

    def __init__(self, source: NodeSource, context: ssl.SSLContext) -> None:
        self._source, self._context = source, context
        self._tasks: set[asyncio.Task[None]] = set()
        self.port = 0
        self.fault = ""
        """Why the last connection could not be made."""

    async def open(self) -> asyncio.Server:
        """Listen, from now on."""
        server = await asyncio.start_server(self._came, "127.0.0.1", 0)
        self.port = server.sockets[0].getsockname()[1]
        return server

    async def close(self, server: asyncio.Server) -> None:
        """End it when all is passed on that was said, or cannot be."""
        server.close()
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=PATIENCE)
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _came(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        try:
            await self._lead(reader, writer)
        finally:
            self._tasks.discard(task)
            writer.close()

    async def _lead(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        host, port = self._source.host, self._source.port
        self.fault = ""
        try:
            far_reader, far_writer = await asyncio.wait_for(
                asyncio.open_connection(
                    host, port, ssl=self._context, ssl_shutdown_timeout=GOODBYE
                ),
                PATIENCE,
            )
        except TimeoutError:
            self.fault = f"{host}:{port} does not answer"
            return
        except (OSError, UnicodeError) as error:
            self.fault = f"{host}:{port}: {error}"
            return
        try:
            await asyncio.gather(_pass_on(reader, far_writer), _pass_on(far_reader, writer))
        except OSError:
            return  # whoever has spoken last sees that it is over
        finally:
            far_writer.close()


async def _pass_on(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while part := await reader.read(AT_ONCE):
        writer.write(part)
        await writer.drain()
    writer.close()


def context_of(source: NodeSource) -> ssl.SSLContext:
    """What the other node must prove: that it has the certificate which it has told, or one of the
    authorities. Raises `OSError`, `ValueError` for what is none."""
    if not source.certificate:
        return ssl.create_default_context(cafile=source.authority or None)
    context = ssl.create_default_context(cadata=source.certificate)
    context.verify_flags |= ssl.VerifyFlags.VERIFY_X509_PARTIAL_CHAIN
    return context


@contextmanager
def tunnel(source: NodeSource, context: ssl.SSLContext) -> Iterator[Tunnel]:
    """One as long as it is used. Raises `OSError`."""
    loop, made = asyncio.new_event_loop(), Tunnel(source, context)
    thread = threading.Thread(target=loop.run_forever, name="tunnel", daemon=True)
    thread.start()
    try:
        server = asyncio.run_coroutine_threadsafe(made.open(), loop).result()
        try:
            yield made
        finally:
            asyncio.run_coroutine_threadsafe(made.close(server), loop).result()
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()
