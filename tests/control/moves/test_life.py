"""A move's life: what leads where, what is copied when, what a node is told, and the way back."""

from __future__ import annotations

import datetime as dt
from itertools import count

import pytest

from mailstead.control.feed.services import record_events
from mailstead.control.hosting.models import Customer, Domain
from mailstead.control.jobs import services as jobs
from mailstead.control.jobs.models import Job
from mailstead.control.moves import life, queries, services
from mailstead.control.moves.jobs import install_move
from mailstead.control.moves.models import Copy, Letter, Loss, Move, Step
from mailstead.control.moves.plan import stock
from mailstead.control.people.models import AuditEntry, OutgoingMail
from mailstead.standards.refusal import Refusal
from mailstead.wire.changes import CopyGone, CopyPacePut, CopyPut
from mailstead.wire.events import AnyEvent, CopyCounted, CopySeen
from mailstead.wire.moves import FilesSource, FolderCount
from tests.control.company import Company, feed_of, refused
from tests.control.moves.stocks import everything, pem
from tests.control.moves.test_install import ANSWERS, a_move

_NUMBERS = count()
KEY = pem()


def planned(company: Company, **more: object) -> Move:
    """A move without open questions."""
    move = a_move(company, everything(KEY), old_host="old.host.example", **more)
    services.answer(**company.who, move=move, answers=ANSWERS)
    Move.objects.filter(pk=move.pk).update(root="/srv/acct")
    move.refresh_from_db()
    return move


def work(company: Company) -> None:
    """What the worker does: the jobs, then the copies that wait."""
    while (job := jobs.claim(company.now)) is not None:
        while jobs.step(job, install_move, company.now):
            pass
    services.advance_due(company.now)


def tell(company: Company, *events: AnyEvent) -> None:
    record_events(
        server="node1",
        events=events,
        handle=lambda event: None,
        record=services.record,
        now=company.now,
    )


def seen(company: Company, copy: Copy, state: str, **more: object) -> CopySeen:
    values = {"job": copy.pk, "round": copy.round, "state": state, "at": company.now} | more
    return CopySeen(id=f"copy-{next(_NUMBERS)}", **values)  # type: ignore[arg-type]


def folder(**more: object) -> FolderCount:
    values: dict[str, object] = {
        "folder": "INBOX",
        "messages": 3,
        "octets": 3000,
        "uid_validity": 7,
        "uid_next": 9,
        "flags": {"\\Seen": 2, "$Junk": 1},
        "uids": "aa",
        "uidls": "bb",
    }
    return FolderCount(**{**values, **more})  # type: ignore[arg-type]


def finish_round(company: Company, move: Move, messages: int = 3) -> None:
    for copy in Copy.objects.filter(move=move, wanted=True).exclude(state="done"):
        tell(
            company,
            seen(company, copy, "done", messages=messages, octets=3000, seconds=2.0),
            CopyCounted(
                id=f"count-{next(_NUMBERS)}",
                at=company.now,
                job=copy.pk,
                round=copy.round,
                source=(folder(),),
                target=(folder(),),
            ),
        )


@pytest.fixture
def copied(company: Company) -> Move:
    """A move whose first round is over."""
    move = planned(company)
    services.start(**company.who, move=move)
    work(company)
    finish_round(company, move)
    move.refresh_from_db()
    return move


def test_each_act_leads_only_where_the_table_says() -> None:
    for act in life.ACTS:
        for state in life.STATES:
            if state in life.TABLE[act]:
                assert life.after(act, state) in life.STATES
            else:
                with pytest.raises(Refusal, match="cannot be taken further"):
                    life.after(act, state)


def test_it_does_not_start_while_something_is_to_be_decided(company: Company) -> None:
    move = a_move(company, everything(KEY))
    with refused("move-asks"):
        services.start(**company.who, move=move)


def test_the_node_is_told_to_copy_each_mailbox_when_all_is_made(company: Company) -> None:
    move = planned(company)
    services.start(**company.who, move=move)
    assert not [one for one in feed_of() if isinstance(one, CopyPut)]
    work(company)
    told = {one.address: one for one in feed_of() if isinstance(one, CopyPut)}
    assert len(told) == 5
    info = told["info@moved.example"]
    assert isinstance(info.source, FilesSource)
    assert info.source.path == "/srv/acct/mail/moved.example/info"
    assert (info.round, info.merge, info.paused) == (1, False, False)
    # A node that has lost everything is told the same.
    again = [one for one in services.snapshot("node1") if isinstance(one, CopyPut)]
    assert {one.address: one for one in again} == told
    assert any(isinstance(one, CopyPacePut) for one in services.snapshot("node1"))


