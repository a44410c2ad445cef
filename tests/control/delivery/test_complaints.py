"""Complaints reach the mailbox that sent, and count once."""

from __future__ import annotations

import datetime as dt

import pytest

from mailstead.control.delivery import queries, services
from mailstead.control.delivery.models import Complaint, Delivery
from mailstead.control.feed import services as feed
from mailstead.control.feed.models import Order
from mailstead.wire import codec
from mailstead.wire.orders import Answered, ComplaintTold, TellComplaint
from tests.control.api.caller import caller
from tests.control.delivery.test_recording import BOX, EVE, FAR, MIA, attempt, message, tell
from tests.control.world import World

DAY, MINUTE = dt.timedelta(days=1), dt.timedelta(minutes=1)


def report(
    original: str, *, fields: str = "", kind: str = "abuse", author: str = "fbl@yahoo.example"
) -> bytes:
    return (
        f"From: <{author}>\r\nTo: feedback@node1.example\r\nMIME-Version: 1.0\r\n"
        'Content-Type: multipart/report; report-type=feedback-report; boundary="b"\r\n\r\n'
        "--b\r\nContent-Type: text/plain\r\n\r\nThis is an abuse report.\r\n"
        "--b\r\nContent-Type: message/feedback-report\r\n\r\n"
        f"Feedback-Type: {kind}\r\nUser-Agent: FBL/1\r\nVersion: 1\r\n{fields}\r\n"
        f"--b\r\nContent-Type: message/rfc822\r\n\r\n{original}\r\n\r\nBuy.\r\n--b--\r\n"
    ).encode()


@pytest.fixture
def sent(world: World) -> World:
    """Mia has written to two people elsewhere, with one message."""
    now = world.now
    tell(
        world,
        message("4jYtqyMIA123", now, direction="submitted", login=MIA, message_id="m1@x"),
        attempt("4jYtqyMIA123", now, FAR, "sent", relay="mx.away.example"),
        attempt("4jYtqyMIA123", now, "joe@yahoo.example", "sent", relay="mx.yahoo.example"),
    )  # fmt: skip
    return world


def test_by_message_id(sent: World) -> None:
    fields = "Original-Rcpt-To: <joe@yahoo.example>\r\nSource-IP: 192.0.2.1\r\n"
    raw = report("Message-ID: <m1@x>\r\nSubject: Hi", fields=fields)
    made = services.record_complaint(raw=raw, received=sent.now, now=sent.now)
    assert made is not None and made.mailbox == sent.mailboxes["main"].pk
    assert (made.kind, made.reporter, made.source) == ("abuse", "yahoo.example", "192.0.2.1")
    assert Delivery.objects.get(pk=made.delivery).recipient == "joe@yahoo.example"
    assert list(queries.complaints(sent.actor("mailbox"))) == [made]
    assert list(queries.complaints(sent.actor("customer"))) == [made]
    assert list(queries.complaints(sent.actor("stranger"))) == []


def test_by_our_own_line_in_a_message_whose_rest_was_taken_out(sent: World) -> None:
    trace = "Received: from [10.0.0.1] (unknown)\r\n\tby node1.example (Postfix) with ESMTPSA id "
    made = services.record_complaint(
        raw=report(f"{trace}4jYtqyMIA123\r\n\tfor <redacted>; now"), received=sent.now, now=sent.now
    )
    assert made is not None and made.mailbox == sent.mailboxes["main"].pk
    strange = trace.replace("node1.example", "other.example")
    made = services.record_complaint(
        raw=report(f"{strange}4jYtqyMIA123\r\n\tfor <redacted>; now"),
        received=sent.now,
        now=sent.now,
    )
    assert made is not None and made.mailbox is None


def test_microsofts_older_form(sent: World) -> None:
    raw = (
        b"From: <staff@hotmail.example>\r\nTo: feedback@node1.example\r\nMIME-Version: 1.0\r\n"
        b'Content-Type: multipart/mixed; boundary="b"\r\n\r\n'
        b"--b\r\nContent-Type: message/rfc822\r\n\r\n"
        b"X-HmXmrOriginalRecipient: <far@away.example>\r\nMessage-ID: <m1@x>\r\n\r\nBuy.\r\n"
        b"--b--\r\n"
    )
    made = services.record_complaint(raw=raw, received=sent.now, now=sent.now)
    assert made is not None and made.recipient == FAR
    assert made.mailbox == sent.mailboxes["main"].pk


def test_what_is_no_report_is_none(sent: World) -> None:
    for raw in (b"", b"Subject: Hello\r\n\r\nNothing", b"\xff\x00" * 1000):
        assert services.record_complaint(raw=raw, received=sent.now, now=sent.now) is None
    assert not Complaint.objects.exists()


