"""After each test here the node must be whole again, so that one failure does not hide others."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from lab.commands import LabError, wait_until
from lab.node import Node


@pytest.fixture(autouse=True)
def whole(node: Node) -> Iterator[None]:
    """Start what a failed test has left stopped."""
    yield
    try:
        wait_until(lambda: _runs(node), "every process of the node runs", seconds=20)
    except LabError:
        node.up()


def _runs(node: Node) -> bool:
    states = node.supervisor.states()
    return bool(states) and all(state == "RUNNING" for state in states.values())
