"""The journeys that people make most: with scripts, without, and by the keyboard alone."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from lab.commands import wait_until
from playwright.sync_api import Page

from tests.browser.conftest import OpenWindow
from tests.browser.driver import Window
from tests.support.messages import message
from tests.support.people import Mailbox
from tests.support.site import STRANGER, Site

pytestmark = pytest.mark.lab
PASSWORD = "a stout fence of reeds"
NEW = "a wider fence of stones"
WAYS = {
    "scripts": {"scripts": True},
    "no scripts": {"scripts": False},
    "keyboard": {"keyboard": True},
}
EACH_WAY = pytest.mark.parametrize("way", list(WAYS))


def mailed_link(site: Site, address: str, count: int = 1) -> str:
    """The link in the newest mail that somebody outside got."""

    def mails() -> list[str]:
        return [str(m.get_content()) for m in site.lab.foreign.messages(address)]

    wait_until(lambda: len(mails()) >= count, f"{count} mails for {address}", seconds=30)
    (link,) = re.findall(r"https://\S+", mails()[-1])
    return link


def outside(site: Site, name: str) -> str:
    """A contact address of this test, outside the hosted domains."""
    return f"{name}-{site.word}@far.example"


def newcomer(site: Site, one: Window, name: str) -> Page:
    """A customer who comes in by the link of the invitation for the first time."""
    address = outside(site, name)
    site.node.run("person", "invite", address, "--customer", site.customer)
    page = one.go(mailed_link(site, address))
    one.write(page.get_by_label("Your name"), "Carla Cole")
    one.write(page.get_by_label("Password"), PASSWORD)
    one.press(page.get_by_role("button", name="Open my log-in"))
    return one.sign_in(address, PASSWORD)


@EACH_WAY
def test_from_the_invitation_to_the_first_message_in_a_mail_program(
    site: Site, window: OpenWindow, way: str
) -> None:
    one = window(**WAYS[way])
    page = newcomer(site, one, "carla")
    domain = site.name("first")
    one.press(page.get_by_role("link", name="Domains", exact=True).first)
    one.press(page.get_by_role("link", name="Add a domain").first)
    one.write(page.get_by_label("Domain name"), domain)
    one.press(page.get_by_role("button", name="Add the domain"))
    # What the page tells is published; the lab's DNS stands for the customer's host.
    assert "MX" in page.content()
    site.publish(domain)
    proof = page.locator('[data-copy^="mailstead-domain="]').first.get_attribute("data-copy")
    assert proof is not None
    site.lab.dns.set_text(f"_mailstead.{domain}", proof)

    def active() -> bool:
        # Who presses a moment after the worker has looked is asked to press again.
        one.press(page.get_by_role("button", name="Check now").first)
        page.wait_for_load_state()
        return "is not active yet" not in page.content()

    wait_until(active, f"{domain} is active", seconds=30, every=2)
    one.go(f"/mailboxes/add/?domain={domain}")
    one.write(page.get_by_label("Name before the @"), "ann")
    one.write(page.get_by_label("Password"), PASSWORD)
    one.press(page.get_by_role("button", name=re.compile("mailbox", re.IGNORECASE)).last)
    page.wait_for_load_state()
    assert f"ann@{domain}" in page.content()
    site.applied()
    ann = Mailbox(f"ann@{domain}", site.node, PASSWORD)
    sent = message(sender=STRANGER, to=ann.address)
    site.taken(sent, ann.address)
    site.arrives(sent, ann.address)
    with ann.imap() as imap:
        site.wait_for_mail(imap, 1)


@EACH_WAY
def test_a_lost_mailbox_is_won_back(site: Site, window: OpenWindow, way: str) -> None:
    ann = site.mailbox("ann", password=PASSWORD)
    private = outside(site, "ann")
    one = window(**WAYS[way])
    page = one.sign_in(ann.address, PASSWORD)
    one.go("/my/password/recovery/")
    one.write(page.get_by_label("Recovery address"), private)
    one.press(page.get_by_role("button", name=re.compile("Save|Set")).last)
    one.close()
    lost = window(**WAYS[way])
    page = lost.go("/account/login/")
    lost.press(page.get_by_role("link", name="Password forgotten?"))
    lost.write(page.get_by_label("Mail address"), ann.address)
    lost.press(page.get_by_role("button", name="Send me the link"))
    lost.go(mailed_link(site, private))
    lost.write(page.get_by_label("New password"), NEW)
    lost.press(page.get_by_role("button", name="Set the password"))
    lost.sign_in(ann.address, NEW)
    site.applied()
    assert all(Mailbox(ann.address, site.node, NEW).can_log_in().values())
    assert not any(ann.can_log_in().values())


@EACH_WAY
def test_a_person_who_has_lost_the_password(site: Site, window: OpenWindow, way: str) -> None:
    one = window(**WAYS[way])
    page = newcomer(site, one, "cora")
    one.press(page.get_by_role("button", name="Sign out"))
    one.go("/account/password/reset/")
    one.write(page.get_by_label("Mail address"), outside(site, "cora"))
    one.press(page.get_by_role("button", name="Send me the link"))
    one.go(mailed_link(site, outside(site, "cora"), count=2))
    for field in page.locator("input[type=password]").all():
        one.write(field, NEW)
    one.press(page.locator("main form button").first)
    one.sign_in(outside(site, "cora"), NEW)


@EACH_WAY
def test_somebody_goes_away_and_comes_back(site: Site, window: OpenWindow, way: str) -> None:
    ann = site.mailbox("ann", password=PASSWORD)
    one = window(**WAYS[way])
    page = one.sign_in(ann.address, PASSWORD)
    one.press(page.get_by_role("link", name="Absence", exact=True).first)
    one.choose(page.get_by_label("On, from now until I switch it off"))
    one.write(page.get_by_label("Subject"), "I am away")
    one.write(page.get_by_label("Text", exact=True), "Back on Monday.")
    one.press(page.get_by_role("button", name="Save the answer"))
    page.get_by_text("answering now").first.wait_for()
    site.applied()
    sender = outside(site, "friend")
    sent = message(sender=sender, to=ann.address)
    site.lab.foreign.send(sender, ann.address, sent)

    def answered() -> bool:
        return any("I am away" in str(m["Subject"]) for m in site.lab.foreign.messages(sender))

    wait_until(answered, "the answer has come back", seconds=40)
    one.choose(page.get_by_label("Off: nobody gets an answer"))
    one.press(page.get_by_role("button", name="Save the answer"))
    page.get_by_text("off", exact=True).first.wait_for()


@EACH_WAY
def test_a_mailbox_is_suspended_and_released(site: Site, window: OpenWindow, way: str) -> None:
    ann = site.mailbox("ann", password=PASSWORD)
    one = window(**WAYS[way])
    page = newcomer(site, one, "carla")
    one.go(f"/mailboxes/?q={ann.address}")
    one.press(page.get_by_role("link", name=ann.address).first)
    one.press(page.get_by_role("link", name=re.compile("Suspend.*(sign|log)", re.IGNORECASE)).first)
    one.write(page.get_by_label("Reason"), "on leave")
    one.press(page.get_by_role("button", name=re.compile("Suspend")).last)
    site.applied()
    assert not any(ann.can_log_in().values())
    released: Callable[[], bool] = lambda: all(ann.can_log_in().values())  # noqa: E731
    one.press(page.get_by_role("button", name=re.compile("Resume|Allow|End")).first)
    site.applied()
    wait_until(released, "the mailbox opens again")


@EACH_WAY
def test_many_mailboxes_are_made_at_once(site: Site, window: OpenWindow, way: str) -> None:
    domain = site.main
    one = window(**WAYS[way])
    page = newcomer(site, one, "carla")
    one.go(f"/mailboxes/bulk/?domain={domain}")
    one.write(page.get_by_label("Names"), "bulk1\nbulk2, Bert Two\nbulk3")
    one.press(page.get_by_role("button", name=re.compile("mailbox", re.IGNORECASE)).last)
    page.get_by_text(f"bulk3@{domain}").first.wait_for()
    row = page.locator("tr", has_text=f"bulk2@{domain}").first.inner_text()
    password = next(word for word in row.split() if re.fullmatch(r"[A-Za-z0-9-]{12,}", word))
    site.applied()
    assert all(Mailbox(f"bulk2@{domain}", site.node, password).can_log_in().values())
