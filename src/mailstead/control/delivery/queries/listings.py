"""What can be asked of listings: by who runs the company."""

from __future__ import annotations

from django.db.models import F, QuerySet

from mailstead.control.delivery.models import Listing
from mailstead.control.people.actor import Actor


def listings(actor: Actor, *, open_only: bool = False) -> QuerySet[Listing]:
    """Those that are open, then those that have ended, each the newest first."""
    rows = Listing.objects.all() if actor.sees_everything else Listing.objects.none()
    if open_only:
        rows = rows.filter(ended=None)
    return rows.order_by(F("ended").desc(nulls_first=True), "-since", "-pk")
