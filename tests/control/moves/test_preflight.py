"""Before a byte is copied it is known whether the node has room for what comes."""

from __future__ import annotations

import msgspec

from mailstead.control.moves.preflight import Load, checks
from mailstead.wire.orders import LimitsLooked

ROOMY = dict.fromkeys(LimitsLooked.__struct_fields__, 10**12)


def states(load: Load, **limits: int) -> dict[str, str]:
    node = msgspec.convert(
        {**ROOMY, "type": "LimitsLooked", "mailboxes": 0, **limits}, LimitsLooked
    )
    return {one.name: one.state for one in checks(load, node)}


def node(**limits: int) -> dict[str, int]:
    used = {name: 0 for name in LimitsLooked.__struct_fields__ if name.endswith("_used")}
    return used | limits


def test_five_hundred_mailboxes_do_not_fit_into_the_usual_128_inotify_instances() -> None:
    load = Load(mailboxes=500, messages=10**6, octets=50 * 2**30, folders=4000)
    found = states(load, **node(inotify_instances=128))
    assert found["inotify-instances"] == "bad"
    assert {state for name, state in found.items() if name != "inotify-instances"} == {"good"}


def test_a_tenth_of_the_disk_stays_free() -> None:
    load = Load(mailboxes=1, messages=10, octets=50 * 2**30, folders=1)
    assert states(load, **node(disk_total=100 * 2**30, disk_free=55 * 2**30))["disk"] == "bad"
    assert states(load, **node(disk_total=100 * 2**30, disk_free=65 * 2**30))["disk"] == "warn"
    assert states(load, **node(disk_total=100 * 2**30, disk_free=90 * 2**30))["disk"] == "good"


def test_what_the_system_does_not_tell_is_no_obstacle() -> None:
    load = Load(mailboxes=500, messages=10**6, octets=1, folders=4000)
    assert states(load, **node(inodes_free=0))["inodes"] == "good"
