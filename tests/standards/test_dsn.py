"""What other hosts report about our messages is read, whatever form it has."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailstead.standards.dsn import MAX_RECIPIENTS, Action, Notification, parse

SAMPLES = Path(__file__).parent / "samples" / "dsn"


def sample(name: str) -> bytes:
    return (SAMPLES / f"{name}.eml").read_bytes()


def read(name: str) -> Notification:
    found = parse(sample(name))
    assert found
    return found


@pytest.mark.parametrize("path", sorted(SAMPLES.glob("*.eml")), ids=lambda path: path.stem)
@pytest.mark.parametrize("newline", [b"\n", b"\r\n"], ids=["LF", "CRLF"])
def test_every_form_names_who_failed_and_which_message(path: Path, newline: bytes) -> None:
    found = parse(path.read_bytes().replace(b"\n", newline))
    assert found
    assert found.message_id == "<first.17@example.org>"
    assert found.recipients[0].action is Action.FAILED
    assert found.recipients[0].recipient in ("bob@example.com", "böb@bücher.example")


def test_postfix() -> None:
    found = read("postfix")
    bob, eve = found.recipients
    assert (found.reporting_host, found.envelope_id) == ("mx.example.net", "env-17")
    assert (bob.recipient, bob.original_recipient) == ("bob@example.com", "Bob@example.com")
    assert (bob.status, bob.remote_host) == ("5.1.1", "mail.example.com")
    assert bob.diagnostic.endswith("Recipient address rejected: User unknown")
    assert (eve.recipient, eve.action, eve.status) == ("eve@example.com", Action.DELAYED, "4.2.2")


def test_exim_writes_the_action_before_the_recipient() -> None:
    (bob,) = read("exim").recipients
    assert (bob.recipient, bob.status) == ("bob@example.com", "5.0.0")
    assert bob.diagnostic == "550-5.7.1 Refused 550 5.7.1 for local policy"


def test_old_exim_has_its_reasons_in_the_text() -> None:
    bob, eve = read("exim-old").recipients
    assert (bob.recipient, bob.status) == ("bob@example.com", "5.1.1")
    assert bob.diagnostic.endswith("550 5.1.1 User unknown")
    assert (eve.recipient, eve.diagnostic) == ("eve@example.com", "retry timeout exceeded")


def test_exchange() -> None:
    (bob,) = read("exchange").recipients
    assert bob.diagnostic == "550 5.1.1 RESOLVER.ADR.ExRecipNotFound; not found"


def test_qmail() -> None:
    bob, eve = read("qmail").recipients
    assert (bob.status, eve.status) == ("5.1.1", "5.1.1")
    assert bob.diagnostic.startswith("192.0.2.25 does not like recipient. Remote host said: 550")


def test_addresses_beyond_ascii() -> None:
    (bob,) = read("internationalised").recipients
    assert (bob.recipient, bob.original_recipient) == ("böb@bücher.example", "böb@example.com")
    assert bob.status == "5.6.7"


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (b"\n\nFinal-Recipient: rfc822; eve", b"\nFinal-Recipient: rfc822; eve"),
        (b"Action: failed\n", b"\nAction: failed\n"),
        (b"Action: failed\n", b""),
        (b"Action: failed", b"Action: Failed (permanently)"),
        (b"Status: 5.1.1", b"Status: 5.1.1 (bad mailbox)"),
        (b"Status: 5.1.1\n", b""),
        (b"rfc822; bob@example.com", b"bob@example.com"),
        (b"rfc822; bob@example.com", b"RFC822;<bob@example.com>"),
        (b"Final-Recipient: rfc822; bob@example.com\n", b""),
        (b"charset=utf-8", b"charset=no-such-charset"),
        (b"charset=utf-8", b"charset=idna"),
        (b"message/delivery-status\n", b"message/delivery-status; charset=utf-16\n"),
        (b"Hello\n\n--4F1D2A0C.1772445601/mx.example.net--", b""),
        (b"This is a MIME-encapsulated message.", b"\xff\xfe\x00"),
        (b"multipart/report;", b"multipart/mixed;"),
    ],
)
def test_what_is_commonly_malformed_is_read_all_the_same(before: bytes, after: bytes) -> None:
    assert before in sample("postfix")
    found = parse(sample("postfix").replace(before, after))
    assert found
    bob, eve = found.recipients
    assert (bob.recipient.lower(), bob.action) == ("bob@example.com", Action.FAILED)
    assert bob.status == "5.1.1"
    assert (eve.recipient, eve.action) == ("eve@example.com", Action.DELAYED)
    assert found.message_id == "<first.17@example.org>"


def test_a_status_part_in_base64_is_read() -> None:
    import base64

    head, status, rest = sample("exim").partition(b"Reporting-MTA: dns; mx.example.net\n")
    status, cut, rest = (status + rest).partition(b"\n--1772445601-eximdsn-1\nContent-type: mess")
    head = head.removesuffix(b"\n") + b"Content-Transfer-Encoding: base64\n\n"
    found = parse(head + base64.encodebytes(status) + cut + rest)
    assert found
    assert found.recipients[0].recipient == "bob@example.com"


def test_a_missing_original_costs_the_message_id_only() -> None:
    found = parse(sample("postfix").partition(b"Content-Description: Undelivered")[0])
    assert found
    assert found.message_id == ""
    assert len(found.recipients) == 2


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\n",
        b"Subject: Undelivered Mail Returned to Sender\n\nHi. This is a friend.\n",
        b"Subject: x\n\nHi. This is the qmail-send program.\n\n<nobody>\nhello\n",
        b"Content-Type: multipart/report; report-type=disposition-notification; boundary=b\n\n--b\n"
        b"\nread\n--b\nContent-Type: message/disposition-notification\n\n"
        b"Final-Recipient: rfc822;bob@example.com\nDisposition: manual-action; displayed\n\n--b--",
        b"Content-Type: multipart/report; boundary=b\n\n--b\nContent-Type: message/delivery-status"
        b"\n\nReporting-MTA: dns; x\n\n--b--",
    ],
)
def test_what_is_no_notification_is_none(data: bytes) -> None:
    assert parse(data) is None


def test_a_forwarded_notification_is_none_of_ours() -> None:
    wrapped = b"Content-Type: multipart/mixed; boundary=w\n\n--w\n\nsee\n--w\nContent-Type: "
    assert parse(wrapped + b"message/rfc822\n\n" + sample("postfix") + b"\n--w--") is None


@given(st.binary(max_size=400), st.integers(0, 2500), st.sampled_from(["postfix", "exchange"]))
def test_whatever_comes_is_read_or_not_and_nothing_else(data: bytes, at: int, name: str) -> None:
    whole = sample(name)
    for text in (data, whole[:at] + data + whole[at:], whole[:at] + data):
        found = parse(text)
        if found:
            for recipient in found.recipients:
                assert recipient.recipient.isprintable()
                assert recipient.diagnostic.isprintable()


@pytest.mark.parametrize(
    "data",
    [
        b"Content-Type: multipart/report; boundary=b\n\n" + b"--b\n" * 500_000,
        b"Content-Type: multipart/report; boundary=b\n\n" + b"--b\n\n" * 300_000,
        b"Content-Type: multipart/report; boundary=b\n\n" + b"--b \t" * 400_000,
        b"".join(
            b"Content-Type: multipart/mixed; boundary=b%d\n\n--b%d\n" % (n, n)
            for n in range(20_000)
        ),
        b"A: b\n" * 400_000,
        b"A: b\n" + b" c\n" * 600_000,
        b"Content-Type: x" + b'; a="' * 400_000 + b"\n\n",
        b"Content-Type: multipart/report; boundary=b\n\n--b\nContent-Type: message/delivery-status"
        b"\n\n" + b"Final-Recipient: rfc822; a@b.c\nAction: failed\n" * 40_000,
        b"Content-Type: multipart/report; boundary=b\n\n--b\nContent-Type: message/delivery-status"
        b"\n\n" + b"\n \n" * 600_000,
        b"Content-Type: multipart/report; boundary=b\n\n--b\nContent-Type: message/delivery-status"
        b"\n\n" + b"".join(b"A%d: b\n\n" % n for n in range(100_000)),
        b"\nHi. This is the qmail-send program\n\n" + b"<a@b.c>:\n\n" * 200_000,
        b"X-Failed-Recipients: " + b"a@b " * 200_000 + b"\n\n" + b"  a@b\n    x\n" * 100_000,
        b"X-Failed-Recipients: a@b.c\n\n" + b"--" * 1_000_000,
    ],
    ids=range(13),
)  # fmt: skip
def test_a_hostile_notification_costs_little(data: bytes) -> None:
    begun = time.process_time()
    found = parse(data)
    assert time.process_time() - begun < 3
    assert not found or len(found.recipients) <= MAX_RECIPIENTS
