"""What people do with their own log-in, as their trail tells it."""

from __future__ import annotations

import datetime as dt

from django.db import transaction
from django.http import HttpRequest

from mailstead.control.people.actor import Actor
from mailstead.control.people.models import Membership, Person
from mailstead.control.people.queries import actor_of
from mailstead.control.people.services.audit import Owner, record


@transaction.atomic
def note_own(
    person: Person, verb: str, request: HttpRequest, now: dt.datetime, *, reason: str = ""
) -> None:
    """Write into the trail of everybody for whom the person works that they did this."""
    address = getattr(request, "client", "")
    number = getattr(request, "number", "")
    places: list[Membership | None] = list(Membership.objects.filter(person=person))
    if person.mailbox is not None:
        places = [None]
    for place in places:
        actor: Actor = actor_of(person, place, address, number)
        record(
            actor=actor,
            verb=verb,
            kind=verb.partition(".")[0],
            label=person.email,
            object_id=person.pk,
            now=now,
            reason=reason,
            owner=Owner(customer=actor.customer or None, mailbox=person.mailbox),
        )
