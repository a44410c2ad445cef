"""Real DNS servers for tests: unbound on a port of its own, with exactly the records given."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import dns.exception
import dns.message
import dns.query

from tests.support.ports import free_port

UNBOUND = "/usr/sbin/unbound"


@contextmanager
def unbound(
    folder: Path, zones: Sequence[str], records: Sequence[str], more: str = ""
) -> Iterator[int]:
    """Answers for `zones` from `records` alone; yields its port. `more` ends the file."""
    port = free_port()
    lines = [f'  local-zone: "{zone}." static' for zone in zones]
    lines += [f"  local-data: '{record}'" for record in records]
    config = folder / f"unbound-{port}.conf"
    config.write_text(
        f'server:\n  directory: "{folder}"\n  chroot: ""\n  username: ""\n  pidfile: ""\n'
        f'  use-syslog: no\n  logfile: "{folder}/unbound-{port}.log"\n  do-daemonize: no\n'
        f"  interface: 127.0.0.1\n  port: {port}\n  access-control: 127.0.0.0/8 allow\n"
        '  do-not-query-localhost: no\n  module-config: "iterator"\n  num-threads: 1\n'
        "  local-zone: example. transparent\n"
        + "\n".join(lines)
        + f"\nremote-control:\n  control-enable: no\n{more}",
        encoding="utf-8",
    )
    process = subprocess.Popen([UNBOUND, "-d", "-c", str(config)], stderr=subprocess.DEVNULL)
    try:
        _wait(port, process)
        yield port
    finally:
        process.terminate()
        process.wait()


def _wait(port: int, process: subprocess.Popen[bytes]) -> None:
    ends = time.monotonic() + 10
    question = dns.message.make_query("localhost", "A")
    while time.monotonic() < ends:
        assert process.poll() is None, "unbound has ended"
        try:
            dns.query.udp(question, "127.0.0.1", timeout=0.2, port=port)
            return
        except (dns.exception.Timeout, OSError):
            time.sleep(0.05)
    raise AssertionError("unbound does not answer")
