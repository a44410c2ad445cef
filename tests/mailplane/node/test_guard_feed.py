"""What the guard is told of the logs: of our own log-ins' mail, each thing once, nothing else."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from pathlib import Path

import pytest

from mailstead.home import Home
from mailstead.mailplane.engines.postfix import delivery_lines as lines
from mailstead.mailplane.guard.learning import Failed, Gone, Told
from mailstead.mailplane.node import guard_feed
from mailstead.mailplane.node.guard_feed import GuardFeed

ANN, BOB = "ann@here.example", "bob@far.example"
NOW = dt.datetime(2026, 3, 1, 12, tzinfo=dt.UTC)
AT = NOW.timestamp()
STAMP = b"Mar  1 12:00:00 mx postfix/"


def said(feed: GuardFeed) -> Sequence[Told]:
    return list(feed._waiting)


def read(*texts: str) -> list[lines.Line]:
    """Lines of Postfix's log."""
    found = [lines.read(STAMP + text.encode(), NOW) for text in texts]
    assert None not in found, texts
    return [one for one in found if one is not None]


def begun(login: str = f"{ANN}/7") -> str:
    words = f", sasl_method=PLAIN, sasl_username={login}" if login else ""
    service = "submission/" if login else ""
    return f"{service}smtpd[7]: 4abcdefghjkmnz: client=c.example[192.0.2.9]{words}"


def tried(status: str, dsn: str, reply: str, to: str = BOB) -> str:
    return (
        f"smtp[8]: 4abcdefghjkmnz: to=<{to}>, relay=mx.far.example[192.0.2.1]:25, delay=1, "
        f"delays=0/0/0/1, dsn={dsn}, status={status} (host mx.far.example[192.0.2.1] said: {reply})"
    )


@pytest.mark.parametrize(
    ("status", "dsn", "reply", "fate"),
    [
        ("bounced", "5.1.1", "550 5.1.1 no such user", "bounced"),
        ("bounced", "5.7.1", "554 5.7.1 message content rejected as spam", "refused"),
        ("bounced", "5.2.2", "552 5.2.2 mailbox full", None),
        ("deferred", "4.7.1", "450 4.7.1 greylisted, try again later", None),
        ("deferred", "4.7.0", "421 4.7.0 Our system has detected an unusual rate of unsolicited "
         "mail originating from your IP address", "deferred"),
        ("sent", "2.0.0", "250 ok", None),
    ],
)  # fmt: skip
def test_what_becomes_of_recipients(
    tmp_path: Path, status: str, dsn: str, reply: str, fate: str | None
) -> None:
    feed = GuardFeed(Home(tmp_path))
    feed.delivered(read(begun(), tried(status, dsn, reply)))
    # What is tried again is told once.
    if status == "deferred":
        feed.delivered(read(tried(status, dsn, reply)))
    assert said(feed) == ([Failed(AT, ANN, BOB, fate)] if fate else [])  # type: ignore[arg-type]


def test_mail_from_elsewhere_is_nobodys_here(tmp_path: Path) -> None:
    feed = GuardFeed(Home(tmp_path))
    feed.delivered(read(begun(login=""), tried("bounced", "5.1.1", "550 5.1.1 no such user")))
    assert said(feed) == []


def test_what_waits_is_bounded_and_goes_where_nobody_wants_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(guard_feed, "MOST", 3)
    feed = GuardFeed(Home(tmp_path))
    for number in range(9):
        feed.gone(f"box{number}@here.example")
    feed.send()
    assert said(feed) == [Gone(f"box{number}@here.example") for number in (6, 7, 8)]
    unwanted = GuardFeed(Home(tmp_path), wanted=False)
    unwanted.gone(ANN)
    unwanted.send()
    assert said(unwanted) == []
