"""What the guard keeps, with real Postfix: held, taken back, told with its subject, let go."""

from __future__ import annotations

import smtplib
import time
from collections.abc import Iterator
from contextlib import closing
from email.header import Header

import pytest
from tests.mailplane.engines.harness import DOMAIN, Host, until
from tests.mailplane.guard.mailboxes import DAYS, HOME, settled

from mailstead.mailplane.engines.postfix import queue
from mailstead.mailplane.guard.memory import Memory
from mailstead.mailplane.guard.profile import DAY, moment
from mailstead.mailplane.node.event_spool import EventSpool
from mailstead.mailplane.node.guard_feed import GuardFeed
from mailstead.mailplane.node.kept_mail import NEVER_CAME, KeptMail
from mailstead.wire.changes import GuardWordPut
from mailstead.wire.codec import encode
from mailstead.wire.events import AnyEvent, AttemptSeen, CaseSeen, MessageKept, MessageSeen
from mailstead.wire.protection import GuardWord

pytestmark = pytest.mark.engines


class Kept:
    """The agent's part of one host, and what it has told."""

    def __init__(self, host: Host) -> None:
        self.host = host
        self.feed = GuardFeed(host.home)
        self.spool = EventSpool(host.home.event_spool)
        self.mail = KeptMail(host.home, self.feed.taken)

    def look(self, now: float | None = None) -> list[AnyEvent]:
        """What is told at one look."""
        self.mail.once(self.spool, time.time() if now is None else now)
        self.feed.send()
        number, events = self.spool.waiting()
        self.spool.done(number, events)
        return events

    def wait(self, count: int) -> list[AnyEvent]:
        """Look until so many were told."""
        found: list[AnyEvent] = []

        def enough() -> bool:
            found.extend(self.look())
            return len(found) >= count

        until(enough, f"{count} events are told")
        return found


@pytest.fixture
def kept(own_host: Host) -> Iterator[Kept]:
    """A host whose guard holds, with a mailbox that was always used from elsewhere."""
    own_host.stop_guard()
    ann = own_host.add("ann")
    now = time.time()
    memory = Memory(own_host.home.guard_profiles)
    memory.keep(settled(ann, client=HOME, begin=now - DAYS * DAY), now)
    memory.close()
    own_host.start_guard("--mode", "hold")
    made = Kept(own_host)
    with closing(made.spool):
        yield made


def send(session: smtplib.SMTP, host: Host, subject: str, *locals_: str) -> None:
    """One message of Ann's to people here whose mailbox answers later."""
    people = [f"{local}@{DOMAIN}" for local in locals_]
    for address in people:
        host.maps.update("recipients", {address: "DUNNO"}, ())
        host.maps.update("transport", {address: "later:4.2.2 Later"}, ())
    ann = f"ann@{DOMAIN}"
    session.sendmail(
        ann,
        people,
        f"From: {ann}\r\nTo: {people[0]}\r\nSubject: {Header(subject, 'utf-8').encode()}\r\n"
        "\r\nCome and see.\r\n",
    )


def blast(session: smtplib.SMTP, host: Host, subject: str) -> None:
    """Go on to ever more people, as a thief does whose mail is put off, until it is taken."""
    for turn in range(9):
        try:
            send(session, host, subject, *(f"victim{turn}{number}" for number in range(9)))
        except smtplib.SMTPDataError as slow:
            session.rset()
            assert slow.smtp_code == 450 and b"/unusual/" in slow.smtp_error
        else:
            return
    raise AssertionError("put off nine times")


def queues(host: Host) -> dict[str, str]:
    """In which queue each message is."""
    return {row["queue_id"]: row["queue_name"] for row in queue.messages(host.home)}


def say(host: Host, word: GuardWord, at: float) -> None:
    """A person's word comes into the directory."""
    ann = f"ann@{DOMAIN}"
    put = GuardWordPut(mailbox=ann, word=word, at=moment(at))
    host.login(
        "INSERT OR REPLACE INTO thing VALUES ('guard-word', ?, ?)", (ann, encode(put).decode())
    )


