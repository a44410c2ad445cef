"""A browser at the clients' host of the lab: windows, signing in, what must never happen in one.

Every window takes note of requests to other hosts, of what the content security policy has stopped
and of scripts that failed; a test that uses `Window` fails with them at its end.
"""

from __future__ import annotations

import os
import re
import stat
from functools import partial
from pathlib import Path
from typing import Any, Literal
from urllib.parse import urlsplit

from axe_playwright_python.base import AXE_SCRIPT
from axe_playwright_python.sync_playwright import Axe
from lab.internet import Lab
from lab.node import Node
from playwright.sync_api import Browser, BrowserContext, Locator, Page, Playwright

CHROMIUM = "/usr/bin/chromium"
FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
SHOTS = Path(__file__).resolve().parents[2] / "build" / "screenshots"
SHOOT = bool(os.environ.get("MAILSTEAD_TEST_SHOTS"))
"""Whether every page is kept as a picture, for somebody who wants to look at them all."""
WIDE, PHONE = 1280, 320
Look = Literal["light", "dark", "phone"]
LOOKS: tuple[Look, ...] = ("light", "phone", "dark")
CHANGES: dict[Look, tuple[str, ...]] = {"light": (), "phone": (), "dark": ("color-contrast",)}
"""The rules of axe that can judge a page otherwise in a look than before; none: all of them."""


def launch(playwright: Playwright, lab: Lab, folder: Path) -> Browser:
    """Chromium, started in the clients' host, which knows the lab's names."""
    program = folder / "chromium"
    program.write_text(
        f'#!/bin/sh\nexec {" ".join(lab.clients.namespace.argv(CHROMIUM))} "$@"\n',
        encoding="ascii",
    )
    program.chmod(program.stat().st_mode | stat.S_IXUSR)
    return playwright.chromium.launch(executable_path=str(program), args=list(FLAGS))


