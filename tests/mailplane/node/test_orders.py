"""Orders on real engines: the queue looked at and moved, folders, sessions, rules tried out."""

from __future__ import annotations

import datetime as dt
import imaplib
from contextlib import closing
from pathlib import Path
from typing import TypeVar

import pytest
from tests.mailplane.engines.harness import DOMAIN, Host, until

from mailstead.home import Home
from mailstead.mailplane.directory import schema
from mailstead.mailplane.engines.postfix import queue
from mailstead.mailplane.guard.learning import Complained
from mailstead.mailplane.node.guard_feed import GuardFeed
from mailstead.mailplane.node.orders import Orders
from mailstead.wire import orders as wire
from mailstead.wire.orders import Given

A = TypeVar("A", bound=wire.Answer)
LATER = "452 4.2.2 Later, says the other side"


def given(number: int, order: wire.AnyOrder, left: float = 60) -> Given:
    return Given(number=number, left=left, order=order)


def ask(host: Host, order: wire.AnyOrder, kind: type[A]) -> A:
    (answered,) = Orders(host.home).do([given(1, order)])
    assert isinstance(answered.answer, kind), answered.words
    return answered.answer


def waiting(host: Host, *locals_: str, words: str = LATER) -> list[str]:
    """One deferred message for each local part; returns their numbers."""
    before = {row["queue_id"] for row in queue.messages(host.home)}
    for local in locals_:
        address = f"{local}@{DOMAIN}"
        host.maps.update("recipients", {address: "DUNNO"}, ())
        host.maps.update("transport", {address: f"later:{words[4:]}"}, ())
        host.deliver(address)
    found: list[str] = []

    def all_deferred() -> bool:
        rows = [row for row in queue.messages(host.home) if row["queue_id"] not in before]
        found[:] = [row["queue_id"] for row in rows]
        return len(rows) == len(locals_) and all(r["queue_name"] == "deferred" for r in rows)

    until(all_deferred, "the messages are deferred")
    return found


@pytest.fixture
def emptied(host: Host) -> Host:
    """A host in whose queue nothing is."""
    ids = [row["queue_id"] for row in queue.messages(host.home)]
    queue.move(host.home, "delete", ids)
    until(lambda: not list(queue.messages(host.home)), "the queue is empty")
    return host


pytestmark = pytest.mark.engines


def test_the_queue_is_listed_with_what_its_messages_have_in_common(emptied: Host) -> None:
    waiting(emptied, "slow1", "slow2")
    waiting(emptied, "full", words="452 4.2.2 The mailbox is full")
    listed = ask(emptied, wire.ListQueue(limit=2), wire.QueueListed)
    assert (listed.matching, listed.total, listed.cut) == (3, 3, False)
    assert len(listed.messages) == 2
    assert listed.queues == (wire.Count(name="deferred", count=3),)
    assert listed.domains == (wire.Count(name=DOMAIN, count=3),)
    assert [count.count for count in listed.reasons] == [2, 1]
    full = ask(emptied, wire.ListQueue(reason="IS FULL"), wire.QueueListed)
    (message,) = full.messages
    assert message.sender == "far@away.example"
    assert message.recipients[0].address == f"full@{DOMAIN}"
    assert full.total == 3
    for none in (
        wire.ListQueue(queue="hold"),
        wire.ListQueue(sender_domain="other.example"),
        wire.ListQueue(recipient_domain="other.example"),
        wire.ListQueue(older_than=3600),
    ):
        assert ask(emptied, none, wire.QueueListed).matching == 0


