"""The directory hands the zones on: one by one as they change, and all of a snapshot."""

from __future__ import annotations

import tempfile
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path

import pytest
from tests.mailplane.directory.test_incremental import MemoryMaps

from mailstead.home import Home
from mailstead.mailplane.directory.apply import Directory
from mailstead.mailplane.directory.check import compare
from mailstead.mailplane.directory.rebuild import rebuild
from mailstead.wire.changes import (
    AnyChange,
    DomainGone,
    DomainPut,
    Revision,
    ZoneGone,
    ZonePut,
    ZoneRecord,
)


class Served:
    """Where Knot would stand."""

    def __init__(self) -> None:
        self.zones: dict[str, ZonePut] = {}

    def update(self, puts: Mapping[str, ZonePut], gone: Collection[str]) -> None:
        self.zones.update(puts)
        for name in gone:
            self.zones.pop(name, None)

    def replace(self, zones: Mapping[str, ZonePut]) -> None:
        self.zones = dict(zones)


def zone(name: str, serial: int = 1) -> ZonePut:
    record = ZoneRecord(name=name, type="A", ttl=60, value=f"192.0.2.{serial}")
    return ZonePut(name=name, serial=serial, primary="ns1.x", contact="h.x", records=(record,))


@pytest.fixture
def node() -> Iterator[tuple[Directory, Served]]:
    maps, served = MemoryMaps(), Served()
    with tempfile.TemporaryDirectory(prefix="ms-z-") as folder:
        directory = Directory(Home(Path(folder)), maps, maps, maps, served)
        try:
            yield directory, served
        finally:
            directory.close()


def tell(directory: Directory, *changes: AnyChange) -> None:
    first = directory.revision + 1
    directory.apply([Revision(number=first + n, change=c) for n, c in enumerate(changes)])


def test_a_zone_comes_changes_and_goes(node: tuple[Directory, Served]) -> None:
    directory, served = node
    tell(directory, zone("cars.example"), zone("old.example"))
    tell(directory, zone("cars.example", 2))
    assert served.zones == {
        "cars.example": zone("cars.example", 2),
        "old.example": zone("old.example"),
    }
    tell(directory, ZoneGone(name="old.example"))
    assert list(served.zones) == ["cars.example"]


def test_a_zone_outlives_the_domain_of_its_name(node: tuple[Directory, Served]) -> None:
    directory, served = node
    tell(directory, DomainPut(name="cars.example", customer=1, active=True), zone("cars.example"))
    tell(directory, DomainGone(name="cars.example"))
    assert list(served.zones) == ["cars.example"]


def test_a_snapshot_brings_exactly_its_zones(node: tuple[Directory, Served]) -> None:
    directory, served = node
    tell(directory, zone("old.example"), zone("cars.example"))
    served.zones["stray.example"] = zone("stray.example")
    rebuild(directory, 9, [zone("cars.example", 2), zone("new.example")])
    directory.finish()
    assert served.zones == {
        "cars.example": zone("cars.example", 2),
        "new.example": zone("new.example"),
    }


def test_the_check_misses_a_zone_and_finds_a_stray_one(node: tuple[Directory, Served]) -> None:
    directory, _ = node
    home = Home(Path(directory.connection.execute("PRAGMA database_list").fetchone()[2]).parents[1])
    folder = home.knot / "zones"
    folder.mkdir(parents=True)
    (folder / "stray.example.zone").touch()
    found = [
        line for line in compare(home, directory.maps, [zone("cars.example")]) if "zone" in line
    ]
    assert found == [
        "zone: 'cars.example' is missing.",
        "zone: 'stray.example' should not be there.",
    ]
