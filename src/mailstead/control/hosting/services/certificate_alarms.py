"""A certificate that ends soon and was not renewed: told to who can mend it, once a step."""

from __future__ import annotations

import datetime as dt

from django.utils.formats import date_format
from django.utils.translation import gettext

from mailstead.control.hosting.models import Certificate, HostName
from mailstead.control.people import queries as people_queries
from mailstead.control.people import services as people
from mailstead.control.people.actor import Actor
from mailstead.control.web.links import panel_link

_CUSTOMERS = ("elsewhere", "refused")
"""States that only the domain's owner can change: its records say so."""


def tell_alarm(row: Certificate, before: int, now: dt.datetime) -> None:
    """Tell a new alarm, or that it is over; inside the transaction that records the event.

    `before` is the alarm that was told last.
    """
    begun = bool(row.alarm) and (not before or row.alarm < before)
    over = bool(before) and not row.alarm
    if not begun and not over:
        return
    people.record(
        actor=Actor.system(),
        verb="certificate.alarm" if begun else "certificate.renewed",
        kind="certificate",
        label=row.name,
        object_id=row.pk,
        now=now,
        after={"server": row.server.name, "state": row.state, "words": row.words},
    )
    host_name = HostName.objects.filter(name=row.name).select_related("domain__customer").first()
    people.post_each(
        now=now,
        readers=_readers(row, host_name),
        letter=lambda: _letter(row, host_name, begun=begun),
    )


def _readers(row: Certificate, host_name: HostName | None) -> list[tuple[str, str]]:
    if host_name is not None and row.state in _CUSTOMERS:
        contact = host_name.domain.customer.email
        return [(contact, "")] if contact else []
    return people_queries.operators()


def _letter(row: Certificate, host_name: HostName | None, *, begun: bool) -> tuple[str, str]:
    if host_name is None:
        link = panel_link("hosting:certificates")
    else:
        link = panel_link("hosting:host-names", host_name.domain.name)
    names = {
        "name": row.name,
        "server": row.server.name,
        "end": date_format(row.not_after, "DATETIME_FORMAT") if row.not_after else "–",
        "words": row.words or gettext("No order was tried yet."),
        "link": link,
    }
    if not begun:
        return (
            gettext("The certificate of {name} is renewed").format(**names),
            gettext(
                "Hello,\n\nthe certificate of {name} at the server {server} was renewed.\n"
                "There is nothing to do.\n\n{link}\n"
            ).format(**names),
        )
    return (
        gettext("The certificate of {name} ends soon").format(**names),
        gettext(
            "Hello,\n\nthe certificate of {name} at the server {server} ends on {end} (UTC) and "
            "could not be renewed. Mail programs refuse the name from then on.\n\n"
            "What stands in the way: {words}\n\n"
            "It is tried again by itself. You are told when it is renewed.\n\n{link}\n"
        ).format(**names),
    )
