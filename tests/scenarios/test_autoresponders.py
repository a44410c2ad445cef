"""Autoresponders: who gets an answer, what it says, when, and who must never get one."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from email.message import EmailMessage

import pytest
from lab.commands import wait_until
from tests.support.messages import message, message_id
from tests.support.site import Site

pytestmark = pytest.mark.lab

SUBJECT = "Bin bis 3. März fort – späte Grüße"
BODY = "Guten Tag,\n\nich bin zurück am 3. März. ☀\n\nÄnn\n"


def answers(site: Site, person: str, to: EmailMessage) -> list[EmailMessage]:
    """The automatic answers to a message that have reached a person outside."""
    identity = message_id(to)
    return [m for m in site.lab.foreign.messages(person) if identity in str(m["In-Reply-To"])]


def one_answer(site: Site, person: str, to: EmailMessage) -> EmailMessage:
    (answer,) = wait_until(lambda: answers(site, person, to), f"{person} has an answer")
    return answer


def test_an_answer_in_utf_8_and_the_message_is_kept(site: Site) -> None:
    ann = site.mailbox("ann")
    site.autoresponder(ann.address, BODY, "--subject", SUBJECT)
    person = f"{site.word}@client.example"
    made = message(person, ann.address)
    site.taken(made, ann.address, sender=person)
    site.arrives(made, ann.address)
    answer = one_answer(site, person, made)
    assert answer["Subject"] == SUBJECT
    assert answer.get_content().strip() == BODY.strip()
    assert ann.address in answer["From"]
    # RFC 3834 §5: marked as automatic, and with an empty envelope sender.
    assert str(answer["Auto-Submitted"]).startswith("auto-replied")
    assert answer["Return-path"] == "<>"


def test_an_answer_in_html_is_html(site: Site) -> None:
    ann = site.mailbox("ann")
    body = "<p>Zurück am <b>3. März</b></p>"
    site.autoresponder(ann.address, body, "--subject", "Fort", "--html")
    person = f"{site.word}@client.example"
    made = message(person, ann.address)
    site.taken(made, ann.address, sender=person)
    answer = one_answer(site, person, made)
    part = answer.get_body(("html",))
    assert part is not None
    assert "<b>3. März</b>" in part.get_content()


def test_an_address_without_a_mailbox_answers_and_keeps_nothing(site: Site) -> None:
    site.mailbox("ann")
    old = site.at("old")
    site.autoresponder(old, "I have moved.\n", "--subject", "Moved")
    person = f"{site.word}@client.example"
    made = message(person, old)
    site.taken(made, old, sender=person)
    assert one_answer(site, person, made)["Subject"] == "Moved"
    site.arrives(made)


def test_a_sender_is_answered_once_within_the_interval(site: Site) -> None:
    ann = site.mailbox("ann")
    site.autoresponder(ann.address, "Away.\n", "--subject", "Away", "--interval", "1d")
    person = f"{site.word}@client.example"
    first, second = message(person, ann.address), message(person, ann.address)
    site.taken(first, ann.address, sender=person)
    one_answer(site, person, first)
    site.taken(second, ann.address, sender=person)
    site.arrives(second, ann.address)
    assert answers(site, person, second) == []


@pytest.mark.parametrize(
    ("begin", "end", "answered"), [(-2, 2, True), (2, 4, False), (-4, -2, False)]
)
def test_answers_only_between_its_dates(site: Site, begin: int, end: int, answered: bool) -> None:
    ann = site.mailbox("ann")
    now = datetime.now(UTC)
    dates = [(now + timedelta(days=days)).strftime("%Y-%m-%dT%H:%M:%SZ") for days in (begin, end)]
    site.autoresponder(
        ann.address, "Away.\n", "--subject", "Away", "--from", dates[0], "--until", dates[1]
    )
    person = f"{site.word}@client.example"
    made = message(person, ann.address)
    site.taken(made, ann.address, sender=person)
    site.arrives(made, ann.address)
    if answered:
        one_answer(site, person, made)
    assert len(answers(site, person, made)) == answered


@pytest.mark.parametrize(
    "headers",
    [
        {"List-Id": "Apples <apples.client.example>"},
        {"Precedence": "bulk"},
        {"Auto-Submitted": "auto-generated"},
    ],
    ids=["list", "bulk", "automatic"],
)
def test_lists_and_machines_get_no_answer(site: Site, headers: dict[str, str]) -> None:
    ann = site.mailbox("ann")
    site.autoresponder(ann.address, "Away.\n", "--subject", "Away")
    person = f"{site.word}@client.example"
    made = message(person, ann.address, headers=headers)
    site.taken(made, ann.address, sender=person)
    site.arrives(made, ann.address)
    assert answers(site, person, made) == []


def test_a_bounce_gets_no_answer(site: Site) -> None:
    ann = site.mailbox("ann")
    site.autoresponder(ann.address, "Away.\n", "--subject", "Away")
    made = message("", ann.address)
    site.taken(made, ann.address, sender="")
    site.arrives(made, ann.address)
    assert not [m for m in site.lab.foreign.messages() if message_id(made) in str(m["In-Reply-To"])]


def test_spam_gets_no_answer(site: Site) -> None:
    ann = site.mailbox("ann")
    site.autoresponder(ann.address, "Away.\n", "--subject", "Away")
    person = f"{site.word}@client.example"
    # Rspamd's own test pattern for mail to be marked, as GTUBE is for mail to be refused.
    text = "YJS*C4JDBQADN1.NSBN3*2IDNEN*GTUBE-STANDARD-ANTI-UBE-TEST-EMAIL*C.34X\n"
    made = message(person, ann.address, text=text)
    site.taken(made, ann.address, sender=person)
    site.arrives(made, f"{ann.address}/Junk")
    assert answers(site, person, made) == []


def test_a_removed_autoresponder_is_silent(site: Site) -> None:
    ann = site.mailbox("ann")
    site.autoresponder(ann.address, "Away.\n", "--subject", "Away")
    site.cli("autoresponder", "remove", ann.address)
    person = f"{site.word}@client.example"
    made = message(person, ann.address)
    site.taken(made, ann.address, sender=person)
    site.arrives(made, ann.address)
    assert answers(site, person, made) == []
