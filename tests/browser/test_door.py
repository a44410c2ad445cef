"""The door of the panel, in a browser."""

from __future__ import annotations

import pytest
from lab.commands import wait_until

from tests.browser.conftest import OpenWindow
from tests.support.site import Site

pytestmark = pytest.mark.lab
PASSWORD = "a stout fence of reeds"


def invited(site: Site, name: str) -> str:
    """The link in the mail that somebody outside got."""
    address = f"{name}-{site.word}@far.example"
    site.node.run("person", "invite", address, "--customer", site.customer)

    def mails() -> list[str]:
        return [str(m.get_content()) for m in site.lab.foreign.messages(address)]

    wait_until(lambda: bool(mails()), "the invitation has arrived", seconds=30)
    (link,) = [word for word in mails()[0].split() if word.startswith("https://")]
    return link


@pytest.mark.parametrize("scripts", [True, False], ids=["scripts", "no scripts"])
def test_an_invited_person_comes_in(site: Site, window: OpenWindow, scripts: bool) -> None:
    name = f"carla{int(scripts)}"
    link = invited(site, name)
    one = window(scripts=scripts)
    page = one.go(link)
    page.get_by_label("Your name").fill("Carla Cole")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Open my log-in").click()
    one.sign_in(f"{name}-{site.word}@far.example", PASSWORD)
    assert page.get_by_role("heading", level=1).inner_text() == "Overview"
