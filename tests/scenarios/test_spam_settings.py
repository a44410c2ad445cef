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


def test_rules_still_hold_for_believed_mail(site: Site) -> None:
    ann = site.mailbox("ann").address
    settled(site, ann, "off")
    site.rule(ann, "news", subject="news", into="News")
    sent = message(sender=STRANGER, to=ann, subject="the news")
    site.taken(sent, ann)
    site.arrives(sent, f"{ann}/News")
