"""The doctor's look at sending addresses: each must be one of this machine."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from mailstead.config import Settings
from mailstead.home import Home
from mailstead.mailplane.node.doctor import Context, sending
from mailstead.wire.pools import AddressState, SendingAddress, SendingPlan


def finding(root: Path, *addresses: SendingAddress) -> tuple[str, str]:
    home = Home(root)
    plan = msgspec.json.encode(SendingPlan(addresses=addresses))
    home.sending_plan.parent.mkdir(parents=True, exist_ok=True)
    home.sending_plan.write_bytes(plan)
    found = sending.check(Context(home, Settings(home=root)))
    return found.state, found.words


def address(ipv4: str, state: AddressState = "active") -> SendingAddress:
    return SendingAddress(number=1, ipv4=ipv4, helo="out.example", state=state)


def test_without_any_all_is_well(tmp_path: Path) -> None:
    assert finding(tmp_path)[0] == "ok"


@pytest.mark.parametrize(
    ("one", "level"),
    [
        (address("127.0.0.1"), "ok"),
        (address("192.0.2.77"), "fail"),
        (address("192.0.2.77", "paused"), "ok"),
    ],
)
def test_one_that_the_machine_has_not_is_named(
    tmp_path: Path, one: SendingAddress, level: str
) -> None:
    found, words = finding(tmp_path, one)
    assert found == level
    assert ("192.0.2.77" in words) == (level == "fail")
