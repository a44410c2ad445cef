"""What Rspamd tells in Postfix's log: subjects as hashes, and reports of other hosts."""

from __future__ import annotations

import base64
import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailstead.mailplane.engines.postfix import delivery_lines
from mailstead.mailplane.node.deliveries import Joiner
from mailstead.wire.events import AnyEvent, MessageSeen, ReturnSeen

NOW = dt.datetime(2026, 11, 24, 23, 30, tzinfo=dt.UTC)
HEAD = b"Nov 24 23:18:29 mx postfix/"
NUMBER = b"4jYzJP2WQzzC5vQ"
# As Postfix 3.7.11 writes it; the header itself is cut after 60 characters, the text is not.
STRIP = (
    HEAD + b"cleanup[19098]: " + NUMBER + b": milter-header-strip: header X-Mailstead-%s: %.60s "
    b"from mail.client.example[198.18.56.1]; from=<%s> to=<ann@here.example> proto=ESMTP "
    b"helo=<%s>: %s=%s"
)
STATUS = (
    b"Reporting-MTA: dns; mx.far.example\r\n\r\nFinal-Recipient: rfc822; Full@far.example\r\n"
    b"Action: failed\r\nStatus: 5.2.2\r\nDiagnostic-Code: smtp; 552 5.2.2 Mailbox full\r\n"
)


def strip(
    what: bytes, value: bytes, *, sender: bytes = b"", helo: bytes = b"mail.x.example"
) -> bytes:
    return STRIP % (what.title(), value, sender, helo, what, value)


def told(*middle: bytes, service: bytes = b"smtpd") -> list[AnyEvent]:
    lines = [
        HEAD + service + b"[1]: " + NUMBER + b": client=mail.client.example[198.18.56.1]",
        *middle,
        HEAD + b"qmgr[2]: " + NUMBER + b": from=<>, size=800, nrcpt=1 (queue active)",
    ]
    found = (delivery_lines.read(line, NOW) for line in lines)
    return Joiner().events([line for line in found if line is not None])


def report(said: bytes, about: bytes = b"<m1@here.example>") -> bytes:
    return strip(b"report", base64.b64encode(about + b"\n.\n" + said))


def test_a_subjects_hash_goes_with_its_message() -> None:
    (message,) = told(strip(b"subject", b"03179e043b63d983"))
    assert isinstance(message, MessageSeen) and message.subject == "03179e043b63d983"


def test_what_a_stranger_says_is_no_fact() -> None:
    forged = strip(
        b"subject",
        b"03179e043b63d983",
        sender=b'"x: subject=aaaaaaaaaaaaaaaa"@x.example',
        helo=b"x>: subject=bbbbbbbbbbbbbbbb",
    )
    (message,) = told(forged)
    assert isinstance(message, MessageSeen) and message.subject == "03179e043b63d983"
    plain = HEAD + b"cleanup[3]: " + NUMBER + b": message-id=<milter-header-strip: subject=aa>"
    (message,) = told(plain)
    assert isinstance(message, MessageSeen) and message.subject == ""


def test_a_report_names_the_message_and_who_did_not_get_it() -> None:
    event = told(report(STATUS))[0]
    assert isinstance(event, ReturnSeen)
    assert (event.message_id, event.host) == ("m1@here.example", "mx.far.example")
    (one,) = event.recipients
    assert (one.recipient, one.status) == ("full@far.example", "5.2.2")
    assert one.words == "552 5.2.2 Mailbox full"


def test_a_line_that_was_cut_off_still_tells_the_first_recipient() -> None:
    whole = report(STATUS + b"\r\n" + STATUS.partition(b"\r\n\r\n")[2] * 20)
    assert len(whole) > 1900
    event = told(whole[:1901])[0]
    assert isinstance(event, ReturnSeen) and event.recipients[0].recipient == "full@far.example"


@pytest.mark.parametrize(
    "line",
    [
        report(STATUS.replace(b"failed", b"delayed").replace(b"5.2.2", b"4.2.2")),
        report(STATUS.replace(b"failed", b"delivered").replace(b"5.2.2", b"2.0.0")),
        report(b"nothing"),
        report(b"--frame\r\n" + STATUS),
        strip(b"report", b"===="),
        strip(b"report", b"A"),
    ],
)
def test_what_tells_of_no_failure_is_not_told(line: bytes) -> None:
    assert [type(event) for event in told(line)] == [MessageSeen]


def test_our_own_bounces_are_not_told_twice() -> None:
    assert [type(event) for event in told(report(STATUS), service=b"reinject/smtpd")] == [
        MessageSeen
    ]


@given(st.binary(max_size=1200))
def test_any_report_is_read_or_left(said: bytes) -> None:
    assert 1 <= len(told(report(said))) <= 2
