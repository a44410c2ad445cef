"""The journeys that people make most, in a browser: with scripts and without."""

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
BOTH = pytest.mark.parametrize("scripts", [True, False], ids=["scripts", "no scripts"])


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
    page.get_by_label("Your name").fill("Carla Cole")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Open my log-in").click()
    return one.sign_in(address, PASSWORD)


@BOTH
def test_from_the_invitation_to_the_first_message_in_a_mail_program(
    site: Site, window: OpenWindow, scripts: bool
) -> None:
    one = window(scripts=scripts)
    page = newcomer(site, one, "carla")
    domain = site.name("first")
    page.get_by_role("link", name="Domains", exact=True).first.click()
    page.get_by_role("link", name="Add a domain").first.click()
    page.get_by_label("Domain name").fill(domain)
    page.get_by_role("button", name="Add the domain").click()
    # What the page tells is published; the lab's DNS stands for the customer's host.
    assert "MX" in page.content()
    site.publish(domain)
    one.go(f"/mailboxes/add/?domain={domain}")
    page.get_by_label("Name before the @").fill("ann")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name=re.compile("mailbox", re.IGNORECASE)).last.click()
    page.wait_for_load_state()
    assert f"ann@{domain}" in page.content()
    site.applied()
    ann = Mailbox(f"ann@{domain}", site.node, PASSWORD)
    sent = message(sender=STRANGER, to=ann.address)
    site.taken(sent, ann.address)
    site.arrives(sent, ann.address)
    with ann.imap() as imap:
        site.wait_for_mail(imap, 1)


@BOTH
def test_a_lost_mailbox_is_won_back(site: Site, window: OpenWindow, scripts: bool) -> None:
    ann = site.mailbox("ann", password=PASSWORD)
    private = outside(site, "ann")
    one = window(scripts=scripts)
    page = one.sign_in(ann.address, PASSWORD)
    one.go("/my/password/recovery/")
    page.get_by_label("Recovery address").fill(private)
    page.get_by_role("button", name=re.compile("Save|Set")).last.click()
    one.close()
    lost = window(scripts=scripts)
    page = lost.go("/account/login/")
    page.get_by_role("link", name="Password forgotten?").click()
    page.get_by_label("Mail address").fill(ann.address)
    page.get_by_role("button", name="Send me the link").click()
    lost.go(mailed_link(site, private))
    page.get_by_label("New password").fill(NEW)
    page.get_by_role("button", name="Set the password").click()
    lost.sign_in(ann.address, NEW)
    site.applied()
    assert all(Mailbox(ann.address, site.node, NEW).can_log_in().values())
    assert not any(ann.can_log_in().values())


@BOTH
def test_a_person_who_has_lost_the_password(site: Site, window: OpenWindow, scripts: bool) -> None:
    one = window(scripts=scripts)
    page = newcomer(site, one, "cora")
    page.get_by_role("button", name="Sign out").click()
    one.go("/account/password/reset/")
    page.get_by_label("Mail address").fill(outside(site, "cora"))
    page.get_by_role("button", name="Send me the link").click()
    one.go(mailed_link(site, outside(site, "cora"), count=2))
    for field in page.locator("input[type=password]").all():
        field.fill(NEW)
    page.locator("main form button").first.click()
    one.sign_in(outside(site, "cora"), NEW)


@BOTH
def test_somebody_goes_away_and_comes_back(site: Site, window: OpenWindow, scripts: bool) -> None:
    ann = site.mailbox("ann", password=PASSWORD)
    one = window(scripts=scripts)
    page = one.sign_in(ann.address, PASSWORD)
    page.get_by_role("link", name="Absence", exact=True).first.click()
    page.get_by_label("On, from now until I switch it off").check()
    page.get_by_label("Subject").fill("I am away")
    page.get_by_label("Text", exact=True).fill("Back on Monday.")
    page.get_by_role("button", name="Save the answer").click()
    page.get_by_text("answering now").first.wait_for()
    site.applied()
    sender = outside(site, "friend")
    sent = message(sender=sender, to=ann.address)
    site.lab.foreign.send(sender, ann.address, sent)

    def answered() -> bool:
        return any("I am away" in str(m["Subject"]) for m in site.lab.foreign.messages(sender))

    wait_until(answered, "the answer has come back", seconds=40)
    page.get_by_label("Off: nobody gets an answer").check()
    page.get_by_role("button", name="Save the answer").click()
    page.get_by_text("off", exact=True).first.wait_for()


@BOTH
def test_a_mailbox_is_suspended_and_released(site: Site, window: OpenWindow, scripts: bool) -> None:
    ann = site.mailbox("ann", password=PASSWORD)
    one = window(scripts=scripts)
    page = newcomer(site, one, "carla")
    one.go(f"/mailboxes/?q={ann.address}")
    page.get_by_role("link", name=ann.address).first.click()
    page.get_by_role("link", name=re.compile("Suspend.*(sign|log)", re.IGNORECASE)).first.click()
    page.get_by_label("Reason").fill("on leave")
    page.get_by_role("button", name=re.compile("Suspend")).last.click()
    site.applied()
    assert not any(ann.can_log_in().values())
    released: Callable[[], bool] = lambda: all(ann.can_log_in().values())  # noqa: E731
    page.get_by_role("button", name=re.compile("Resume|Allow|End")).first.click()
    site.applied()
    wait_until(released, "the mailbox opens again")


@BOTH
def test_many_mailboxes_are_made_at_once(site: Site, window: OpenWindow, scripts: bool) -> None:
    domain = site.main
    one = window(scripts=scripts)
    page = newcomer(site, one, "carla")
    one.go(f"/mailboxes/bulk/?domain={domain}")
    page.get_by_label("Names").fill("bulk1\nbulk2, Bert Two\nbulk3")
    page.get_by_role("button", name=re.compile("mailbox", re.IGNORECASE)).last.click()
    page.get_by_text(f"bulk3@{domain}").first.wait_for()
    row = page.locator("tr", has_text=f"bulk2@{domain}").first.inner_text()
    password = next(word for word in row.split() if re.fullmatch(r"[A-Za-z0-9-]{12,}", word))
    site.applied()
    assert all(Mailbox(f"bulk2@{domain}", site.node, password).can_log_in().values())
