"""Jobs: a reseller's own customers' too, whom the floor of jobs does not know."""

from __future__ import annotations

from django.db.models import QuerySet

from mailstead.control.hosting.models import Customer
from mailstead.control.hosting.queries.scope import of_customers
from mailstead.control.jobs import queries as jobs
from mailstead.control.jobs.models import Job
from mailstead.control.people.actor import Actor


def jobs_of(actor: Actor) -> QuerySet[Job]:
    """The jobs that the actor sees, newest first."""
    return jobs.jobs(actor, _customers(actor))


def job_numbered(actor: Actor, number: int) -> Job:
    """One of them; raises `Refusal` (`job-unknown`)."""
    return jobs.job_numbered(actor, number, _customers(actor))


def _customers(actor: Actor) -> list[int]:
    if actor.kind != "reseller":
        return []
    return list(Customer.objects.filter(of_customers(actor)).values_list("pk", flat=True))
