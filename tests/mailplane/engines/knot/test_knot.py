"""A real Knot serves what the directory says, answers while it reads anew, and does no more."""

from __future__ import annotations

import datetime as dt
import os
import subprocess
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import dns.exception
import dns.flags
import dns.message
import dns.query
import dns.rcode
import dns.zone
import msgspec
import pytest
from tests.support.ports import free_port

from mailstead.config import Dns, Ports, Settings
from mailstead.home import Home
from mailstead.mailplane.engines.files import write
from mailstead.mailplane.engines.knot import control, log, model, render
from mailstead.mailplane.engines.knot.control import ZoneFiles
from mailstead.mailplane.node.logs import rotate_due
from mailstead.standards.refusal import Refusal
from mailstead.wire.changes import ZonePut, ZoneRecord

pytestmark = pytest.mark.engines
HERE = "127.0.0.2"


def record(name: str, kind: str, value: str, ttl: int = 3600) -> ZoneRecord:
    return ZoneRecord(name=name, type=kind, ttl=ttl, value=value)


def zone(serial: int = 1, *more: ZoneRecord, name: str = "cars.example") -> ZonePut:
    return ZonePut(
        name=name,
        serial=serial,
        primary="ns1.host.example",
        contact="hostmaster.host.example",
        records=(
            record(name, "NS", "ns1.host.example."),
            record(name, "MX", "10 mx.host.example."),
            record(f"www.{name}", "A", "192.0.2.80"),
            *more,
        ),
    )


@dataclass
class Node:
    """A node that serves zones."""

    home: Home
    port: int
    files: ZoneFiles
    pid: int

    def ask(self, name: str, kind: str, *, recursive: bool = False) -> dns.message.Message:
        question = dns.message.make_query(name, kind)
        if not recursive:
            question.flags &= ~dns.flags.RD
        return dns.query.udp(question, HERE, port=self.port, timeout=5)

    def values(self, name: str, kind: str) -> list[str]:
        return [item.to_text() for rrset in self.ask(name, kind).answer for item in rrset]


@pytest.fixture
def node(tmp_path: Path) -> Iterator[Node]:
    port = free_port()
    home = Home(tmp_path / "h")
    home.log.mkdir(parents=True)
    # Knot gives up root's rights, and must still come in.
    for path in (tmp_path, *list(tmp_path.parents)[:3]):
        path.chmod(path.stat().st_mode | 0o011)
    settings = Settings(
        ports=Ports(resolver=port),
        dns=Dns(serve_on=(HERE,), secondaries=("127.0.0.3",)),
    )
    made = model.from_settings(settings, home)
    control_files = render.render(made)
    home.knot.mkdir()
    write(control_files)
    control.prepare(made)
    with (home.log / "knot.out").open("wb") as out:
        process = subprocess.Popen(control.command(made), stdout=out, stderr=out)
        try:
            ends = time.monotonic() + 20
            while not control.answers(made):
                assert time.monotonic() < ends and process.poll() is None
                time.sleep(0.05)
            yield Node(home, port, ZoneFiles(home), process.pid)
        finally:
            process.terminate()
            process.wait()


def test_a_zone_is_answered_for_from_its_coming_to_its_end(node: Node) -> None:
    assert node.ask("cars.example", "MX").rcode() == dns.rcode.REFUSED
    node.files.update({"cars.example": zone()}, ())
    assert node.values("cars.example", "MX") == ["10 mx.host.example."]
    answer = node.ask("cars.example", "SOA")
    assert answer.flags & dns.flags.AA and "hostmaster.host.example. 1 " in str(answer.answer[0])
    node.files.update({"cars.example": zone(2, record("cars.example", "TXT", '"a;b\\"c"'))}, ())
    assert node.values("cars.example", "TXT") == ['"a;b\\"c"']
    assert " 2 14400 " in node.values("cars.example", "SOA")[0]
    node.files.update({}, ["cars.example"])
    assert node.ask("cars.example", "MX").rcode() == dns.rcode.REFUSED


def test_a_snapshot_leaves_exactly_its_zones(node: Node) -> None:
    node.files.update({name: zone(name=name) for name in ("cars.example", "old.example")}, ())
    node.files.replace({"cars.example": zone(), "new.example": zone(name="new.example")})
    assert node.values("new.example", "MX") and node.values("cars.example", "MX")
    assert node.ask("old.example", "MX").rcode() == dns.rcode.REFUSED


