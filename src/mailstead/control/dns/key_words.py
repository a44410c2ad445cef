"""A DKIM key's state and what comes next, as people read them."""

from __future__ import annotations

from django.utils.formats import date_format
from django.utils.timezone import localtime
from django.utils.translation import gettext

from mailstead.control.hosting import queries as hosting
from mailstead.control.hosting.models import DkimKey


def key_state(key: DkimKey) -> tuple[str, str]:
    """Kind of a state of the panel, and the words."""
    if key.revoked:
        return "bad", gettext("revoked")
    return {
        "waiting": ("idle", gettext("waits to be seen in the DNS")),
        "visible": ("idle", gettext("seen in the DNS, signs soon")),
        "signing": ("good", gettext("signs")),
        "old": ("idle", gettext("has signed until now")),
        "withdrawn": ("idle", gettext("withdrawn")),
    }[key.state]


def next_words(key: DkimKey) -> str:
    """What becomes of it, and when."""
    pace, since = hosting.pace(), hosting.key_of(key).since
    own = bool(hosting.zone_of_keys())
    if key.state == "waiting":
        return (
            gettext("It signs once it is found where your alias leads.")
            if own
            else gettext("Publish it: the page of the DNS shows the record.")
        )
    if key.state == "visible":
        return gettext("It signs from {time} on.").format(time=_moment(since + pace.settle))
    if key.state == "signing":
        if pace.every is None:
            return gettext("It signs until you change it.")
        return gettext("Another one follows from {time} on.").format(
            time=_moment(since + pace.every)
        )
    if key.state == "old":
        return gettext("It stays published until {time}, for mail on its way.").format(
            time=_moment(since + pace.grace)
        )
    if key.revoked and not own:
        return gettext("Publish the record that takes it back, or remove it.")
    return gettext("Nothing: the next key may take its place.")


def _moment(at: object) -> str:
    return date_format(localtime(at), "SHORT_DATETIME_FORMAT")  # type: ignore[arg-type]