def test_progress_says_rate_and_time_left(company: Company) -> None:
    move = planned(company)
    services.start(**company.who, move=move)
    work(company)
    copy = Copy.objects.filter(move=move).order_by("pk")[0]
    tell(
        company,
        seen(
            company,
            copy,
            "copying",
            messages=1,
            messages_all=3,
            octets=1000,
            octets_all=3000,
            seconds=2.0,
        ),
    )
    found = queries.progress(list(queries.copies(move)))
    assert (found.copies, found.done, found.octets) == (5, 0, 1000)
    assert found.rate == 500
    assert found.left == (3000 * 5 - 1000) / 500
    assert found.running


def test_what_an_older_round_says_counts_no_more(company: Company, copied: Move) -> None:
    services.copy_again(**company.who, move=copied)
    copy = Copy.objects.filter(move=copied).order_by("pk")[0]
    assert copy.round == 2
    old = CopySeen(id="late", at=company.now, job=copy.pk, round=1, state="failed", words="x")
    tell(company, old)
    copy.refresh_from_db()
    assert copy.state == "waiting"


def test_a_failed_copy_is_tried_again_and_then_told(company: Company) -> None:
    move = planned(company)
    services.start(**company.who, move=move)
    work(company)
    copy = Copy.objects.filter(move=move).order_by("pk")[0]
    for attempt in range(5):
        copy.refresh_from_db()
        assert copy.round == attempt + 1
        tell(company, seen(company, copy, "failed", words="The directory is not there."))
        services.advance_due(company.now + dt.timedelta(days=1))
    copy.refresh_from_db()
    assert (copy.state, copy.due_at, copy.round) == ("failed", None, 5)
    assert copy.words == "The directory is not there."


def test_it_stops_where_it_stands_and_goes_on(company: Company) -> None:
    move = planned(company)
    services.start(**company.who, move=move)
    work(company)
    services.pause(**company.who, move=move, paused=True)
    assert all(one.paused for one in feed_of() if isinstance(one, CopyPut) and one.paused)
    assert Copy.objects.filter(move=move, paused=True).count() == 5
    services.pause(**company.who, move=move, paused=False)
    last = [one for one in feed_of() if isinstance(one, CopyPut)][-1]
    assert (last.paused, last.round) == (False, 1)


def test_what_could_not_be_made_is_tried_again(company: Company) -> None:
    move = planned(company, customer=company.customer)
    Customer.objects.filter(pk=company.customer.pk).update(mailbox_limit=2)
    services.start(**company.who, move=move)
    work(company)
    assert move.rows.filter(outcome="failed", kind="mailbox").count() == 3
    Customer.objects.filter(pk=company.customer.pk).update(mailbox_limit=None)
    services.go_on(**company.who, move=move)
    work(company)
    assert not move.rows.filter(outcome="failed").exists()
    assert Copy.objects.filter(move=move, round=1).count() == 5


def test_a_batch_lets_only_so_many_copy_at_once(company: Company) -> None:
    batch = services.create_batch(**company.who, name="server London", at_once=1)
    first = planned(company, batch=batch)
    second = services.create_move(
        **company.who,
        place="/root/other.tar.gz",
        server=company.server,
        customer_name="Other",
        batch=batch,
    )
    other = everything(KEY)
    names = {"moved.example": "second.example"}
    text = stock.written(other)
    for old, new in {**names, "alias.example": "alias2.example"}.items():
        text = text.replace(old, new)
    text = text.replace("forward.example", "forward2.example").replace('"acct"', '"acct2"')
    text = text.replace("pointer.example", "pointer2.example")
    text = text.replace("remote.example", "remote2.example")
    services.keep_inventory(**company.who, move=second, inventory=stock.read(text))
    services.answer(
        **company.who,
        move=second,
        answers={"domain:pointer2.example": "alias", "routing:remote2.example": "elsewhere"},
    )
    for move in (first, second):
        services.start(**company.who, move=move)
    work(company)
    assert Copy.objects.filter(move=first, round=1).count() == 5
    assert Copy.objects.filter(move=second, round=1).count() == 0
    finish_round(company, first)
    work(company)
    assert Copy.objects.filter(move=second, round=1).count() == 5


def test_the_switch_takes_the_mail_over_and_fetches_what_is_late(
    company: Company, copied: Move
) -> None:
    services.switch(**company.who, move=copied)
    main = Domain.objects.get(name="moved.example")
    assert main.relay_to == ""
    # What is handled elsewhere goes on being handled there.
    assert Domain.objects.get(name="remote.example").relay_to == "mx"
    rounds = Copy.objects.filter(move=copied)
    assert {(one.round, one.merge) for one in rounds} == {(2, True)}
    # A round that still found something is followed by another one, one that found nothing is not.
    finish_round(company, copied, messages=1)
    assert services.advance_due(company.now + dt.timedelta(hours=1)) == 5
    finish_round(company, copied, messages=0)
    assert services.advance_due(company.now + dt.timedelta(hours=2)) == 0


