"""Every test begins with a fresh minute: tokens of other tests had the same numbers."""

from __future__ import annotations

import pytest

from mailstead.control.people.api import limits


@pytest.fixture(autouse=True)
def fresh_minute() -> None:
    limits.forget()
