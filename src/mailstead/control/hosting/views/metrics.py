"""What the nodes have counted, as charts."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from mailstead.control.feed import queries as feed
from mailstead.control.hosting import queries
from mailstead.control.hosting.views.guard_charts import Figures, guard_charts, named
from mailstead.control.people.pages import actor_in, page
from mailstead.control.web.charts import Chart, Series, line_chart, number


@dataclass(frozen=True)
class Range:
    """How far back, in how many parts."""

    key: str
    title: str | Promise
    length: dt.timedelta
    parts: int
    each: str | Promise
    """The length of one part, in words."""


RANGES = (
    Range("1h", _("1 hour"), dt.timedelta(hours=1), 60, _("per minute")),
    Range("24h", _("24 hours"), dt.timedelta(days=1), 96, _("per 15 minutes")),
    Range("7d", _("7 days"), dt.timedelta(days=7), 84, _("per 2 hours")),
    Range("31d", _("31 days"), dt.timedelta(days=31), 93, _("per 8 hours")),
)


@page("metrics.view")
def metrics(request: HttpRequest) -> HttpResponse:
    """The charts of one server for one range."""
    actor = actor_in(request)
    servers = list(queries.servers(actor))
    wanted = request.GET.get("server", "")
    server = next((s for s in servers if s.name == wanted), servers[0] if servers else None)
    asked = request.GET.get("range", "")
    chosen = next((r for r in RANGES if r.key == asked), RANGES[1])
    charts = charts_of(server.name, chosen, timezone.now()) if server else []
    context = {
        "servers": servers,
        "server": server,
        "ranges": RANGES,
        "chosen": chosen,
        "charts": charts,
        "empty": all(chart.empty for chart in charts),
    }
    return render(request, "hosting/metrics/show.html", context)


def charts_of(server: str, chosen: Range, now: dt.datetime) -> list[Chart]:
    """All charts of a server; parts of the range without figures stay gaps."""
    until = now.replace(second=0, microsecond=0) + dt.timedelta(minutes=1)
    since = until - chosen.length
    width = chosen.length / chosen.parts
    times = [since + width * part for part in range(chosen.parts)]
    found: list[Figures | None] = [None] * chosen.parts
    for bucket in feed.samples(server, since, until, chosen.parts):
        place = round((bucket.at - since) / width)
        if 0 <= place < chosen.parts:
            found[place] = bucket.figures

    def series(name: str, value: Callable[[Figures], float | None]) -> Series:
        return Series(name, [None if one is None else value(one) for one in found])

    return [
        line_chart(
            key="messages",
            title=gettext("Messages"),
            unit=str(chosen.each),
            times=times,
            series=[
                series(gettext("from outside"), named("inbound")),
                series(gettext("from our users"), named("submitted")),
                series(gettext("into mailboxes"), named("stored")),
                series(gettext("sent outside"), named("sent")),
            ],
        ),
        line_chart(
            key="trouble",
            title=gettext("Not delivered"),
            unit=str(chosen.each),
            times=times,
            series=[
                series(gettext("tried again later"), named("deferred")),
                series(gettext("returned to the sender"), named("bounced")),
                series(gettext("refused at the door"), named("rejected")),
            ],
        ),
        line_chart(
            key="sign-ins",
            title=gettext("Sign-ins"),
            unit=str(chosen.each),
            times=times,
            series=[
                series(gettext("right"), named("logins")),
                series(gettext("wrong password"), named("logins_failed")),
            ],
        ),
        line_chart(
            key="queue",
            title=gettext("Queue"),
            times=times,
            sums=False,
            series=[
                series(gettext("active"), named("queue_active")),
                series(gettext("waiting"), named("queue_deferred")),
                series(gettext("held"), named("queue_hold")),
                series(gettext("arriving"), named("queue_incoming")),
            ],
        ),
        line_chart(
            key="disk",
            title=gettext("Disk and memory in use"),
            unit=gettext("per cent"),
            times=times,
            sums=False,
            most=100,
            words=lambda value: number(round(value)),
            series=[
                series(gettext("disk"), lambda f: _used(f, "disk_free", "disk_total")),
                series(gettext("memory"), lambda f: _used(f, "memory_available", "memory_total")),
            ],
        ),
        line_chart(
            key="lag",
            title=gettext("Changes not yet applied"),
            times=times,
            sums=False,
            series=[series(gettext("changes"), named("lag"))],
        ),
        *guard_charts(times, str(chosen.each), series),
    ]


def _used(figures: Figures, free: str, whole: str) -> float | None:
    total = figures.get(whole, 0)
    return 100 * (1 - figures.get(free, 0) / total) if total else None
