"""Reading jobs, from an actor."""

from __future__ import annotations

from collections.abc import Collection

from django.db.models import Q, QuerySet

from mailstead.control.jobs.models import Job
from mailstead.control.people.actor import Actor
from mailstead.standards.refusal import Refusal


def jobs(actor: Actor, customers: Collection[int] = ()) -> QuerySet[Job]:
    """The jobs that an actor sees, newest first.

    `customers` are a reseller's own, whom this floor does not know. A domain administrator sees the
    own jobs only: others' may concern domains that are not theirs.
    """
    rows = Job.objects.order_by("-pk").defer("payload")
    if actor.sees_everything:
        return rows
    if actor.kind == "reseller":
        return rows.filter(Q(customer=actor.customer) | Q(customer__in=list(customers)))
    if actor.kind == "customer":
        return rows.filter(customer=actor.customer)
    if actor.kind == "domain_admin" and actor.person:
        return rows.filter(customer=actor.customer, actor__person=actor.person)
    return rows.none()


def job_numbered(actor: Actor, number: int, customers: Collection[int] = ()) -> Job:
    """One job; raises `Refusal` (`job-unknown`)."""
    found = jobs(actor, customers).filter(pk=number).first()
    if found is None:
        raise Refusal("job-unknown", "There is no such job.")
    return found
