"""Plans to change zones and what became of them, of a domain that was fetched through the actor."""

from __future__ import annotations

import msgspec
from django.db.models import QuerySet

from mailstead.control.dns.models import Push
from mailstead.control.dns.push.plan import Change
from mailstead.control.hosting.models import Domain
from mailstead.standards.refusal import Refusal


def pushes(domain: Domain) -> QuerySet[Push]:
    """Of a domain, the newest first."""
    return Push.objects.filter(domain=domain).order_by("-pk")


def made(domain: Domain) -> QuerySet[Push]:
    """Those that have changed something, or may have."""
    return pushes(domain).exclude(state=Push.State.PLANNED)


def push_numbered(domain: Domain, number: int) -> Push:
    """One of them; raises `Refusal` (`push-unknown`)."""
    found = pushes(domain).filter(pk=number).first()
    if found is None:
        raise Refusal("push-unknown", "There is no such plan.", remedy="Make a new one.")
    return found


def changes_of(push: Push) -> list[Change]:
    """All that was planned."""
    return msgspec.convert(push.changes, list[Change])


def chosen_of(push: Push) -> list[Change]:
    """What of it was made."""
    return [one for one in changes_of(push) if one.key in push.chosen]