def test_a_thiefs_mail_is_held_and_what_still_waits_is_taken_back(kept: Kept) -> None:
    host = kept.host
    with host.submission(f"ann@{DOMAIN}") as session:
        send(session, host, "Grüße aus dem Süden", "first")
        until(lambda: list(queues(host).values()) == ["deferred"], "the first one waits")
        blast(session, host, "Win a prize")
    events = kept.wait(3 + 1 + 9)
    (case,) = [one for one in events if isinstance(one, CaseSeen)]
    messages = {one.subject: one for one in events if isinstance(one, MessageKept)}
    assert set(queues(host).values()) == {"hold"}
    assert (case.mailbox, case.step, case.messages) == (f"ann@{DOMAIN}", "hold", 0)
    # Those that Postfix holds at once come one by one after it.
    assert case.held >= 1
    back, held = messages["Grüße aus dem Süden"], messages["Win a prize"]
    assert (back.pulled, held.pulled) == (True, False)
    assert back.recipients == (f"first@{DOMAIN}",) and held.recipient_count == 9
    assert {back.case, held.case} == {case.case}
    assert back.sender == held.sender == f"ann@{DOMAIN}"
    assert held.client == "127.0.0.1" and held.size > 100
    # The delivery log has it, though Postfix's queue manager has not seen it.
    (taken,) = [one for one in events if isinstance(one, MessageSeen)]
    assert (taken.queue, taken.login, taken.sender) == (held.queue, f"ann@{DOMAIN}", held.sender)
    attempts = [one for one in events if isinstance(one, AttemptSeen)]
    assert {one.recipient for one in attempts} == set(held.recipients)
    assert {(one.queue, one.outcome) for one in attempts} == {(held.queue, "held")}
    # What was told is told once.
    until(lambda: not kept.look() and not kept.mail._done, "the guard has heard that it was taken")
    # A release lets the mailbox send, and its mail goes where it should.
    say(host, "released", time.time())
    until(lambda: any(isinstance(one, CaseSeen) and one.step == "released"
                      for one in kept.look()), "the release is heard")  # fmt: skip
    host.maps.update("transport", {}, [f"first@{DOMAIN}"])
    host.add("first")
    # qmgr(8) remembers where the last address led.
    host.deliver(host.add("other"))
    host.arrives(f"other@{DOMAIN}", b"Hello")
    assert queue.move(host.home, "release", [back.queue]) == {back.queue}
    host.arrives(f"first@{DOMAIN}", b"Come and see")
    with host.submission(f"ann@{DOMAIN}") as session:
        send(session, host, "Me again", "victim1")
    assert "hold" not in {name for number, name in queues(host).items() if number != held.queue}


def test_a_confirmed_mailbox_is_refused_with_a_page_and_still_receives(kept: Kept) -> None:
    host, ann = kept.host, f"ann@{DOMAIN}"
    say(host, "confirmed", time.time())
    until(lambda: any(isinstance(one, CaseSeen) for one in kept.look()), "the word is heard")
    with host.submission(ann) as session, pytest.raises(smtplib.SMTPDataError) as refused:
        send(session, host, "More", "victim1")
    assert refused.value.smtp_code == 554
    assert b"/help/sending-limits/stolen/" in refused.value.smtp_error
    host.deliver(ann, "Good morning")
    host.arrives(ann, b"Good morning")


def test_a_message_that_never_came_is_not_waited_for_for_ever(kept: Kept) -> None:
    host, ann = kept.host, f"ann@{DOMAIN}"
    with host.submission(ann) as session:
        blast(session, host, "Win")
        session.mail(ann)
        session.rcpt(f"victim00@{DOMAIN}")
        assert session.docmd("DATA")[0] == 354
        session.close()
    events = kept.wait(2 + 1 + 9)
    assert sum(isinstance(one, MessageKept) for one in events) == 1
    until(lambda: not kept.look() and not kept.mail._done, "the guard has heard of these")
    kept.look(time.time() + NEVER_CAME + 60)
    until(lambda: not kept.look() and not kept.mail._done, "it was let go")
