"""A mailbox's own say in what is spam: its level, whom it believes, whom it does not."""

from __future__ import annotations

from email.message import EmailMessage

import pytest
from tests.support.messages import message
from tests.support.site import STRANGER, Site

pytestmark = pytest.mark.lab
# Rspamd marks this where its test patterns are on, as GTUBE is refused.
MARKED = "YJS*C4JDBQADN1.NSBN3*2IDNEN*GTUBE-STANDARD-ANTI-UBE-TEST-EMAIL*C.34X"


def spam(to: str) -> EmailMessage:
    return message(sender=STRANGER, to=to, text=f"Buy!\n{MARKED}\n")


def settled(site: Site, address: str, level: str, *options: str) -> None:
    site.cli("spam", "set", address, "--level", level, *options)


def test_the_house_files_spam(site: Site) -> None:
    ann = site.mailbox("ann").address
    sent = spam(ann)
    site.taken(sent, ann)
    site.arrives(sent, f"{ann}/Junk")


def test_off_files_nothing(site: Site) -> None:
    ann = site.mailbox("ann").address
    settled(site, ann, "off")
    sent = spam(ann)
    site.taken(sent, ann)
    site.arrives(sent, ann)


@pytest.mark.parametrize("entry", [STRANGER, "@" + STRANGER.partition("@")[2]])
def test_whom_a_mailbox_believes_is_never_filed(site: Site, entry: str) -> None:
    ann = site.mailbox("ann").address
    settled(site, ann, "normal", "--allow", entry)
    sent = spam(ann)
    site.taken(sent, ann)
    site.arrives(sent, ann)


def test_whom_a_mailbox_does_not_want_is_always_filed_before_its_rules(site: Site) -> None:
    ann = site.mailbox("ann").address
    settled(site, ann, "normal", "--deny", STRANGER)
    site.rule(ann, "all", subject="quiet", into="Quiet")
    sent = message(sender=STRANGER, to=ann, subject="a quiet word")
    site.taken(sent, ann)
    site.arrives(sent, f"{ann}/Junk")


def test_strict_goes_by_the_score_and_not_by_what_a_sender_claims(site: Site) -> None:
    ann = site.mailbox("ann").address
    settled(site, ann, "strict")
    sent = message(sender=STRANGER, to=ann)
    sent["X-Spam-Level"] = "*" * 12
    site.taken(sent, ann)
    site.arrives(sent, ann)


def test_a_verdict_that_a_sender_claims_is_not_believed(site: Site) -> None:
    ann, bob = site.mailbox("ann").address, site.mailbox("bob")
    # "Yes" costs points in Rspamd itself, and would be greylisted.
    sent = message(sender=STRANGER, to=ann, headers={"X-Spam": "certainly"})
    site.taken(sent, ann)
    site.arrives(sent, ann)
    assert site.stored(sent, ann)["X-Spam"] is None
    marked = spam(ann)
    marked["X-Spam"] = "No"
    site.taken(marked, ann)
    site.arrives(marked, f"{ann}/Junk")
    assert site.stored(marked, ann).get_all("X-Spam") == ["Yes"]
    # Nor is it of our own users.
    settled(site, ann, "strict")
    inside = message(sender=bob.address, to=ann)
    inside["X-Spam"], inside["X-Spam-Level"] = "Yes", "*" * 12
    assert bob.submit(inside, [ann])[ann].startswith("250")
    site.arrives(inside, ann)


def test_rules_hold_for_mail_of_a_believed_sender(site: Site) -> None:
    ann = site.mailbox("ann").address
    settled(site, ann, "normal", "--allow", STRANGER)
    site.rule(ann, "news", subject="news", into="News")
    sent = message(sender=STRANGER, to=ann, subject="the news", text=f"Buy!\n{MARKED}\n")
    site.taken(sent, ann)
    site.arrives(sent, f"{ann}/News")


def test_rules_still_hold_where_nothing_is_filed(site: Site) -> None:
    ann = site.mailbox("ann").address
    settled(site, ann, "off")
    site.rule(ann, "news", subject="news", into="News")
    sent = message(sender=STRANGER, to=ann, subject="the news")
    site.taken(sent, ann)
    site.arrives(sent, f"{ann}/News")
