"""A stolen mailbox from the botnet to the next message of its owner: held, told, decided, free."""

from __future__ import annotations

import smtplib
from email.message import EmailMessage

import pytest
from lab.commands import wait_until

from tests.browser.conftest import OpenWindow
from tests.browser.test_journeys import EACH_WAY, NEW, WAYS, mailed_link, newcomer, outside
from tests.scenarios.test_guard import suspected, with_habits
from tests.support.messages import message, message_id
from tests.support.people import Mailbox, send_over, unverified
from tests.support.site import Site

pytestmark = [pytest.mark.lab, pytest.mark.waits]
BOTS = 12
WANTED = "The offer that you asked for"


def attack(site: Site, mailbox: Mailbox, bots: range) -> list[str]:
    """One bot after the other signs in with the right password and sends, until it looks stolen."""
    said: list[str] = []
    for number in bots:
        source = site.lab.clients.address(300 + 20 * number)
        with site.lab.clients.smtp(
            site.node.address, 587, source=source, helo=f"WIN-{number}"
        ) as smtp:
            smtp.starttls(context=unverified())
            smtp.login(mailbox.address, mailbox.password)
            people = [f"victim{number}-{n}-{site.word}@far.example" for n in range(3)]
            made = message(mailbox.address, people[0])
            made.replace_header("Subject", f"Win a prize {number}")
            try:
                said += send_over(smtp, mailbox.address, people, made).values()
            except smtplib.SMTPDataError as refused:
                said.append(f"{refused.smtp_code} {refused.smtp_error.decode()}")
        if suspected(site, mailbox):
            break
    return said


def arrived(site: Site, made: EmailMessage, address: str) -> bool:
    """Whether a message came to somebody elsewhere."""
    return message_id(made) in {message_id(one) for one in site.lab.foreign.messages(address)}


def waiting(site: Site, mailbox: Mailbox) -> int:
    """Messages that are still held for a mailbox."""
    rows = site.node.cli("guard", "cases", "--state", "all")["items"]
    return sum(row["waiting"] for row in rows if row["mailbox"] == mailbox.address)


@EACH_WAY
def test_a_stolen_mailbox_is_held_told_and_given_back(
    site: Site, window: OpenWindow, way: str
) -> None:
    ann = with_habits(site, "ann")
    contact = outside(site, "carla")
    site.node.cli("customer", "set", site.customer, "--email", contact)
    one = window(**WAYS[way])
    page = newcomer(site, one, "carla")
    said = attack(site, ann, range(BOTS))
    assert suspected(site, ann), said
    # The owner, who knows of nothing, sends a message: it is held like the others.
    customer = f"customer-{site.word}@far.example"
    wanted = message(ann.address, customer)
    wanted.replace_header("Subject", WANTED)
    assert ann.submit(wanted, [customer])[customer].startswith("250 ")
    attack(site, ann, range(BOTS, BOTS + 2))
    wait_until(lambda: waiting(site, ann) >= 2, "what is held is told", seconds=30)
    # Told once, with the reason and the way: the link leads to the case.
    one.go(mailed_link(site, contact, count=2))
    page.wait_for_load_state()
    assert ann.address in page.content() and "never used before" in page.content()
    assert not arrived(site, wanted, customer)
    out = {str(m["Subject"]) for m in site.lab.foreign.messages() if site.word in str(m["To"])}
    assert sum(words.startswith("Win a prize") for words in out) <= 4
    # Mail still arrives.
    news = message("friend@client.example", ann.address)
    site.taken(news, ann.address)
    site.arrives(news, ann.address)
    # One message goes, the rest is deleted, a new password is set.
    one.press(page.get_by_role("link", name="Release the mailbox"))
    one.write(page.get_by_label("New password", exact=True), NEW)
    one.write(page.get_by_label("New password again"), NEW)
    page.get_by_label(f"What to do with “{WANTED}”").select_option("send")
    page.get_by_label("All others").select_option("delete")
    one.press(page.get_by_role("button", name="Release the mailbox"))
    page.wait_for_load_state()
    wait_until(lambda: arrived(site, wanted, customer), "the held message goes", seconds=30)
    site.applied()
    wait_until(lambda: waiting(site, ann) == 0, "the rest is deleted", seconds=30)
    # The thief's password opens nothing, the owner sends again.
    assert not any(ann.can_log_in().values())
    again = message(ann.address, customer)
    mine = Mailbox(ann.address, site.node, NEW)

    def sends() -> bool:
        return mine.submit(again, [customer])[customer].startswith("250 ")

    wait_until(sends, "the owner sends again", seconds=15)
    wait_until(lambda: arrived(site, again, customer), "and it arrives", seconds=30)
