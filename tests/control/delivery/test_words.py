"""Replies of real servers in plain words."""

from __future__ import annotations

import datetime as dt

import pytest
from django.utils import timezone, translation

from mailstead.control.delivery import words
from mailstead.control.delivery.causes import CAUSES, cause
from mailstead.standards import replies
from mailstead.standards.mail_hosts import company

AT = dt.datetime(2026, 3, 1, 14, 2, tzinfo=dt.UTC)


def told(state: str, **more: object) -> str:
    with translation.override("en"), timezone.override("UTC"):
        return words.tell(state=state, at=AT, now=AT, **more).sentence  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("host", "name"),
    [
        ("gmail-smtp-in.l.google.com", "Google"),
        ("example-org.mail.protection.outlook.com", "Microsoft"),
        ("mta7.am0.yahoodns.net", "Yahoo"),
        ("mx01.mail.icloud.com", "Apple"),
        ("mx00.emig.gmx.net", "GMX"),
        ("mx-ha03.web.de", "WEB.DE"),
        ("mx00.t-online.de", "T-Online"),
        ("mx00.kundenserver.de", "IONOS"),
        ("GMAIL-SMTP-IN.L.GOOGLE.COM.", "Google"),
        ("notgoogle.com", "notgoogle.com"),
        ("google.com.evil.example", "google.com.evil.example"),
        ("mx.example.org", "mx.example.org"),
        ("", ""),
    ],
)
def test_whose_a_server_is(host: str, name: str) -> None:
    assert company(host) == name


@pytest.mark.parametrize(
    ("dsn", "reply", "kept", "why", "advice"),
    [
        ("4.2.2", "452 4.2.2 The email account that you tried to reach is over quota",
         "full", "mailbox is full", "write again"),
        ("5.2.2", "552 5.2.2 Mailbox full", "full", "mailbox is full", "write again"),
        ("5.1.1", "550-5.1.1 The email account that you tried to reach does not exist",
         "no-mailbox", "no such address", "spelling"),
        ("5.5.0", "550 5.5.0 Requested action not taken: mailbox unavailable",
         "no-mailbox", "no such address", "spelling"),
        ("5.2.1", "550 5.2.1 no", "no-mailbox", "switched off", "spelling"),
        ("4.7.1", "450 4.7.1 <x@y>: Recipient address rejected: Greylisted, see ...",
         "later", "second try", ""),
        ("5.7.26", "550-5.7.26 This message does not pass authentication checks",
         "policy", "SPF", "DNS"),
        ("5.7.1", "554 5.7.1 Service unavailable; Client host blocked using Spamhaus",
         "reputation", "not trusted", "not about you"),
        ("4.7.28", "421-4.7.28 Our system has detected an unusual rate",
         "rate", "Too much", "fewer"),
        ("5.3.4", "552 5.3.4 Message size exceeds fixed limit", "policy", "too large", "link"),
        ("4.4.1", "connect to mx.example[192.0.2.1]:25: Connection timed out",
         "later", "cannot be reached", ""),
        ("5.4.4", "Host or domain name not found. Name service error",
         "hard", "domain of the address", "after the @"),
        ("5.7.1", "554 5.7.1 <x@y>: Relay access denied", "policy", "not the one", "allowed"),
        ("5.7.0", "550 5.7.0 no", "policy", "rules of the receiving side", "allowed"),
        ("4.7.4", "TLS is required, but was not offered by host x", "tls", "secure", ""),
        ("4.3.0", "451 4.3.0 trouble", "later", "trouble of its own", ""),
        ("5.7.1", "554 5.7.1 Virus found", "content", "dangerous", "files"),
        ("5.0.0", "550 go away", "hard", "", ""),
    ],
)  # fmt: skip
def test_why_and_what_to_do(dsn: str, reply: str, kept: str, why: str, advice: str) -> None:
    reading = replies.read(reply, dsn)
    assert cause("bounced", dsn, reply) == kept
    assert bool(words.why(reading)) == bool(why) and why in words.why(reading)
    assert bool(words.advice(reading)) == bool(advice) and advice in words.advice(reading)


def test_what_arrived_or_said_nothing_has_no_class() -> None:
    assert cause("sent", "2.0.0", "250 2.0.0 OK") == ""
    assert cause("held", "5.1.1", "550 5.1.1 no") == ""
    assert cause("expired", "", "") == ""


def test_every_class_has_words_for_people() -> None:
    assert set(words.cause_words()) == set(CAUSES)


def test_sentences() -> None:
    assert told("sent", relay="gmail-smtp-in.l.google.com") == "Google accepted it at 14:02."
    later = AT + dt.timedelta(minutes=68)
    assert told("deferred", relay="mx.t-online.de", dsn="4.2.2", next_try=later) == (
        "T-Online did not take it yet at 14:02. The recipient's mailbox is full. "
        "Next try about 15:10."
    )
    assert told("filed", folder="INBOX") == "It came into the inbox at 14:02."
    assert told("filed", folder="Work") == "It was filed into the folder “Work” at 14:02."
    assert told("filed", folder="INBOX", forwarded=["a@b.example"]).endswith(
        "A rule also forwarded it to a@b.example."
    )
    assert told("bounced", dsn="5.4.4", reply="Host or domain name not found.").startswith(
        "It could not be delivered at 14:02 and went back to its sender. The domain of the address"
    )


def test_a_refusal_for_now_is_told_as_one() -> None:
    assert told("refused", dsn="4.7.1", reply="450 4.7.1 Greylisted, try again later") == (
        "It was not accepted here yet at 14:02; the sender's server tries again. "
        "Mail from new senders is taken at the second try only."
    )
    assert told("refused", dsn="5.1.1", reply="550 5.1.1 no").startswith(
        "It was not accepted here at"
    )


def test_who_spoke_is_taken_from_the_reply_where_no_server_is_named() -> None:
    reply = "host gmail-smtp-in.l.google.com[192.0.2.1] said: 550-5.1.1 no such user"
    assert told("bounced", dsn="5.1.1", reply=reply) == (
        "Google refused it at 14:02; it went back to its sender. There is no such address."
    )


def test_every_state_has_words() -> None:
    for state in words.short_words():
        assert told(state).endswith(".") and "{" not in told(state)


def test_a_folder_with_braces_is_only_a_name() -> None:
    assert "{time}{0.__class__}" in told("filed", folder="{time}{0.__class__}")
