"""A browser a run; windows that are closed, and judged, at a test's end."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from lab.internet import Lab
from lab.node import Node
from playwright.sync_api import Browser, sync_playwright

from tests.browser.driver import Window, launch

OpenWindow = Callable[..., Window]


@pytest.fixture(scope="session")
def browser(lab: Lab, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    """Debian's Chromium."""
    folder: Path = tmp_path_factory.mktemp("browser")
    with sync_playwright() as playwright:
        started = launch(playwright, lab, folder)
        yield started
        started.close()


@pytest.fixture
def window(browser: Browser, node: Node) -> Iterator[OpenWindow]:
    """Opens windows: `window(scripts=False, language="de")`."""
    opened: list[Window] = []

    def open_one(**options: Any) -> Window:
        opened.append(Window(browser, node, **options))
        return opened[-1]

    yield open_one
    for one in opened:
        one.close()
