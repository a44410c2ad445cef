"""Jobs: one worker at a time, progress saved with the work, stopped between steps, resumed."""

from __future__ import annotations

import datetime as dt
import threading
from typing import Any

import pytest
from django.db import connection

from mailstead.control.hosting import services as hosting
from mailstead.control.hosting.jobs import BATCH, import_mailboxes
from mailstead.control.hosting.models import Mailbox
from mailstead.control.jobs import queries, services
from mailstead.control.jobs.models import Job, State
from mailstead.control.jobs.services import Progress
from mailstead.control.people.actor import Actor
from mailstead.control.people.models import AuditEntry
from mailstead.control.project import worker
from mailstead.standards.refusal import Refusal
from tests.control.company import HASH, Company, refused

NOW = dt.datetime(2026, 3, 1, 12, 0, tzinfo=dt.UTC)
OLGA = Actor.operator("olga")
CARL = Actor(kind="customer", name="carl", person=3, customer=7)
pytestmark = pytest.mark.django_db


def make(actor: Actor = OLGA, customer: int | None = None, total: int = 3) -> Job:
    return services.create_job(
        actor=actor,
        now=NOW,
        kind="count",
        title="Counting",
        customer=customer,
        payload={"to": total},
        total=total,
    )


def count(job: Job, actor: Actor, now: dt.datetime) -> Progress:
    """Counts to `payload["to"]`, one a step."""
    return Progress(done=job.done + 1, finished=job.done + 1 >= job.payload["to"])


def claimed(now: dt.datetime = NOW) -> Job:
    job = services.claim(now)
    assert job is not None
    return job


def later(seconds: float) -> dt.datetime:
    return NOW + dt.timedelta(seconds=seconds)


def test_a_job_is_done_step_by_step_in_the_name_of_who_made_it() -> None:
    made = make(CARL, customer=7)
    actors: list[Actor] = []

    def handler(job: Job, actor: Actor, now: dt.datetime) -> Progress:
        actors.append(actor)
        return count(job, actor, now)

    job = claimed()
    assert [services.step(job, handler, later(n)) for n in (1, 2, 3)] == [True, True, False]
    made.refresh_from_db()
    assert (made.state, made.done, made.started_at, made.finished_at) == (
        State.DONE,
        3,
        NOW,
        later(3),
    )
    assert actors == [CARL] * 3
    assert made.payload == {}, "what is needed no longer is not kept"
    assert services.claim(later(1000)) is None


@pytest.mark.django_db(transaction=True)
def test_two_workers_never_have_the_same_job() -> None:
    for _ in range(10):
        make()
    taken: list[int] = []

    def work() -> None:
        while job := services.claim(dt.datetime.now(dt.UTC)):
            taken.append(job.pk)
        connection.close()

    workers = [threading.Thread(target=work) for _ in range(2)]
    for one in workers:
        one.start()
    for one in workers:
        one.join()
    assert sorted(taken) == sorted(Job.objects.values_list("pk", flat=True))


def test_a_job_of_a_dead_worker_is_taken_over_and_the_dead_one_writes_no_more() -> None:
    make()
    first = claimed()
    assert services.step(first, count, later(1))
    assert services.claim(later(100)) is None
    second = claimed(later(1 + services.DEAD_AFTER.total_seconds() + 1))
    assert second.pk == first.pk

    def never(*_: Any) -> Progress:
        raise AssertionError("this worker has lost its job")

    assert not services.step(first, never, later(130))
    services.fail(first, "late", later(131))
    assert services.step(second, count, later(132))
    assert Job.objects.get().done == 2


def test_a_job_stops_between_two_steps_and_goes_on_where_it_stands() -> None:
    made = make()
    job = claimed()
    services.step(job, count, later(1))
    services.stop_job(actor=OLGA, now=later(2), job=made)
    assert not services.step(job, count, later(3)), "the step that was under way is the last"
    made.refresh_from_db()
    assert (made.state, made.done) == (State.STOPPED, 2)
    assert services.claim(later(500)) is None
    services.resume_job(actor=OLGA, now=later(600), job=made)
    again = claimed(later(601))
    assert again.done == 2
    assert not services.step(again, count, later(602))
    made.refresh_from_db()
    assert made.state == State.DONE
    verbs = list(
        AuditEntry.objects.filter(kind="job").order_by("pk").values_list("verb", flat=True)
    )
    assert verbs == ["job.create", "job.stop", "job.resume"]


def test_a_job_that_has_not_begun_stops_at_once() -> None:
    made = make()
    services.stop_job(actor=OLGA, now=NOW, job=made)
    assert made.state == State.STOPPED
    with refused("job-ended"):
        services.stop_job(actor=OLGA, now=NOW, job=made)