class Window:
    """One window of the browser, and what went wrong in it."""

    def __init__(
        self,
        browser: Browser,
        node: Node,
        *,
        scripts: bool = True,
        keyboard: bool = False,
        language: str = "en",
    ) -> None:
        self.origin = f"https://{node.hostname}"
        self.context: BrowserContext = browser.new_context(
            viewport={"width": WIDE, "height": 800},
            java_script_enabled=scripts,
            color_scheme="light",
            locale=language,
            ignore_https_errors=True,
        )
        self.width = WIDE
        self.keyboard = keyboard
        self.status = 0
        """What the last page that was opened answered."""
        self.faults: list[str] = []
        self.page: Page = self.context.new_page()
        self.page.on("request", lambda request: self._asked(request.url))
        self.page.on("console", lambda message: self._said(message.type, message.text))
        self.page.on("pageerror", lambda error: self.faults.append(f"a script failed: {error}"))

    def _asked(self, url: str) -> None:
        if not url.startswith((self.origin, "data:", "blob:")):
            self.faults.append(f"asked another host: {urlsplit(url).netloc}")

    def _said(self, kind: str, text: str) -> None:
        if "Content Security Policy" in text or (kind == "error" and "status of 4" not in text):
            self.faults.append(f"the console says: {text}")

    def go(self, path: str) -> Page:
        """Open a page of the panel, or a whole link."""
        answer = self.page.goto(path if path.startswith("https:") else self.origin + path)
        assert answer is not None
        self.status = answer.status
        assert self.status < 500, f"{path}: {self.status}"
        return self.page

    def _reach(self, target: Locator) -> None:
        """Tab until the focus is there."""
        target.wait_for()
        for _ in range(250):
            if target.evaluate("element => element === document.activeElement"):
                return
            self.page.keyboard.press("Tab")
        raise AssertionError(f"the keyboard does not come to {target}")

    def press(self, target: Locator) -> None:
        """A link or a button."""
        if not self.keyboard:
            target.click()
            # A page that is still coming has half of its words.
            self.page.wait_for_load_state()
            return
        self._reach(target)
        # Every link and button of these journeys leads to a page: the next step is on that one.
        with self.page.expect_navigation():
            self.page.keyboard.press("Enter")

    def write(self, target: Locator, text: str) -> None:
        """Text into a field."""
        if not self.keyboard:
            target.fill(text)
            return
        self._reach(target)
        self.page.keyboard.press("Control+A")
        self.page.keyboard.type(text)

    def choose(self, target: Locator) -> None:
        """One of several, or a tick: by the arrows where a browser wants them."""
        if not self.keyboard:
            target.check()
            return
        if target.is_checked():
            return
        if target.get_attribute("type") == "radio":
            # Tab comes to the chosen one of a group; arrows go on from there.
            name = target.get_attribute("name")
            self._reach(self.page.locator(f"input[name={name}]:checked"))
            for _ in range(20):
                if target.is_checked():
                    return
                self.page.keyboard.press("ArrowDown")
            raise AssertionError("the arrows do not come to the choice")
        self._reach(target)
        self.page.keyboard.press("Space")

    def sign_in(self, address: str, password: str) -> Page:
        """Through the door."""
        self.go("/account/login/")
        self.write(self.page.get_by_label("Mail address"), address)
        self.write(self.page.get_by_label("Password", exact=True), password)
        self.press(self.page.get_by_role("button", name="Sign in", exact=True))
        self.page.wait_for_url(f"{self.origin}/")
        return self.page

    def prove(self, password: str) -> None:
        """Give the password again where a page asks for a fresh proof."""
        if "/reauthenticate/" in self.page.url:
            self.page.get_by_label("Password").fill(password)
            self.page.get_by_role("button", name="Confirm").click()

    def fits(self) -> None:
        """Nothing is cut off or needs scrolling to the side."""
        wide = self.page.evaluate("document.documentElement.scrollWidth")
        assert wide <= self.width, f"{self.page.url} is {wide} px wide in {self.width}"

    def accessible(self, *rules: str) -> None:
        """axe finds nothing serious (WCAG 2.2 A and AA); with names of rules, by these alone."""
        tags = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
        options: dict[str, Any] = {
            "resultTypes": ["violations"],
            "runOnly": {"type": "rule", "values": rules} if rules else tags,
        }
        if self.page.evaluate("typeof axe") == "undefined":
            self.page.evaluate(AXE_SCRIPT)
        found = Axe("0").run(self.page, options=options).response["violations"]
        serious = [
            f"{fault['id']}: {fault['help']} at {fault['nodes'][0]['target']} "
            f"{fault['nodes'][0]['failureSummary']}"
            for fault in found
            if fault["impact"] in ("serious", "critical")
        ]
        assert not serious, f"{self.page.url}: {serious}"

    def wear(self, look: Look) -> None:
        """Show the page that is open in this look."""
        self.width = PHONE if look == "phone" else WIDE
        self.page.set_viewport_size({"width": self.width, "height": 800})
        scheme: Literal["dark", "light"] = "dark" if look == "dark" else "light"
        # Without motion, or axe would see a colour on its way.
        self.page.emulate_media(color_scheme=scheme, reduced_motion="reduce")

    def judge(self, name: str) -> list[str]:
        """What is wrong with the page that is open, in any look.

        In the dark only what colours decide is asked again: nothing else is different.
        """
        faults = []
        for look in LOOKS:
            self.wear(look)
            if SHOOT:
                self.shoot(f"{name}-{look}")
            for check in (self.fits, partial(self.accessible, *CHANGES[look])):
                try:
                    check()
                except AssertionError as fault:
                    faults.append(f"{look}: {fault}")
        return faults

    def shoot(self, name: str) -> None:
        """A picture for whoever looks at the run's artefacts."""
        SHOTS.mkdir(parents=True, exist_ok=True)
        safe = re.sub(r"[^A-Za-z0-9@.-]+", "_", name).strip("_")
        self.page.screenshot(path=SHOTS / f"{safe}.png", full_page=True)

    def close(self) -> None:
        """Close it; fails with what went wrong in it."""
        self.context.close()
        assert not self.faults, self.faults
