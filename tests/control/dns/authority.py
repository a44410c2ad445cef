"""Real authoritative servers whose zone may be changed: Knot by RFC 2136, PowerDNS by its API."""

from __future__ import annotations

import json
import sqlite3
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import dns.exception
import dns.message
import dns.query
import dns.rdatatype
import dns.tsigkeyring
import dns.zone

from tests.support.ports import free_port

ZONE = """$ORIGIN cars.example.
$TTL 3600
@ IN SOA ns1.cars.example. hostmaster.cars.example. 1 3600 600 604800 300
@ IN NS ns1.cars.example.
ns1 IN A 127.0.0.1
@ 300 IN A 192.0.2.80
@ IN AAAA 2001:db8::80
www 300 IN CNAME cars.example.
@ 7200 IN MX 10 mx.before.example.
@ 7200 IN MX 20 mx2.before.example.
@ 600 IN TXT "v=spf1 include:_spf.letters.example -all"
@ 600 IN TXT "some-site-verification=abc; x=\\"y\\""
shop IN TXT "v=spf1 -all"
_sip._tcp IN SRV 10 20 5060 sip.cars.example.
@ IN CAA 0 issue "ca.example"
"""
"""A zone of Carl's with more in it than mail."""

KNOT = "/usr/sbin/knotd"
POWERDNS = "/usr/sbin/pdns_server"
KEY = "c2VjcmV0IG9mIHRoZSB0ZXN0cywgbm90IG9mIGFueWJvZHk="
API_KEY = "the-api-key-of-the-tests"


@contextmanager
def knot(folder: Path, zone: str, records: str) -> Iterator[dict[str, str]]:
    """Knot serves the zone; yields the credentials for transfer and change."""
    port = free_port()
    (folder / "zones").mkdir()
    (folder / "run").mkdir()
    (folder / "zones" / f"{zone}.zone").write_text(records, encoding="utf-8")
    config = folder / "knot.conf"
    config.write_text(
        f'server:\n  listen: 127.0.0.1@{port}\n  rundir: "{folder}/run"\n'
        f'database:\n  storage: "{folder}/db"\n'
        f"log:\n  - target: stderr\n    any: info\n"
        f"key:\n  - id: push.\n    algorithm: hmac-sha256\n    secret: {KEY}\n"
        "acl:\n  - id: push\n    key: push.\n    action: [transfer, update]\n"
        "  - id: tests\n    address: 127.0.0.1\n    action: transfer\n"
        f'zone:\n  - domain: {zone}\n    storage: "{folder}/zones"\n    acl: [push, tests]\n'
        "    zonefile-load: whole\n    journal-content: none\n",
        encoding="utf-8",
    )
    with (folder / "knot.log").open("wb") as log:
        process = subprocess.Popen([KNOT, "-c", str(config)], stderr=log, stdout=log)
        try:
            _wait(process, port, zone)
            yield {
                "host": "127.0.0.1",
                "port": str(port),
                "key_name": "push",
                "key_algorithm": "hmac-sha256",
                "key_secret": KEY,
            }
        finally:
            process.terminate()
            process.wait()


@contextmanager
def powerdns(folder: Path, zone: str, records: str) -> Iterator[dict[str, str]]:
    """PowerDNS serves the zone; yields the credentials of its API, and its port as `dns`."""
    port, api = free_port(), free_port()
    database = folder / "pdns.sqlite3"
    schema = Path("/usr/share/pdns-backend-sqlite3/schema/schema.sqlite3.sql")
    with sqlite3.connect(database) as made:
        made.executescript(schema.read_text(encoding="utf-8"))
    command = [
        POWERDNS,
        f"--config-dir={folder}",
        "--daemon=no",
        "--guardian=no",
        "--launch=gsqlite3",
        f"--gsqlite3-database={database}",
        "--local-address=127.0.0.1",
        f"--local-port={port}",
        f"--socket-dir={folder}",
        "--api=yes",
        f"--api-key={API_KEY}",
        "--webserver=yes",
        f"--webserver-port={api}",
        "--webserver-allow-from=127.0.0.1",
        "--disable-axfr=no",
        "--allow-axfr-ips=127.0.0.1",
        "--cache-ttl=0",
        "--query-cache-ttl=0",
        "--negquery-cache-ttl=0",
        "--zone-cache-refresh-interval=0",
    ]
    with (folder / "pdns.log").open("wb") as log:
        process = subprocess.Popen(command, stderr=log, stdout=log)
        try:
            _create(process, api, zone, records)
            _wait(process, port, zone)
            yield {
                "host": "127.0.0.1",
                "port": str(api),
                "scheme": "http",
                "api_key": API_KEY,
                "dns": str(port),
            }
        finally:
            process.terminate()
            process.wait()


def _create(process: subprocess.Popen[bytes], api: int, zone: str, records: str) -> None:
    body = {"name": f"{zone}.", "kind": "Native", "zone": records}
    request = urllib.request.Request(
        f"http://127.0.0.1:{api}/api/v1/servers/localhost/zones",
        data=json.dumps(body).encode(),
        headers={"X-API-Key": API_KEY, "Content-Type": "application/json"},
        method="POST",
    )
    ends = time.monotonic() + 20
    while time.monotonic() < ends:
        assert process.poll() is None, "PowerDNS has ended"
        try:
            urllib.request.urlopen(request, timeout=5).close()
            return
        except urllib.error.HTTPError:
            raise
        except OSError:
            time.sleep(0.05)
    raise AssertionError("PowerDNS does not answer")


def transferred(port: int, zone: str) -> set[str]:
    """Every record of the zone as the server gives it away, the SOA aside."""
    found = dns.zone.from_xfr(
        dns.query.xfr("127.0.0.1", zone, port=port, lifetime=10, relativize=False),
        relativize=False,
    )
    return {
        f"{name} {ttl} {dns.rdatatype.to_text(data.rdtype)} {data.to_text()}"
        for name, ttl, data in found.iterate_rdatas()
        if data.rdtype != dns.rdatatype.SOA
    }


def _wait(process: subprocess.Popen[bytes], port: int, zone: str) -> None:
    ends = time.monotonic() + 20
    question = dns.message.make_query(zone, "SOA")
    while time.monotonic() < ends:
        assert process.poll() is None, "the server has ended"
        try:
            if dns.query.udp(question, "127.0.0.1", timeout=0.2, port=port).answer:
                return
        except (dns.exception.Timeout, OSError):
            pass
        time.sleep(0.05)
    raise AssertionError("the server does not answer for the zone")
