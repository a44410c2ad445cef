"""The delivery log's source: real lines, forged lines, any bytes, and the real engines."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.mailplane.engines.harness import DOMAIN, PASSWORD, Host, until
from tests.support.managesieve import ManageSieve

from mailstead.config import Settings
from mailstead.home import Home
from mailstead.mailplane.engines.dovecot import filing_lines
from mailstead.mailplane.engines.postfix import delivery_lines, main_cf, model, queue
from mailstead.mailplane.node import deliveries
from mailstead.mailplane.node.deliveries import DeliveryBook, Joiner
from mailstead.mailplane.node.event_spool import EventSpool
from mailstead.wire import codec
from mailstead.wire.events import AnyEvent, AttemptSeen, MessageSeen, RefusalSeen

CORPUS = Path(__file__).parents[1] / "engines" / "postfix" / "corpus"
"""Lines of the real engines: what `test_the_real_engines…` sends and more, hostile texts too."""
NOW = dt.datetime(2026, 11, 24, 22, 0, tzinfo=dt.UTC)
HEAD = b"Nov 24 19:57:02 mail postfix/"
NUMBER = "4jYtqy27ZpzLsnY"


def lines(name: str) -> list[bytes]:
    return (CORPUS / f"{name}.log").read_bytes().split(b"\n")[:-1]


def told(postfix: list[bytes], dovecot: list[bytes] = []) -> list[AnyEvent]:  # noqa: B006
    joiner = Joiner()
    for filing in filter(None, map(filing_lines.read, dovecot)):
        joiner.note(filing)
    found = (delivery_lines.read(line, NOW) for line in postfix)
    return joiner.events([line for line in found if line is not None])


def test_the_corpus_tells_every_message_every_recipient_and_every_refusal() -> None:
    events = told(lines("postfix"), lines("dovecot"))
    messages = {e.queue: e for e in events if isinstance(e, MessageSeen)}
    attempts = [e for e in events if isinstance(e, AttemptSeen)]
    refusals = [e for e in events if isinstance(e, RefusalSeen)]
    taken = [line for line in lines("postfix") if line.endswith(b"(queue active)")]
    tried = [line for line in lines("postfix") if b", dsn=" in line]
    rejected = [line for line in lines("postfix") if b" reject: " in line]
    assert len(messages) == len(taken)
    assert len(attempts) == len(tried)
    assert len(refusals) == len(rejected)
    assert {e.queue for e in attempts} == set(messages)


def test_the_corpus_tells_what_dovecot_did() -> None:
    attempts = [e for e in told(lines("postfix"), lines("dovecot")) if isinstance(e, AttemptSeen)]
    bobs = {
        (e.outcome, e.folder, e.forwarded) for e in attempts if e.recipient == "bob@here.example"
    }
    assert bobs == {
        ("filed", "INBOX", ()),
        ("filed", "Work Folder/ü'x", ()),
        ("filed", "INBOX", ("ann@here.example",)),
        ("forwarded", "", ("ann@here.example",)),
        ("rejected", "", ()),
        ("discarded", "", ()),
    }
    assert {(e.by, e.recipient, e.outcome) for e in attempts if e.by} == {
        ("bob@here.example", "ann@here.example", "filed"),
        # An automatic answer is its mailbox's own.
        ("bob@here.example", "far@away.example", "bounced"),
    }


def test_a_submission_tells_whose_log_in_it_was() -> None:
    events = told(lines("postfix"))
    (message,) = [e for e in events if isinstance(e, MessageSeen) and e.direction == "submitted"]
    assert (message.login, message.sender) == ("ann@here.example", "ann@here.example")
    assert message.message_id == f"{message.queue}@mail.node.example"
    bounced = {
        e.recipient: e for e in events if isinstance(e, AttemptSeen) and e.outcome == "bounced"
    }
    assert bounced["someone@elsewhere.invalid"].dsn == "5.4.4"
    assert "Host not found" in bounced["someone@elsewhere.invalid"].reply


def test_an_address_of_quotes_is_read_to_its_end() -> None:
    (hostile,) = [
        e for e in told(lines("postfix")) if isinstance(e, RefusalSeen) and '"' in e.sender
    ]
    assert hostile.sender == '"a b, status=sent (x>"@away.example'
    assert hostile.recipient == '"we\\"ird, x> status=sent"@here.example'


FORGED_TRY = (
    b'smtp[7]: %s: to=<"x>, relay=g.example[1.1.1.1]:25, delay=1, delays=1/0/0/0, dsn=2.0.0, '
    b'status=sent (250 ok)"@evil.example>, relay=none, delay=1, delays=1/0/0/0, dsn=5.4.4, '
    b"status=bounced (no such host)" % NUMBER.encode()
)
FORGED_REFUSAL = (
    b"smtpd[7]: NOQUEUE: reject: RCPT from u[192.0.2.1]: 550 5.1.1 <x; from=<a@b.example> "
    b"to=<ann@here.example> proto=ESMTP helo=<q@here.example>: Recipient address rejected: no; "
    b'from=<far@away.example> to=<"x; from=<a@b.example> to=<ann@here.example> proto=ESMTP '
    b'helo=<q"@here.example> proto=ESMTP helo=<c.example>'
)


def test_an_address_that_looks_like_an_outcome_is_none() -> None:
    (event,) = told([HEAD + FORGED_TRY])
    assert isinstance(event, AttemptSeen)
    assert (event.outcome, event.dsn) == ("bounced", "5.4.4")
    assert event.recipient.endswith("@evil.example")


def test_a_message_that_the_scan_refuses_is_told() -> None:
    line = (
        b"cleanup[7]: 4jYtqy27ZpzLsnY: milter-reject: END-OF-MESSAGE from u[192.0.2.1]: "
        b"5.7.1 Spam; from=<far@away.example> to=<ann@here.example> proto=ESMTP helo=<c.example>"
    )
    (event,) = told([HEAD + line])
    assert isinstance(event, RefusalSeen)
    assert (event.recipient, event.words) == ("ann@here.example", "5.7.1 Spam")


@pytest.mark.parametrize(
    ("sender", "submitted"),
    [
        ("ann@here.example", True),
        ('"no@x.example>: Recipient address rejected: a"@here.example', False),
    ],
)
def test_only_a_sender_who_was_proved_is_told_as_ours(sender: str, submitted: bool) -> None:
    line = (
        f"submission/smtpd[7]: NOQUEUE: reject: RCPT from u[192.0.2.1]: 550 5.1.1 <no@x.example>: "
        f"Recipient address rejected: no; from=<{sender}> to=<no@x.example> proto=ESMTP helo=<c>"
    )
    (event,) = told([HEAD + line.encode()])
    assert isinstance(event, RefusalSeen) and event.submitted is submitted


def test_the_next_try_is_reckoned_with_postfixs_own_pause() -> None:
    settings = Settings(hostname="mail.node.example")
    made = model.from_settings(settings, Home(Path("/srv")))
    values = {name: value for name, value, _ in main_cf.entries(made)}
    assert values["minimal_backoff_time"] == f"{deliveries.SHORTEST_PAUSE:.0f}s"
    assert "maximal_backoff_time" not in values


def test_what_a_milter_refuses_of_a_log_in_is_told_to_it() -> None:
    """The number joins the refusal to the session that began the message."""
    begun = HEAD + b"%s/smtpd[7]: %s: client=unknown[198.18.16.1]"
    refused = (
        HEAD + b"cleanup[8]: %s: milter-reject: END-OF-MESSAGE from unknown[198.18.16.1]: 5.7.1 "
        b'The line "From:" says x; from=<ann@x.example> to=<bob@y.example> proto=ESMTP helo=<l>'
    )
    number = NUMBER.encode()
    for service, ours in ((b"submission", True), (b"submissions", True), (b"reinject", False)):
        (event,) = told([begun % (service, number), refused % number])
        assert isinstance(event, RefusalSeen)
        assert event.submitted is ours


def test_a_refusal_made_to_look_like_another_ones_is_not_believed() -> None:
    assert told([HEAD + FORGED_REFUSAL]) == []


@pytest.mark.parametrize(
    "text",
    [
        b"cleanup[7]: %s: message-id=<a>: to=<x@y.example>, relay=z, delay=1, delays=1/0/0/0, "
        b"dsn=2.0.0, status=sent (ok)",
        b"cleanup[7]: %s: warning: header Subject: x: %s: to=<x@y.example>, relay=z, delay=1, "
        b"delays=1/0/0/0, dsn=2.0.0, status=sent (ok) from u[192.0.2.1]; from=<a@b.example>",
    ],
)
def test_a_header_never_becomes_an_event(text: bytes) -> None:
    number = NUMBER.encode()
    assert told([HEAD + text.replace(b"%s", number)]) == []


def test_the_reply_of_the_other_side_is_bounded_and_on_one_line() -> None:
    said = "said:\u2028\u202e no \x1b[2J".encode() + b"\xff" * 3000 + b", status=sent (250 ok)"
    line = (
        b"smtp[7]: %s: to=<x@y.example>, relay=mx.y.example[192.0.2.4]:25, delay=90.5, "
        b"delays=1/0/0/0, dsn=4.2.2, status=deferred (%s)" % (NUMBER.encode(), said)
    )
    (event,) = told([HEAD + line])
    assert isinstance(event, AttemptSeen)
    assert (event.outcome, event.relay) == ("deferred", "mx.y.example")
    assert len(event.reply) == 500 and event.reply.isprintable()
    assert event.next_try is not None and (event.next_try - event.at).total_seconds() == 90.5
    assert told([HEAD + line + b"x" * 9000]) == []


FORWARDED = [
    b"Nov 24 20:06:00 mail postfix/smtpd[1]: 4jYv2J4XCTzMYQp: client=far.example[192.0.2.1]",
    b"Nov 24 20:06:00 mail postfix/cleanup[2]: 4jYv2J4XCTzMYQp: message-id=<m1@away.example>",
    b"Nov 24 20:06:00 mail postfix/qmgr[3]: 4jYv2J4XCTzMYQp: from=<one@away.example>, size=232,"
    b" nrcpt=1 (queue active)",
    b"Nov 24 20:06:00 mail postfix/forward/smtpd[4]: 4jYv2J4hFMzMYQt: client=localhost[127.0.0.1]",
    b"Nov 24 20:06:00 mail postfix/forward/cleanup[5]: 4jYv2J4hFMzMYQt:"
    b" message-id=<m1@away.example>",
    b"Nov 24 20:06:00 mail postfix/qmgr[3]: 4jYv2J4hFMzMYQt:"
    b" from=<SRS0=Quax=JN=away.example=one@mail.node.example>, size=420, nrcpt=1 (queue active)",
    b"Nov 24 20:06:00 mail postfix/forward/smtp[6]: 4jYv2J4XCTzMYQp: to=<far@unknown.example>,"
    b" orig_to=<info@here.example>, relay=127.0.0.1[127.0.0.1]:10027, delay=0.03,"
    b" delays=0.01/0.01/0.01/0.01, dsn=2.0.0, status=sent (250 2.0.0 Ok: queued as"
    b" 4jYv2J4hFMzMYQt)",
    b"Nov 24 20:06:00 mail postfix/qmgr[3]: 4jYv2J4XCTzMYQp: removed",
    b"Nov 24 20:06:01 mail postfix/smtp[7]: 4jYv2J4hFMzMYQt: to=<far@unknown.example>,"
    b" relay=mx.unknown.example[192.0.2.9]:25, delay=1.2, delays=0.01/0.01/0/1, dsn=2.0.0,"
    b" status=sent (250 2.0.0 Ok)",
    b"Nov 24 20:06:01 mail postfix/qmgr[3]: 4jYv2J4hFMzMYQt: removed",
]
"""A forwarded message, as Postfix logs its way through the port where it gets its sender."""


def _of_forwarded(said: list[bytes]) -> None:
    message, attempt = told(said)
    assert isinstance(message, MessageSeen)
    assert isinstance(attempt, AttemptSeen)
    assert (message.direction, message.sender) == ("in", "one@away.example")
    assert (attempt.queue, attempt.outcome) == (message.queue, "sent")
    assert (attempt.recipient, attempt.original) == ("far@unknown.example", "info@here.example")
    assert attempt.relay == "mx.unknown.example"


def test_a_forwarded_message_stays_one_message_while_it_gets_its_sender() -> None:
    _of_forwarded(FORWARDED)


def test_the_far_host_may_answer_before_the_way_there_is_logged() -> None:
    late = FORWARDED[6]
    _of_forwarded([*FORWARDED[:6], FORWARDED[8], late, FORWARDED[7], FORWARDED[9]])


@pytest.mark.parametrize(
    ("line", "outcome"),
    [
        ("qmgr[1]: {}: from=<a@b.example>, status=expired, returned to sender", "expired"),
        ("postsuper[1]: {}: placed on hold", "held"),
        ("postsuper[1]: {}: released from hold", "released"),
        ("postsuper[1]: {}: removed", "deleted"),
    ],
)
def test_what_holds_for_all_who_wait_has_no_recipient(line: str, outcome: str) -> None:
    (event,) = told([HEAD + line.format(NUMBER).encode()])
    assert isinstance(event, AttemptSeen)
    assert (event.queue, event.outcome, event.recipient) == (NUMBER, outcome, "")


BEGINNINGS = [
    b"",
    b"smtp[7]: 4jYtqy27ZpzLsnY: to=<",
    b"smtpd[7]: NOQUEUE: reject: RCPT from u[1.1.1.1]: 550 ",
    b"cleanup[7]: 4jYtqy27ZpzLsnY: message-id=",
]


@given(st.binary(max_size=300), st.sampled_from(BEGINNINGS))
def test_any_bytes_are_read_without_a_fault(raw: bytes, begin: bytes) -> None:
    for event in told([HEAD + begin + raw], [raw]):
        codec.encode(event)


PARTS = [*"ab<>\"\\,;:= ()[]@/.'", "to=<", "from=<", "status=sent (", "\u2028"]
WORDS = st.lists(st.sampled_from(PARTS), max_size=40).map("".join)


@given(WORDS, WORDS)
def test_no_local_part_and_no_reply_change_who_is_told_what(local: str, reply: str) -> None:
    quoted = '"' + local.replace("\\", "\\\\").replace('"', '\\"') + '"'
    line = (
        f"smtp[7]: {NUMBER}: to=<{quoted}@evil.example>, relay=mx.example[192.0.2.4]:25, delay=1, "
        f"delays=1/0/0/0, dsn=5.1.1, status=bounced ({reply})"
    )
    for event in told([HEAD + line.encode()]):
        assert isinstance(event, AttemptSeen)
        assert (event.outcome, event.dsn) == ("bounced", "5.1.1")
        assert event.recipient.endswith("@evil.example")


def test_a_session_and_a_folder_are_not_taken_from_a_message_id() -> None:
    line = (
        b"2026-11-24T19:57:02 lmtp(ann@here.example)<1><S1>: Info: sieve: "
        b"msgid=<a:storedmailintomailbox'X'>: fileinto action: stored mail into mailbox 'Real'"
    )
    found = filing_lines.read(line)
    assert found is not None and (found.session, found.where) == ("S1", "Real")


class Site:
    """Logs and spool without engines."""

    def __init__(self, root: Path) -> None:
        self.home = Home(root)
        self.home.log.mkdir(parents=True)
        for name in ("postfix", "dovecot"):
            (self.home.log / f"{name}.log").touch()
        self.spool = EventSpool(self.home.event_spool)
        self.book = DeliveryBook(self.home, self.spool)

    def say(self, name: str, *said: bytes) -> None:
        with (self.home.log / f"{name}.log").open("ab") as out:
            out.writelines(line + b"\n" for line in said)

    def events(self, looks: int = 2) -> list[AnyEvent]:
        for _ in range(looks):
            self.book.read(NOW)
        number, events = self.spool.waiting()
        self.spool.done(number, events)
        return events


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    made = Site(tmp_path)
    yield made
    made.spool.close()


def test_dovecots_line_may_come_a_moment_later(site: Site) -> None:
    site.say("postfix", *lines("postfix"))
    assert site.events(looks=1) == []
    site.say("dovecot", *lines("dovecot"))
    folders = {e.folder for e in site.events(looks=1) if isinstance(e, AttemptSeen)}
    assert "Work Folder/ü'x" in folders


def test_each_line_is_told_once_whoever_is_killed(site: Site) -> None:
    site.say("postfix", *lines("postfix")[:40])
    first = site.events()
    site.say("postfix", *lines("postfix")[40:])
    site.book.read(NOW)
    site.book = DeliveryBook(site.home, site.spool)  # the one before had read and not told
    both = [e for e in (*first, *site.events()) if isinstance(e, AttemptSeen)]
    assert len(both) == len([e for e in told(lines("postfix")) if isinstance(e, AttemptSeen)])


def test_while_the_spool_has_no_room_the_logs_wait(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    site.say("postfix", *lines("postfix"))
    monkeypatch.setattr(deliveries, "ROOM", 10**9)
    assert site.events() == []
    monkeypatch.undo()
    assert site.events()


def test_memory_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(deliveries, "MOST", 10)
    joiner = Joiner()
    for number in range(50):
        line = HEAD + b"cleanup[7]: %s%04d: message-id=<x>" % (NUMBER[:10].encode(), number)
        found = delivery_lines.read(line, NOW)
        assert found is not None and joiner.event(found) is None
    assert len(joiner._messages) == 10


@pytest.mark.engines
def test_what_an_operator_does_with_the_queue_is_told(host: Host, tmp_path: Path) -> None:
    word = uuid.uuid4().hex[:8]
    ann = host.add(f"ann-{word}")
    spool = EventSpool(tmp_path / "events.db")
    book = DeliveryBook(host.home, spool)
    found: list[AnyEvent] = []

    def outcomes(number: str) -> list[str]:
        book.read(dt.datetime.now(dt.UTC))
        batch, events = spool.waiting()
        spool.done(batch, events)
        found.extend(events)
        return [e.outcome for e in found if isinstance(e, AttemptSeen) and e.queue == number]

    with host.submission(ann) as session:
        session.mail(ann)
        # A port on which nobody listens: the message waits.
        session.rcpt(f"x-{word}@[127.0.0.9]")
        answer = session.data(f"From: {ann}\r\nSubject: x\r\n\r\n{word}\r\n".encode())[1]
    number = answer.decode().rpartition(" ")[2]
    until(lambda: outcomes(number) == ["deferred"], "it waits")
    assert queue.move(host.home, "hold", [number]) == {number}
    until(lambda: outcomes(number) == ["deferred", "held"], "it is held")
    assert queue.move(host.home, "release", [number]) == {number}
    until(lambda: outcomes(number)[:3] == ["deferred", "held", "released"], "it is released")
    assert queue.move(host.home, "delete", [number]) == {number}
    until(lambda: outcomes(number)[-1] == "deleted", "it is deleted")
    spool.close()


@pytest.mark.engines
def test_the_real_engines_logs_become_events(host: Host, tmp_path: Path) -> None:
    word = uuid.uuid4().hex[:8]
    ann, bob = host.add(f"ann-{word}"), host.add(f"bob-{word}")
    spool = EventSpool(tmp_path / "events.db")
    book = DeliveryBook(host.home, spool)
    with ManageSieve("127.0.0.1", host.port("managesieve")) as sieve:
        sieve.login(bob, PASSWORD)
        sieve.put("own", 'require ["fileinto", "mailbox", "copy"]; fileinto :create "Work"; '
                  f'redirect :copy "{ann}";')  # fmt: skip
        sieve.activate("own")
    host.deliver(ann, f"in {word}", subject="in")
    with pytest.raises(Exception, match=r"5\.1\.1"):
        host.deliver(f"nobody-{word}@{DOMAIN}")
    with host.submission(ann) as session:
        text = (
            f"From: {ann}\r\nTo: {bob}\r\nSubject: x\r\nMessage-ID: <{word}@here>\r\n\r\n"
            f"local {word}\r\n"
        )
        session.sendmail(ann, [bob, f"x-{word}@elsewhere.invalid"], text)
    host.arrives(bob, f"local {word}".encode(), "Work")
    host.arrives(ann, f"local {word}".encode())
    found: list[AnyEvent] = []

    def all_there() -> bool:
        book.read(dt.datetime.now(dt.UTC))
        number, events = spool.waiting()
        spool.done(number, events)
        found.extend(events)
        attempts = [e for e in found if isinstance(e, AttemptSeen) and word in e.recipient]
        said = {(e.recipient, e.outcome, e.folder, e.forwarded, e.by) for e in attempts}
        return said >= {
            (ann, "filed", "INBOX", (), ""),
            (bob, "filed", "Work", (ann,), ""),
            (ann, "filed", "INBOX", (), bob),
            (f"x-{word}@elsewhere.invalid", "bounced", "", (), ""),
        }

    until(all_there, "every attempt is told")
    spool.close()
    (refusal,) = [e for e in found if isinstance(e, RefusalSeen) and word in e.recipient]
    assert refusal.words.startswith("550 5.1.1 ") and not refusal.submitted
    (own,) = [e for e in found if isinstance(e, MessageSeen) and e.login == ann]
    assert (own.direction, own.message_id) == ("submitted", f"{word}@here")