def test_messages_are_held_released_and_deleted_by_their_numbers(emptied: Host) -> None:
    ids = tuple(waiting(emptied, "one", "two"))
    absent = "4hzzzzzzzzzzzzz"
    held = ask(emptied, wire.HoldMail(ids=(ids[0], absent)), wire.MailMoved)
    assert (held.done, held.missing) == ((ids[0],), (absent,))
    in_hold = ask(emptied, wire.ListQueue(queue="hold"), wire.QueueListed)
    assert [message.id for message in in_hold.messages] == [ids[0]]
    assert queue.counts(emptied.home)["hold"] == 1
    released = ask(emptied, wire.ReleaseMail(ids=ids), wire.MailMoved)
    assert (released.done, released.missing) == ((ids[0],), (ids[1],))
    deleted = ask(emptied, wire.DeleteMail(ids=ids), wire.MailMoved)
    assert sorted(deleted.done) == sorted(ids)
    again = ask(emptied, wire.DeleteMail(ids=ids), wire.MailMoved)
    assert again.done == ()


def test_a_deferred_message_is_tried_at_once_when_it_is_asked_for(emptied: Host) -> None:
    (number,) = waiting(emptied, "requeue")
    moved = ask(emptied, wire.RequeueMail(ids=(number, "4hzzzzzzzzzzzzz")), wire.MailMoved)
    assert (moved.done, moved.missing) == ((number,), ("4hzzzzzzzzzzzzz",))
    tries = f"{number}: to=<requeue@{DOMAIN}>"
    until(lambda: emptied.log("postfix").count(tries) == 2, "it was tried a second time", 10)


def test_folders_are_told_with_their_sizes(host: Host) -> None:
    ann = host.add("folders")
    host.deliver(ann, body="x" * 1000)
    host.arrives(ann, b"xxx")
    with host.imap(ann) as session:
        session.create('"Clients/Mi&APw-ller &- Co"')
    listed = ask(host, wire.ListFolders(address=ann), wire.FoldersListed)
    by_name = {folder.name: folder for folder in listed.folders}
    assert by_name["INBOX"].messages == 1
    assert by_name["INBOX"].bytes > 1000
    assert by_name["Clients/Miüller & Co"].messages == 0


def test_folders_of_nobody_are_refused_in_words(host: Host) -> None:
    (answered,) = Orders(host.home).do([given(1, wire.ListFolders(address=f"nobody@{DOMAIN}"))])
    assert answered.answer is None
    assert "nobody" in answered.words


def test_sessions_are_listed_and_ended(host: Host) -> None:
    ann, bob = host.add("sessions"), host.add("other")
    session = host.imap(ann)
    with host.imap(bob) as others:
        order = wire.ListSessions(address=ann)
        until(lambda: ask(host, order, wire.SessionsListed).total == 1, "the session is listed")
        (found,) = ask(host, order, wire.SessionsListed).sessions
        assert (found.address, found.protocol, found.ip) == (ann, "imap", "127.0.0.1")
        everybody = ask(host, wire.ListSessions(), wire.SessionsListed)
        assert {ann, bob} <= {one.address for one in everybody.sessions}
        assert ask(host, wire.EndSessions(address=ann), wire.SessionsEnded).count == 1
        with pytest.raises(imaplib.IMAP4.error):
            for _ in range(50):
                session.noop()
        others.noop()
    assert ask(host, wire.EndSessions(address=ann), wire.SessionsEnded).count == 0


MESSAGE = "From: Bob <bob@b.example>\r\nTo: ann@a.example\r\nSubject: [list] hi\r\n\r\nText\r\n"


def tried(script: str, message: str = MESSAGE) -> wire.RulesTested:
    order = wire.TestRules(script=script, message=message, recipient="ann@a.example")
    (answered,) = Orders(Home(Path("/nonexistent"))).do([given(1, order)])
    assert isinstance(answered.answer, wire.RulesTested), answered.words
    return answered.answer


def deeds(script: str) -> list[tuple[str, str]]:
    return [(one.do, one.value) for one in tried(script).happenings]


def test_rules_are_tried_out_on_a_message() -> None:
    need = 'require ["fileinto", "mailbox", "copy", "imap4flags", "reject"];\n'
    assert deeds("") == [("file", "INBOX")]
    assert deeds(need + 'if header :contains "Subject" "[list]" {fileinto :create "L/A";}') == [
        ("file", "L/A")
    ]
    assert deeds(need + 'redirect :copy "bob@b.example";') == [
        ("redirect", "bob@b.example"),
        ("file", "INBOX"),
    ]
    assert deeds("discard;") == [("discard", "")]
    assert deeds(need + 'reject "No, thank you.";') == [("reject", "No, thank you.")]
    (flagged,) = tried(need + 'addflag "\\\\Flagged";').happenings
    assert flagged.flags == ("\\flagged",)