def test_a_report_counts_once_and_a_message_counts_once(sent: World) -> None:
    mia = sent.mailboxes["main"].pk
    raw = report("Message-ID: <m1@x>")
    services.record_complaint(raw=raw, received=sent.now, now=sent.now)
    services.record_complaint(raw=raw, received=sent.now, now=sent.now)
    assert Complaint.objects.count() == 1
    services.record_complaint(
        raw=report("Message-ID: <m1@x>", fields="Incidents: 9\r\n"), received=sent.now, now=sent.now
    )
    assert Complaint.objects.count() == 2
    assert queries.signals(mia, sent.now - DAY).complaints == 1
    services.record_complaint(
        raw=report("Message-ID: <m1@x>", kind="not-spam"), received=sent.now, now=sent.now
    )
    assert queries.signals(mia, sent.now - DAY).complaints == 1


def test_a_message_that_nobody_here_sent_blames_nobody(sent: World) -> None:
    made = services.record_complaint(
        raw=report("Message-ID: <other@x>"), received=sent.now, now=sent.now
    )
    assert made is not None and (made.customer, made.mailbox) == (None, None)
    assert made in queries.complaints(sent.actor("operator"))


def test_what_was_only_forwarded_is_its_owners_but_not_the_mailboxs_own(sent: World) -> None:
    tell(
        sent,
        message("4jYtqyFWD123", sent.now, message_id="f1@x"),
        attempt("4jYtqyFWD123", sent.now, "me@gmail.example", "sent", original="info@cars.example"),
        attempt("4jYtqyFWD123", sent.now, EVE, "filed"),
    )
    made = services.record_complaint(
        raw=report("Message-ID: <f1@x>"), received=sent.now, now=sent.now
    )
    assert made is not None and made.mailbox is None
    assert made.customer == sent.customers["customer"].pk
    assert BOX  # nobody else's mailbox is named


def test_pages_file_and_programs_show_them(sent: World) -> None:
    services.record_complaint(raw=report("Message-ID: <m1@x>"), received=sent.now, now=sent.now)
    for role, there in (
        ("mailbox", True),
        ("customer", True),
        ("operator", True),
        ("stranger", False),
    ):
        page = sent.client(role).get("/delivery/complaints/").content.decode()
        assert ("yahoo.example" in page) is there
    answer = sent.client("customer").get("/delivery/complaints/?export=csv&q=m1@x")
    assert "yahoo.example" in b"".join(answer.streaming_content).decode()  # type: ignore[attr-defined]
    (row,) = caller(sent, "customer").get("/complaints").body["items"]
    assert row["message_id"] == "m1@x"


def test_they_are_forgotten_after_a_year(sent: World) -> None:
    services.record_complaint(
        raw=report("Message-ID: <m1@x>"), received=sent.now - 366 * DAY, now=sent.now
    )
    assert services.drop_old_complaints(sent.now) == 1


def orders() -> list[TellComplaint]:
    told = [codec.decode_order(row.payload.encode()) for row in Order.objects.order_by("pk")]
    assert all(isinstance(one, TellComplaint) for one in told)
    return told  # type: ignore[return-value]


def test_the_guard_of_the_mailboxs_node_hears_of_it_once_an_hour(sent: World) -> None:
    hour = sent.now.replace(minute=0, second=0, microsecond=0)
    for number, minutes in enumerate((0, 10, 59, 60, 75)):
        at = hour + minutes * MINUTE
        raw = report("Message-ID: <m1@x>", fields=f"Incidents: {number + 1}\r\n")
        assert services.record_complaint(raw=raw, received=at, now=at + MINUTE)
    first, second = (TellComplaint(mailbox=MIA, at=hour + n * 60 * MINUTE) for n in (0, 1))
    assert orders() == [first, second]
    row = Order.objects.earliest("pk")
    assert row.server == sent.mailboxes["main"].domain.server.name
    assert row.asked_at == hour + MINUTE


def test_a_node_that_is_away_is_told_until_it_has_taken_it(sent: World) -> None:
    raw = report("Message-ID: <m1@x>")
    made = services.record_complaint(raw=raw, received=sent.now, now=sent.now)
    assert made is not None
    assert services.tell_again(sent.now + 10 * MINUTE) == 0
    for turn in (1, 2):
        now = sent.now + turn * 12 * MINUTE
        feed.expire(now)
        assert services.tell_again(now) == 1
        assert services.tell_again(now) == 0
    told = Order.objects.filter(answered_at=None).get()
    assert codec.decode_order(told.payload.encode()) == TellComplaint(mailbox=MIA, at=sent.now)
    answer = Answered(number=told.pk, answer=ComplaintTold())
    feed.record_answers(server=told.server, answers=[answer], now=sent.now + 25 * MINUTE)
    assert services.tell_again(sent.now + DAY) == 0
    assert Order.objects.count() == 3


def test_after_three_days_it_is_given_up(sent: World) -> None:
    services.record_complaint(raw=report("Message-ID: <m1@x>"), received=sent.now, now=sent.now)
    assert services.tell_again(sent.now + 3 * DAY + MINUTE) == 0
    assert services.tell_again(sent.now + 4 * DAY) == 0
    assert not Complaint.objects.exclude(guard_due=None).exists()


def test_the_guard_hears_of_no_praise_and_of_nobody_elses_mail(sent: World) -> None:
    for raw in (report("Message-ID: <m1@x>", kind="not-spam"), report("Message-ID: <other@x>")):
        services.record_complaint(raw=raw, received=sent.now, now=sent.now)
    assert orders() == []
