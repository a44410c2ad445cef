"""Every test begins with a fresh minute, and no node answers, so that none is waited for."""

from __future__ import annotations

import pytest

from mailstead.control.hosting.api import nodes
from mailstead.control.people.api import limits


@pytest.fixture(autouse=True)
def fresh_minute() -> None:
    # Tokens of other tests had the same numbers.
    limits.forget()


@pytest.fixture(autouse=True)
def impatience(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(nodes, "PATIENCE", 0.0)
