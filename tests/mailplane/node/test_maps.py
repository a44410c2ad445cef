"""Postfix's map of senders and Rspamd's files beside it say the same, whatever became of one."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from mailstead.home import Home
from mailstead.mailplane.engines.postfix.control import Postmap
from mailstead.mailplane.engines.rspamd.senders import SenderFiles
from mailstead.mailplane.node.maps import NodeMaps

ANN = {"ann@x.example": "ann@x.example/1"}


@pytest.fixture
def home(tmp_path: Path) -> Home:
    made = Home(tmp_path)
    made.maps.mkdir(parents=True)
    main = made.postfix / "main.cf"
    main.write_text("compatibility_level = 3.6\nlmdb_map_size = 268435456\n")
    # Postfix waits up to two seconds when main.cf may still be being written.
    os.utime(main, (0, 0))
    Postmap(made).create()
    return made


def test_a_change_of_senders_reaches_both(home: Home) -> None:
    maps = NodeMaps(home)
    maps.fill()
    maps.update("senders", {**ANN, "bob@x.example": "bob@x.example/2"}, ())
    maps.update("senders", {}, ["bob@x.example"])
    maps.update("aliases", {"info@x.example": "ann@x.example"}, ())
    assert SenderFiles(home).dump() == Postmap(home).dump("senders") == ANN
    assert list(maps.differences()) == []


def test_a_node_of_an_earlier_version_gets_the_files_from_its_map(home: Home) -> None:
    Postmap(home).update("senders", ANN, ())
    NodeMaps(home).fill()
    assert SenderFiles(home).complete
    assert SenderFiles(home).dump() == ANN


def test_what_differs_is_told_and_mended_when_the_directory_compares(home: Home) -> None:
    maps = NodeMaps(home)
    maps.fill()
    maps.update("senders", ANN, ())
    SenderFiles(home).update({"eve@x.example": "eve@x.example/9"}, ["ann@x.example"])
    told = list(maps.differences())
    assert [line.partition(":")[0] for line in told] == [
        "owner of ann@x.example",
        "owner of eve@x.example",
    ]
    maps.dump("senders")
    assert list(maps.differences()) == []