def test_a_script_that_is_none_is_told_with_its_line() -> None:
    found = tried("keep;\nfly away;\n")
    assert found.happenings == ()
    assert found.error.startswith("line 2: error:")


@pytest.mark.parametrize(
    "script",
    [
        'require "include"; include :global "/etc/passwd";',
        'require "vnd.dovecot.pipe"; pipe "id";',
        'require "vnd.dovecot.execute"; execute "id";',
        'require "vnd.dovecot.environment"; keep;',
        'require "editheader"; addheader "X-A" "b";',
    ],
)
def test_a_hostile_script_reaches_nothing(script: str) -> None:
    found = tried(script)
    assert found.happenings == ()
    assert "unknown Sieve capability" in found.error


def test_a_script_cannot_write_files(tmp_path: Path) -> None:
    tmp_path.chmod(0o777)
    script = f'require ["fileinto", "mailbox"]; fileinto :create "{tmp_path}/x";'
    tried(script)
    tried('require "fileinto"; fileinto "../../../../tmp/x";')
    assert list(tmp_path.iterdir()) == []
    assert not list(Path("/tmp").glob("mailstead-rules-*"))


def test_a_large_message_and_a_long_script_are_met_in_time() -> None:
    pattern = "(a*)*b"
    script = f'require ["regex", "body"]; if body :text :regex "{pattern}" {{ discard; }}'
    order = wire.TestRules(script=script, message=MESSAGE + "a" * 200_000)
    (answered,) = Orders(Home(Path("/nonexistent"))).do([given(1, order)])
    assert answered.answer is not None or answered.words


def test_an_order_that_comes_again_is_not_done_again(emptied: Host) -> None:
    (number,) = waiting(emptied, "again")
    orders = Orders(emptied.home)
    first = list(orders.do([given(7, wire.DeleteMail(ids=(number,)))]))
    second = list(orders.do([given(7, wire.DeleteMail(ids=(number,)))]))
    assert first == second
    assert isinstance(first[0].answer, wire.MailMoved) and first[0].answer.done == (number,)


def test_a_complaint_goes_on_to_the_guard() -> None:
    home = Home(Path("/nonexistent"))
    feed = GuardFeed(home)
    at = dt.datetime(2026, 3, 1, 12, tzinfo=dt.UTC)
    order = wire.TellComplaint(mailbox=f"ann@{DOMAIN}", at=at)
    (answered,) = Orders(home, feed).do([given(1, order)])
    assert answered.answer == wire.ComplaintTold()
    assert list(feed._waiting) == [Complained(at.timestamp(), f"ann@{DOMAIN}")]


def test_an_order_that_is_too_old_is_left_alone(host: Host) -> None:
    assert list(Orders(host.home).do([given(1, wire.NodeState(), left=-1)])) == []


def test_the_node_tells_how_it_is(tmp_path: Path) -> None:
    home = Home(tmp_path)
    with closing(schema.connect(home.directory_database)) as directory:
        directory.execute("UPDATE meta SET value = 41 WHERE name = 'revision'")
    (answered,) = Orders(home).do([given(1, wire.NodeState())])
    state = answered.answer
    assert isinstance(state, wire.NodeSeenNow), answered.words
    assert state.revision == 41
    assert 0 < state.disk_free <= state.disk_total
    assert 0 < state.memory_available <= state.memory_total
    assert state.versions["postfix"][0] == "3"
    assert state.processes == (), "no supervisor runs here"


def test_a_large_answer_is_not_sent(host: Host, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mailstead.mailplane.node.orders.LARGEST", 10)
    (answered,) = Orders(host.home).do([given(1, wire.NodeState())])
    assert answered.answer is None
    assert "ask for less" in answered.words
