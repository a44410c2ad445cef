"""What all tests share: the fixtures of the lab, which cost nothing where they are not used."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import settings

# A deadline for each example measures how busy the machine is; what a parser may cost on hostile
# input has tests of its own, which count the time of the processor.
settings.register_profile("all", deadline=None)
settings.load_profile("all")

pytest_plugins = ["tests.support.plugin", "tests.mailplane.engines.harness"]


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The longest files begin first, so that at the end nobody waits for one of them alone."""
    waiting = {item.path for item in items if item.get_closest_marker("waits")}
    tests = Counter(item.path for item in items)
    items.sort(key=lambda item: (item.path not in waiting, -tests[item.path], item.path))
