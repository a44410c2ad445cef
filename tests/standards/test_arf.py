"""Complaints are read, whoever sends them and however little they say."""

from __future__ import annotations

import datetime
import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailstead.standards.arf import MAX_MANY, Report, parse

SAMPLES = Path(__file__).parent / "samples" / "arf"
ARRIVAL = datetime.datetime(2026, 3, 5, 13, tzinfo=datetime.UTC)


def sample(name: str) -> bytes:
    return (SAMPLES / f"{name}.eml").read_bytes()


def read(name: str) -> Report:
    found = parse(sample(name))
    assert found
    return found


@pytest.mark.parametrize("path", sorted(SAMPLES.glob("*.eml")), ids=lambda path: path.stem)
@pytest.mark.parametrize("newline", [b"\n", b"\r\n"], ids=["LF", "CRLF"])
def test_every_form_names_the_message_and_its_sender(path: Path, newline: bytes) -> None:
    found = parse(path.read_bytes().replace(b"\n", newline))
    assert found
    assert found.kind == "abuse"
    assert found.message_id == "<first.17@example.org>"
    assert found.sender == "ann@example.org"
    assert found.arrival == ARRIVAL


def test_the_example_of_the_standard() -> None:
    found = read("rfc5965")
    assert found.recipients == ("user@example.com", "other@example.com")
    assert (found.reporter, found.source) == ("SomeGenerator/1.0", "192.0.2.2")
    assert (found.incidents, found.domains) == (3, ("example.org",))


def test_yahoo_names_the_recipient_without_brackets() -> None:
    found = read("yahoo")
    assert found.recipients == ("user@yahoo.com",)
    assert (found.source, found.incidents) == ("", 1)


def test_microsoft_takes_the_recipient_out_today() -> None:
    found = read("microsoft-arf")
    assert found.recipients == ()
    assert found.source == "192.0.2.2"


def test_microsoft_named_the_recipient_in_a_field_of_the_copy_before() -> None:
    found = read("microsoft-old")
    assert found.recipients == ("user@hotmail.com",)
    assert found.source == "192.0.2.2"


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (b"Feedback-Type: abuse", b"feedback-type:  ABUSE (user pressed a button)"),
        (b"\n\nFeedback-Type", b"\n\n\nFeedback-Type"),
        (b"Version: 1\n", b"Version: 1\n\n"),
        (b"multipart/report", b"multipart/mixed"),
        (b"Incidents: 3", b"Incidents: many"),
        (b"Incidents: 3", b"Incidents: " + b"9" * 5000),
        (b"Source-IP: 192.0.2.2", b"Source-IP: 999.0.2.2"),
    ],
)
def test_what_is_malformed_costs_no_more_than_itself(before: bytes, after: bytes) -> None:
    assert before in sample("rfc5965")
    found = parse(sample("rfc5965").replace(before, after))
    assert found
    assert found.kind == "abuse"
    assert found.recipients == ("user@example.com", "other@example.com")
    assert found.message_id == "<first.17@example.org>"


@pytest.mark.parametrize(
    "value", [b"", b"yesterday", b"Thu, 5 Mar 99999 13:00:00 +0000", b"31 Dec 9999 23:59:00 -2359"]
)
def test_a_date_that_is_none_is_none(value: bytes) -> None:
    found = parse(sample("rfc5965").replace(b"Thu, 5 Mar 2026 14:00:00 +0100", value))
    assert found
    assert found.arrival is None


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"Subject: complaint about message from 192.0.2.2\n\nX-HmXmrOriginalRecipient: a@b.c\n",
        b"Content-Type: message/feedback-report\n\nFeedback-Type: abuse\n",
        b"Content-Type: multipart/mixed; boundary=b\n\n--b\nContent-Type: message/rfc822\n\n"
        b"Message-ID: <a@b>\n\nhello\n--b--",
        b"Content-Type: multipart/report; boundary=b\n\n--b\nContent-Type: message/feedback-report"
        b"\n\nUser-Agent: x\n--b--",
    ],
)
def test_what_is_no_report_is_none(data: bytes) -> None:
    assert parse(data) is None


@given(st.binary(max_size=300), st.integers(0, 1800), st.sampled_from(["rfc5965", "yahoo"]))
def test_whatever_comes_is_read_or_not_and_nothing_else(data: bytes, at: int, name: str) -> None:
    whole = sample(name)
    for text in (data, whole[:at] + data + whole[at:], whole[:at] + data):
        found = parse(text)
        if found:
            words = (*found.recipients, *found.domains, found.reporter, found.sender)
            assert all(word.isprintable() for word in words)


@given(st.text(max_size=60))
def test_any_date_is_read_or_not(text: str) -> None:
    value = text.replace("\n", " ").encode()
    found = parse(sample("rfc5965").replace(b"Thu, 5 Mar 2026 14:00:00 +0100", value))
    assert found


@pytest.mark.parametrize(
    "piece",
    [
        b"Original-Rcpt-To: a@b.c\n",
        b"\n \n",
        b"a@",
        b"Reported-Domain: x\n",
        b" x\n",
        b"Incidents: 9",
    ],
)
def test_a_hostile_report_costs_little(piece: bytes) -> None:
    begun = time.process_time()
    whole = sample("rfc5965").replace(b"Incidents: 3\n", b"Incidents: 3\n" + piece * 300_000)
    found = parse(whole)
    assert time.process_time() - begun < 3
    assert found
    assert len(found.recipients) <= MAX_MANY