def test_it_asks_nobody_and_gives_the_zone_to_secondaries_only(node: Node) -> None:
    node.files.update({"cars.example": zone()}, ())
    answer = node.ask("www.elsewhere.example", "A", recursive=True)
    assert answer.rcode() == dns.rcode.REFUSED and not answer.flags & dns.flags.RA

    def transfer(source: str) -> dns.zone.Zone:
        return dns.zone.from_xfr(
            dns.query.xfr(
                HERE, "cars.example", port=node.port, source=source, lifetime=10, relativize=False
            ),
            relativize=False,
        )

    assert len(list(transfer("127.0.0.3").iterate_rdatas())) == 4
    with pytest.raises((dns.exception.DNSException, OSError)):
        transfer("127.0.0.4")


def test_no_question_is_lost_while_zones_are_read_anew(node: Node) -> None:
    node.files.update({"cars.example": zone()}, ())
    lost: list[str] = []
    asked = 0
    stop = threading.Event()

    def keep_asking() -> None:
        nonlocal asked
        while not stop.is_set():
            try:
                if not node.values("cars.example", "MX"):
                    lost.append("no answer")
            except dns.exception.Timeout:
                lost.append("silence")
            asked += 1
            # Fewer than the rate at which one network is answered in full.
            stop.wait(0.01)

    thread = threading.Thread(target=keep_asking)
    thread.start()
    try:
        for serial in range(2, 22):
            other = f"other{serial}.example"
            node.files.update({"cars.example": zone(serial), other: zone(name=other)}, ())
    finally:
        stop.set()
        thread.join()
    assert asked > 20 and not lost
    assert " 21 14400 " in node.values("cars.example", "SOA")[0]


def test_a_zone_that_is_none_leaves_the_old_one(node: Node) -> None:
    node.files.update({"cars.example": zone()}, ())
    for wrong in (
        record("www.cars.example", "A", "not an address"),
        record("a\n$INCLUDE /etc/passwd", "A", "192.0.2.1"),
    ):
        node.files.update({"cars.example": zone(2, wrong)}, ())
        assert " 1 14400 " in node.values("cars.example", "SOA")[0]
        assert node.values("www.cars.example", "A") == ["192.0.2.80"]
        node.files.update({"cars.example": zone()}, ())


def test_a_log_that_was_put_aside_is_begun_anew(node: Node) -> None:
    now = dt.datetime.now(dt.UTC)
    path = node.home.log / "knot.log"
    path.write_bytes(b"of yesterday\n" + path.read_bytes())
    mark = path.with_name(".knot.log.begun")
    mark.touch()
    yesterday = now.timestamp() - 86400
    os.utime(mark, (yesterday, yesterday))
    assert rotate_due(node.home, {"knot": node.pid}, now, dt.timedelta(days=14)) == ["knot"]
    ends = time.monotonic() + 20
    serial = 1
    # An alias beside an address: Knot warns of it.
    alias = record("www.cars.example", "CNAME", "cars.example.")
    while not path.read_text(encoding="utf-8"):
        assert time.monotonic() < ends
        serial += 1
        node.files.update({"cars.example": zone(serial, alias)}, ())
    assert "of yesterday" not in path.read_text(encoding="utf-8")


@pytest.mark.parametrize(
    "change",
    [
        {"contact": "x y\nz"},
        {"name": "a..b"},
        {"records": (record("x.example", "TXT", '"open'),)},
        {"records": (record("x.example", "MX", "10 a. ; b\n$INCLUDE x"),)},
    ],
)
def test_nothing_that_is_no_record_gets_into_a_file(change: dict[str, object]) -> None:
    made = replace_in(zone(), change)
    try:
        text = render.zone_text(made)
    except Refusal as refusal:
        assert refusal.code == "zone-invalid"
    else:
        assert "INCLUDE" not in text
        assert len(text.splitlines()) == 1 + len(made.records)


def replace_in(made: ZonePut, change: dict[str, object]) -> ZonePut:
    return msgspec.structs.replace(made, **change)


def test_trouble_is_told() -> None:
    line = "2026-11-24T22:48:55+0000 error: [cars.example.] zone event 'load' failed (malformed)"
    assert log.problem(line) == "[cars.example.] zone event 'load' failed (malformed)"
    assert log.problem("2026-11-24T22:48:55+0000 notice: [cars.example.] loaded") is None
