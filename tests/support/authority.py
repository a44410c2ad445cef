"""A certificate authority for tests: Debian's pebble (RFC 8555), and the DNS that it believes."""

from __future__ import annotations

import contextlib
import json
import os
import socket
import ssl
import subprocess
import tempfile
import urllib.request
from collections.abc import Iterator
from pathlib import Path

from tests.mailplane.engines.harness import until
from tests.support.ports import free_port

NONCES_REFUSED = 20
"""Percent of good nonces that it refuses all the same, as an authority may at any time."""


class Authority:
    """One authority; every name has the address 127.0.0.1 until `point` says otherwise."""

    def __init__(self, folder: Path, http: int, life: int, *, binding: bool) -> None:
        self.folder = folder
        self.http = http
        self.life = life
        self.binding = binding
        self.dns, self._manage, self._listen, self._manager = (free_port() for _ in range(4))
        self._running: list[subprocess.Popen[bytes]] = []

    @property
    def directory(self) -> str:
        """What goes into the settings."""
        return f"https://localhost:{self._listen}/dir"

    @property
    def ca_file(self) -> Path:
        """What to trust when speaking to it."""
        return self.folder / "own.pem"

    def start(self) -> None:
        """Start it and its DNS."""
        subprocess.run(
            ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256",
             "-nodes", "-days", "2", "-subj", "/CN=localhost", "-addext",
             "subjectAltName=DNS:localhost", "-keyout", str(self.folder / "own.key"),
             "-out", str(self.ca_file)],
            check=True, capture_output=True,
        )  # fmt: skip
        settings = {
            "listenAddress": f"127.0.0.1:{self._listen}",
            "managementListenAddress": f"127.0.0.1:{self._manager}",
            "certificate": str(self.ca_file),
            "privateKey": str(self.folder / "own.key"),
            "httpPort": self.http,
            "tlsPort": 1,
            "ocspResponderURL": "",
            "certificateValidityPeriod": self.life,
            "externalAccountBindingRequired": self.binding,
            "externalAccountMACKeys": {"key-1": "zWNDZM6eQGHWpSRTPal5eIUYFTu7EajVIoguysqZ9wG44nMEt"
                                       "x3MUAsUDkMTQ12W"} if self.binding else {},
            "domainBlocklist": ["blocked.example"],
        }  # fmt: skip
        (self.folder / "pebble.json").write_text(json.dumps({"pebble": settings}))
        self._run(
            "pebble-challtestsrv", "-dns01", f"127.0.0.1:{self.dns}", "-http01", "",
            "-https01", "", "-tlsalpn01", "", "-defaultIPv6", "",
            "-management", f"127.0.0.1:{self._manage}",
        )  # fmt: skip
        until(lambda: self._answers(self._manage), "the authority's DNS answers")
        self.up()

    def up(self) -> None:
        """Start the authority itself."""
        self._run(
            "pebble", "-config", str(self.folder / "pebble.json"),
            "-dnsserver", f"127.0.0.1:{self.dns}", "-strict",
        )  # fmt: skip
        until(lambda: self._answers(self._listen), "the authority answers")

    def down(self) -> None:
        """Let it be away."""
        self._end(self._running.pop())

    def close(self) -> None:
        """End all of it."""
        while self._running:
            self._end(self._running.pop())

    def point(self, name: str, *addresses: str) -> None:
        """Where a name points to from now on."""
        self._tell("clear-a", host=name)
        self._tell("add-a", host=name, addresses=list(addresses))

    def allow(self, domain: str, *issuers: str) -> None:
        """Set a domain's CAA records."""
        self._tell(
            "add-caa",
            host=domain,
            policies=[{"tag": "issue", "value": issuer} for issuer in issuers],
        )

    def roots(self) -> str:
        """What clients of the names must trust, in PEM."""
        context = ssl.create_default_context(cafile=self.ca_file)
        url = f"https://localhost:{self._manager}/roots/0"
        with urllib.request.urlopen(url, context=context, timeout=10) as answer:
            return str(answer.read().decode())

    def _tell(self, what: str, **body: object) -> None:
        data = json.dumps(body).encode()
        url = f"http://127.0.0.1:{self._manage}/{what}"
        with urllib.request.urlopen(url, data=data, timeout=10):
            pass

    def _run(self, *command: str) -> None:
        environment = {
            **os.environ,
            "PEBBLE_VA_NOSLEEP": "1",
            # Each order is proved anew.
            "PEBBLE_AUTHZREUSE": "0",
            "PEBBLE_WFE_NONCEREJECT": str(NONCES_REFUSED),
        }
        with (self.folder / f"{command[0]}.log").open("ab") as said:
            self._running.append(
                subprocess.Popen(command, env=environment, stdout=said, stderr=said)
            )

    def _end(self, process: subprocess.Popen[bytes]) -> None:
        process.terminate()
        process.wait(10)

    def _answers(self, port: int) -> bool:
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", port)) == 0


@contextlib.contextmanager
def running_authority(
    http: int, *, life: int = 90 * 86400, binding: bool = False
) -> Iterator[Authority]:
    """An authority that looks for proofs at port `http`; certificates last `life` seconds."""
    with tempfile.TemporaryDirectory(prefix="ms-acme") as folder:
        made = Authority(Path(folder), http, life, binding=binding)
        try:
            made.start()
            yield made
        finally:
            made.close()
