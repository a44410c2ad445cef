"""The host of MTA-STS policies: HTTPS with a certificate of the lab's authority for each name."""

from __future__ import annotations

import socket
import ssl
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import TracebackType

from lab.certificates import Authority, certificate
from lab.dns_host import DnsHost
from lab.namespaces import Namespace

PATH = "/.well-known/mta-sts.txt"


class PolicyHost:
    """A server in a host of the lab, in a thread of this process. Use as a context manager."""

    def __init__(
        self, namespace: Namespace, folder: Path, dns: DnsHost, authority: Authority
    ) -> None:
        self._dns = dns
        self._authority = authority
        self._address = str(namespace.host.v4)
        self._folder = folder
        self._texts: dict[str, str] = {}
        self._contexts: dict[str, ssl.SSLContext] = {}
        folder.mkdir(parents=True, exist_ok=True)
        with namespace.entered():
            listening = socket.create_server((self._address, 443))
        self._server = _Server(listening, self._texts)
        self._server.socket = self._context("policies.invalid", known=False).wrap_socket(
            listening, server_side=True, do_handshake_on_connect=False
        )
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)

    def publish(self, domain: str, text: str, *, known: bool = True) -> None:
        """Publish a domain's policy; not `known`: with a certificate that nobody believes."""
        name = f"mta-sts.{domain}"
        self._texts[name] = text
        self._contexts[name] = self._context(name, known=known)
        self._dns.set(name, "A", self._address)
        self._dns.set_text(f"_mta-sts.{domain}", f"v=STSv1; id={abs(hash(text))};")

    def _context(self, name: str, *, known: bool) -> ssl.SSLContext:
        files = self._folder / f"{name}.pem", self._folder / f"{name}.key"
        make = self._authority.certificate if known else certificate
        make(name, *files)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(*files)
        context.sni_callback = self._choose
        return context

    def _choose(self, connection: ssl.SSLObject, name: str | None, _: ssl.SSLContext) -> None:
        context = self._contexts.get(name or "")
        if context is not None:
            connection.context = context

    def __enter__(self) -> PolicyHost:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._server.shutdown()
        self._server.server_close()


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, listening: socket.socket, texts: dict[str, str]) -> None:
        super().__init__(listening.getsockname(), _Handler, bind_and_activate=False)
        self.socket.close()
        self.texts = texts


class _Handler(BaseHTTPRequestHandler):
    server: _Server

    def do_GET(self) -> None:
        """The policy of the name that was asked for."""
        text = self.server.texts.get(self.headers.get("Host", ""))
        if self.path != PATH or text is None:
            self.send_error(404)
            return
        self.send_response(200)
        self.send_header("Content-Type", "text/plain")
        self.end_headers()
        self.wfile.write(text.encode())

    def log_message(self, *_: object) -> None:
        """Say nothing: a test's output is its own."""
