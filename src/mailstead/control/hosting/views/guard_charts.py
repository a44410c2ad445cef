"""What the guard of a node has counted, as charts of the page of metrics."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping, Sequence

from django.utils.translation import gettext

from mailstead.control.web.charts import Chart, Series, line_chart
from mailstead.wire.protection import TOOK_BOUNDS

Figures = Mapping[str, float]


def guard_charts(
    times: Sequence[dt.datetime],
    each: str,
    series: Callable[[str, Callable[[Figures], float | None]], Series],
) -> list[Chart]:
    """Questions, what was stopped, thefts, and how long it took.

    `series` makes a line of a value; of figures that an older node has told, it is a gap.
    """
    return [
        line_chart(
            key="guard-asked",
            title=gettext("Questions to the guard"),
            unit=each,
            times=times,
            series=[
                series(gettext("about mail"), named("guard_asked")),
                series(gettext("about log-ins"), named("guard_logins")),
            ],
        ),
        line_chart(
            key="guard-stopped",
            title=gettext("Stopped by the guard"),
            unit=each,
            times=times,
            series=[
                series(gettext("slowed"), named("guard_slowed")),
                series(gettext("held"), named("guard_held")),
                series(gettext("refused: looks stolen"), named("guard_refused")),
                series(gettext("over a limit"), named("guard_limited")),
            ],
        ),
        line_chart(
            key="guard-cases",
            title=gettext("Stolen mailboxes"),
            unit=each,
            times=times,
            series=[
                series(gettext("began to look stolen"), named("guard_cases")),
                series(gettext("released"), named("guard_released")),
                series(gettext("confirmed"), named("guard_confirmed")),
            ],
        ),
        line_chart(
            key="guard-logins",
            title=gettext("Log-ins"),
            unit=each,
            times=times,
            series=[
                series(gettext("blocked"), named("guard_logins_blocked")),
                series(gettext("with a leaked password"), named("passwords_leaked")),
            ],
        ),
        line_chart(
            key="guard-took",
            title=gettext("Time for an answer about mail"),
            unit=gettext("milliseconds"),
            times=times,
            sums=False,
            series=[
                series(gettext("half of them within"), lambda figures: took(figures, 0.5)),
                series(gettext("99 of 100 within"), lambda figures: took(figures, 0.99)),
            ],
        ),
    ]


def named(key: str) -> Callable[[Figures], float | None]:
    """A figure as it was told; None: it was not."""
    return lambda figures: figures.get(key)


def took(figures: Figures, share: float) -> float | None:
    """Milliseconds within which such a share of the answers was given; None: there were none.

    Straight lines are drawn between the bounds; above the last bound it is that bound.
    """
    counts = [figures.get(f"guard_took_{n}", 0) for n in range(len(TOOK_BOUNDS) + 1)]
    wanted = share * sum(counts)
    if not wanted:
        return None
    low = 0.0
    for count, high in zip(counts, TOOK_BOUNDS, strict=False):
        if count and wanted <= count:
            return round(low + (high - low) * wanted / count, 2)
        wanted -= count
        low = high
    return low
