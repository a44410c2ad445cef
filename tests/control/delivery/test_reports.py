"""Reports from others: read within limits, kept once, about our own domains only, as claims."""

from __future__ import annotations

import datetime as dt
import gzip
from collections.abc import Callable
from email.message import EmailMessage
from pathlib import Path

import pytest

from mailstead.control.delivery import services
from mailstead.control.delivery.models import (
    Complaint,
    DmarcRow,
    Report,
    ReportMail,
    TlsRow,
)
from mailstead.control.feed import services as feed
from mailstead.standards.refusal import Refusal
from mailstead.wire.events import ReportKind, ReportReceived
from tests.control.world import World
from tests.standards import bombs
from tests.support.reports import BEGIN, dmarc_xml, mailed, tls_json

pytestmark = pytest.mark.django_db
NOW = BEGIN + dt.timedelta(hours=30)
ROWS = [
    ("192.0.2.1", 90, "none", "pass", "pass"),
    ("198.51.100.7", 10, "reject", "fail", "fail"),
]
ARF = Path(__file__).parents[2] / "standards" / "samples" / "arf"
_numbers = iter(range(10_000))


def receive(
    world: World, made: EmailMessage | bytes, kind: ReportKind = "dmarc", now: dt.datetime = NOW
) -> None:
    """A node tells of a message, and the worker reads it."""
    raw = made if isinstance(made, bytes) else made.as_bytes()
    event = ReportReceived(id=f"p{next(_numbers)}", at=now, kind=kind, raw=raw)
    feed.record_events(
        server=world.server.name,
        events=[event],
        handle=lambda _: None,
        record=services.record,
        now=now,
    )
    services.read_due(now)


def dmarc(domain: str = "cars.example", **facts: str) -> EmailMessage:
    """A report about Carl's domain as a message."""
    return mailed(dmarc_xml(domain, ROWS, **facts), "dmarc-reports@node1.example")


def unread() -> list[str]:
    """Why messages could not be read."""
    return list(ReportMail.objects.exclude(words="").values_list("words", flat=True))


def test_an_aggregate_is_kept_row_by_row(world: World) -> None:
    receive(world, dmarc())
    report = Report.objects.get()
    assert (report.domain, report.reporter) == (world.domains["main"], "Far Mail")
    assert (report.day, report.sender, report.proven) == (BEGIN.date(), "far.example", False)
    rows = DmarcRow.objects.order_by("source").values_list("source", "count", "dkim", "spf")
    assert list(rows) == [("192.0.2.1", 90, True, True), ("198.51.100.7", 10, False, False)]
    assert not ReportMail.objects.exists()


def test_the_same_report_counts_once_and_its_like_from_another_sender_beside_it(
    world: World,
) -> None:
    receive(world, dmarc())
    receive(world, dmarc())
    assert DmarcRow.objects.count() == 2
    forged = mailed(dmarc_xml("cars.example", ROWS), "x@node1.example", sender="x@evil.example")
    receive(world, forged)
    assert set(Report.objects.values_list("sender", flat=True)) == {"far.example", "evil.example"}


def test_our_own_verdict_says_whether_a_report_is_signed_and_nobody_elses(world: World) -> None:
    ours = b"Authentication-Results: node1.example;\r\n dkim=pass header.d=far.example\r\n"
    theirs = b"Authentication-Results: mx.evil.example; dkim=pass header.d=far.example\r\n"
    receive(world, ours + theirs + dmarc(number="a").as_bytes())
    receive(world, theirs + ours + dmarc(number="b").as_bytes())
    found = dict(Report.objects.values_list("number", "proven"))
    assert found == {"a": True, "b": False}


def test_a_tls_report_is_kept_wherever_it_was_sent_to(world: World) -> None:
    made = mailed(tls_json("cars.example", 40, 2), "dmarc-reports@node1.example")
    receive(world, made, "dmarc")
    row = TlsRow.objects.get()
    assert (row.report.domain.name, row.policy) == ("cars.example", "sts")
    assert (row.successful, row.failed) == (40, 2)
    assert row.failures[0]["kind"] == "certificate-expired"