def test_a_refusal_or_a_defect_takes_the_step_back_and_is_told() -> None:
    def refuse(job: Job, actor: Actor, now: dt.datetime) -> Progress:
        make()
        raise Refusal("disk-full", "The disk is full.", remedy="Make room.")

    def break_down(job: Job, actor: Actor, now: dt.datetime) -> Progress:
        raise ZeroDivisionError

    made = make()
    stop = threading.Event()
    assert worker.do_jobs(stop, {"count": refuse}, NOW) == 1
    made.refresh_from_db()
    assert (made.state, made.words) == (State.FAILED, "The disk is full. Make room.")
    assert Job.objects.count() == 1, "what the step did is undone"
    services.resume_job(actor=OLGA, now=NOW, job=made)
    assert worker.do_jobs(stop, {"count": break_down}, NOW) == 1
    made.refresh_from_db()
    assert made.state == State.FAILED and "defect" in made.words
    services.resume_job(actor=OLGA, now=NOW, job=made)
    assert worker.do_jobs(stop, {"count": count}, NOW) == 1
    made.refresh_from_db()
    assert (made.state, made.words, made.done) == (State.DONE, "", 3)


def test_a_worker_that_is_told_to_end_gives_the_job_back_after_the_step() -> None:
    stop = threading.Event()

    def handler(job: Job, actor: Actor, now: dt.datetime) -> Progress:
        stop.set()
        return count(job, actor, now)

    made = make()
    worker.do_jobs(stop, {"count": handler}, NOW)
    made.refresh_from_db()
    assert (made.state, made.done) == (State.WAITING, 1)
    assert claimed(dt.datetime.now(dt.UTC)).pk == made.pk


def test_a_long_job_lets_others_have_their_turn(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(worker, "TURN", 0.0)
    order: list[int] = []

    def handler(job: Job, actor: Actor, now: dt.datetime) -> Progress:
        order.append(job.pk)
        return count(job, actor, now)

    long, short = make(total=4), make(total=1)
    worker.do_jobs(threading.Event(), {"count": handler}, NOW)
    assert order == [long.pk, short.pk, long.pk, long.pk, long.pk]


def test_everybody_sees_their_own_jobs() -> None:
    company, carls, eves = make(), make(CARL, customer=7), make(customer=8)
    dora = Actor(kind="domain_admin", name="dora", person=4, customer=7, domains=frozenset({1}))
    doras = make(dora, customer=7)

    def seen(actor: Actor, customers: tuple[int, ...] = ()) -> set[int]:
        return set(queries.jobs(actor, customers).values_list("pk", flat=True))

    assert seen(OLGA) == {company.pk, carls.pk, eves.pk, doras.pk}
    assert seen(CARL) == {carls.pk, doras.pk}
    assert seen(dora) == {doras.pk}
    rita = Actor(kind="reseller", name="rita", customer=5)
    assert seen(rita) == set()
    assert seen(rita, (8,)) == {eves.pk}
    assert seen(Actor(kind="mailbox", name="m", mailbox=1)) == set()
    with refused("job-unknown"):
        queries.job_numbered(CARL, eves.pk)
    with refused("object-unknown"):
        make(CARL, customer=8)
    with refused("object-unknown"):
        make(CARL)


def test_ended_jobs_are_forgotten_after_a_while() -> None:
    old = make()
    assert services.drop_old(NOW + services.KEEP * 2) == 0, "it has never ended"
    services.stop_job(actor=OLGA, now=NOW, job=old)
    assert services.drop_old(NOW + services.KEEP * 2) == 1


def test_mailboxes_are_imported_in_steps_and_what_is_refused_is_kept(company: Company) -> None:
    company.domain("a.example")
    company.mailbox("m7@a.example")
    rows = [
        hosting.MailboxRow(address=f"m{n}@a.example", hashed=HASH, name=f"M {n}")
        for n in range(BATCH + 50)
    ]
    rows.insert(3, hosting.MailboxRow(address="ann@elsewhere.example", hashed=HASH))
    made = hosting.start_mailbox_import(**company.who, customer=company.customer.pk, rows=rows)
    job = claimed()
    assert services.step(job, import_mailboxes, later(1))
    assert not services.step(job, import_mailboxes, later(2))
    made.refresh_from_db()
    assert (made.state, made.done, made.total) == (State.DONE, BATCH + 51, BATCH + 51)
    assert Mailbox.objects.count() == BATCH + 50
    assert Mailbox.objects.get(local="m9").name == "M 9"
    result = made.result
    assert (result["made"], result["present"], result["refused_count"]) == (BATCH + 49, 1, 1)
    (fault,) = result["refused"]
    assert (fault["row"], fault["address"]) == (4, "ann@elsewhere.example")
    assert "not hosted" in fault["words"]


def test_an_import_that_was_cut_off_makes_nothing_twice(company: Company) -> None:
    company.domain("a.example")
    rows = [hosting.MailboxRow(address=f"m{n}@a.example", hashed=HASH) for n in range(BATCH * 2)]
    hosting.start_mailbox_import(**company.who, customer=None, rows=rows)
    services.step(claimed(), import_mailboxes, later(1))
    again = claimed(later(500))
    assert not services.step(again, import_mailboxes, later(501))
    assert Mailbox.objects.count() == BATCH * 2
    assert Job.objects.get().result["present"] == 0


def test_no_password_in_clear_waits_in_a_job(company: Company) -> None:
    rows = [hosting.MailboxRow(address="ann@a.example", password="a long password")]
    with pytest.raises(ValueError, match="in clear"):
        hosting.start_mailbox_import(**company.who, customer=None, rows=rows)
    assert not Job.objects.exists()