def test_nothing_is_switched_before_everything_was_copied_once(company: Company) -> None:
    move = planned(company)
    services.start(**company.who, move=move)
    with refused("move-not-copied"):
        services.switch(**company.who, move=move)


def test_a_reported_loss_opens_the_move_again(company: Company, copied: Move) -> None:
    services.switch(**company.who, move=copied)
    services.verify(**company.who, move=copied)
    loss = services.report_loss(**company.who, move=copied, words="The folder Bills is missing.")
    assert copied.state == "switched"
    with refused("loss-open"):
        services.verify(**company.who, move=copied)
    services.settle_loss(**company.who, move=copied, number=loss.pk, words="It is there now.")
    services.verify(**company.who, move=copied)
    services.confirm(**company.who, move=copied)
    assert copied.state == "watched"
    services.finish(**company.who, move=copied)
    assert copied.state == "done"
    assert len([one for one in feed_of() if isinstance(one, CopyGone)]) == 5
    assert Loss.objects.get().settled_words == "It is there now."
    acts = list(Step.objects.filter(move=copied).order_by("pk").values_list("act", flat=True))
    assert acts[-6:] == ["switch", "verify", "reopen", "verify", "watch", "finish"]
    assert AuditEntry.objects.filter(verb="move.report-loss").exists()


def test_back_sends_mail_to_the_old_server_again_and_deletes_nothing(
    company: Company, copied: Move
) -> None:
    services.switch(**company.who, move=copied)
    services.back(**company.who, move=copied, reason="The customer wants it.")
    assert copied.state == "returning"
    services.end_returning(**company.who, move=copied)
    assert copied.state == "back"
    assert Domain.objects.get(name="moved.example").relay_to == "old.host.example"
    assert Domain.objects.filter(removed_at=None).count() == 5
    # It may be planned and started once more.
    services.make_plan(**company.who, move=copied)
    services.start(**company.who, move=copied)
    work(company)
    assert {one.round for one in Copy.objects.filter(move=copied)} == {3}


def test_back_is_over_with_the_grace_period(company: Company, copied: Move) -> None:
    services.switch(**company.who, move=copied)
    later = company.now + dt.timedelta(days=31)
    with refused("grace-over"):
        services.back(actor=company.actor, now=later, move=copied)


def test_everybody_is_told_once_and_it_is_known_to_whom(company: Company) -> None:
    move = planned(company)
    told = services.announce(
        **company.who,
        move=move,
        window_from=company.now + dt.timedelta(days=2),
        window_until=company.now + dt.timedelta(days=2, hours=4),
        time_zone="Europe/Berlin",
        note="The office is closed that day.",
    )
    assert told == Letter.objects.filter(move=move).count() == 6
    owner = OutgoingMail.objects.get(recipient="owner@outside.example")
    assert "2026-03-03 13:00" in owner.text
    assert "Europe/Berlin" in owner.text
    assert "The office is closed that day." in owner.text
    box = OutgoingMail.objects.get(recipient="info@moved.example")
    assert "node1.host.example" in box.text
    with refused("time-zone-unknown"):
        services.announce(
            **company.who,
            move=move,
            window_from=company.now,
            window_until=company.now + dt.timedelta(hours=1),
            time_zone="Mars/Olympus",
        )


def test_the_report_counts_every_row_and_asks_each_forwarder(
    company: Company, copied: Move
) -> None:
    found = queries.report(copied)
    rows = [row for part in found.parts for row in part.rows]
    assert len(rows) == copied.rows.count()
    assert sum(found.counts.values()) == len(rows)
    assert found.counts["failed"] == found.counts["waiting"] == 0
    looked = [one for part in found.parts for one in part.looked]
    assert {one.row.subject for one in looked} >= {"sales@moved.example", "drop@moved.example"}
    assert {one.state for one in looked} == {"good"}
    assert {one.state for part in found.parts for one in part.compared} == {"good"}


def test_a_loss_of_one_message_is_seen(company: Company, copied: Move) -> None:
    copy = Copy.objects.filter(move=copied).order_by("pk")[0]
    counted = CopyCounted(
        id="less",
        at=company.now,
        job=copy.pk,
        round=1,
        source=(folder(),),
        target=(folder(messages=2, octets=2000, flags={"\\Seen": 1}, uids="cc"),),
    )
    tell(company, counted)
    lines = {
        line.kind: line.state
        for part in queries.report(copied).parts
        for one in part.compared
        if one.copy.pk == copy.pk
        for line in one.lines
    }
    assert (lines["messages"], lines["octets"]) == ("bad", "bad")
    assert (lines["flags"], lines["keywords"]) == ("differs", "differs")
    assert queries.report(copied).state == "bad"


def test_the_job_says_what_it_has_made(company: Company, copied: Move) -> None:
    job = Job.objects.get()
    assert job.state == "done"
    assert job.result["made"] > 30
    assert job.result["refused_count"] == 0