@pytest.mark.parametrize("name", ["elsewhere.example", "", "..", "x" * 300])
def test_a_report_about_a_domain_that_is_not_hosted_here_is_not_kept(
    world: World, name: str
) -> None:
    receive(world, dmarc(name))
    receive(world, mailed(tls_json(name, 1, 1), "x@node1.example"), "tls")
    assert not Report.objects.exists()
    assert len(unread()) == 2


XXE = b'<?xml version="1.0"?><!DOCTYPE feedback [<!ENTITY x SYSTEM "file:///etc/passwd">]><feedback>&x;</feedback>'
LAUGHS = b'<!DOCTYPE z [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;">]><feedback>&b;</feedback>'
HOSTILE: dict[str, Callable[[], bytes]] = {
    "gzip bomb": bombs.gzip_bomb,
    "many members": bombs.gzip_of_members,
    "zip bomb": bombs.zip_bomb,
    "lying zip": bombs.lying_zip,
    "external entity": lambda: gzip.compress(XXE),
    "entities": lambda: gzip.compress(LAUGHS),
    "deep json": lambda: gzip.compress(b"[" * 100_000),
    "deep xml": lambda: gzip.compress(b"<a>" * 100_000),
    "nothing": lambda: b"",
    "noise": lambda: bytes(range(256)) * 40,
}


@pytest.mark.parametrize("name", HOSTILE)
@pytest.mark.parametrize("kind", ["dmarc", "tls"])
def test_what_is_hostile_costs_a_line_and_no_more(
    world: World, name: str, kind: ReportKind
) -> None:
    receive(world, mailed(HOSTILE[name](), "x@node1.example", pack=False), kind)
    assert len(unread()) == 1
    receive(world, dmarc())
    assert Report.objects.count() == 1


def test_a_message_that_ends_the_reader_is_not_read_for_ever(world: World) -> None:
    row = ReportMail.objects.create(
        server="node1", kind="dmarc", received=NOW, raw=dmarc().as_bytes(), tries=3
    )
    services.read_due(NOW)
    row.refresh_from_db()
    assert row.words
    assert not Report.objects.exists()


def test_a_complaint_is_kept_by_the_part_that_knows_them(world: World) -> None:
    sample = next(iter(sorted(ARF.glob("*.eml"))))
    receive(world, sample.read_bytes(), "complaint")
    receive(world, b"Subject: spam\r\n\r\nabout you", "complaint")
    assert Complaint.objects.count() == 1
    assert unread() == ["The report cannot be read: it is no complaint in a form that is known."]


def test_what_nobody_can_read_yet_waits(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(services.report_mail, "READERS", {})
    receive(world, b"Subject: spam\r\n\r\nabout you", "complaint")
    assert ReportMail.objects.filter(words="", kind="complaint").count() == 1


def test_a_report_of_long_ago_or_of_the_future_is_not_believed(world: World) -> None:
    for days in (-70, 5):
        begin = BEGIN + dt.timedelta(days=days)
        xml = dmarc_xml("cars.example", ROWS, begin=begin, number=str(days))
        receive(world, mailed(xml, "x@node1.example"))
    assert not Report.objects.exists()


def test_of_one_domain_only_so_many_are_taken_in_a_day(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(services.aggregates, "MOST_A_DAY", 2)
    for number in range(4):
        receive(world, dmarc(number=str(number)))
    assert Report.objects.count() == 2
    receive(world, dmarc("shop.example"))
    assert Report.objects.count() == 3


def test_when_too_many_wait_the_node_keeps_them(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(services.report_mail, "MOST_WAITING", 1)
    monkeypatch.setattr(services.report_mail, "READERS", {})
    receive(world, dmarc())
    with pytest.raises(Refusal, match="wait"):
        receive(world, dmarc())


def test_old_reports_go_after_thirteen_months(world: World) -> None:
    receive(world, dmarc())
    assert services.drop_old_reports(NOW + dt.timedelta(days=389)) == 0
    assert services.drop_old_reports(NOW + dt.timedelta(days=391)) == 1
    assert not DmarcRow.objects.exists()


def test_what_could_not_be_read_goes_after_a_month(world: World) -> None:
    receive(world, mailed(b"noise", "x@node1.example"))
    assert services.drop_unread(NOW + dt.timedelta(days=29)) == 0
    assert services.drop_unread(NOW + dt.timedelta(days=31)) == 1
