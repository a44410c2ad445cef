"""The style page: every token and component of the panel, as it is in use."""

from __future__ import annotations

import datetime as dt

from django import forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from mailstead.control.people.pages import page
from mailstead.control.web.charts import Series, line_chart
from mailstead.control.web.forms import LinesField, SizeField
from mailstead.control.web.icons import PATHS
from mailstead.control.web.listing import Listing

_TOKENS = (
    *("accent", "on-accent", "link", "ground", "paper", "sunken", "ink", "ink-soft"),
    *("line", "line-strong", "good", "good-ground", "warn", "warn-ground", "bad", "bad-ground"),
    *("info", "info-ground", "chart-1", "chart-2", "chart-3", "chart-4"),
)


class _Fields(forms.Form):
    """One field of each kind."""

    name = forms.CharField(label=_("Name"), help_text=_("A line that helps."))
    quota = SizeField(label=_("Storage"), initial=5 * 2**30)
    state = forms.ChoiceField(label=_("State"), choices=[("a", _("active")), ("s", _("held"))])
    lines = LinesField(label=_("Addresses"), required=False, help_text=_("One in each line."))
    several = forms.MultipleChoiceField(
        label=_("Several"),
        choices=[("imap", "IMAP"), ("pop3", "POP3")],
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )
    agreed = forms.BooleanField(label=_("A box to tick"), required=False)


@page("style.view")
def style(request: HttpRequest) -> HttpResponse:
    """Everything that pages are made of."""
    now = timezone.now().replace(second=0, microsecond=0)
    times = [now - dt.timedelta(minutes=60 - n) for n in range(60)]
    hills = [float((n * 7) % 23 + n // 3) for n in range(60)]
    gap = [None if 20 < n < 26 else 40.0 - n / 2 for n in range(60)]
    context = {
        "tokens": _TOKENS,
        "icons": sorted(PATHS),
        "form": _Fields(),
        "wrong": _Fields({"name": "", "quota": "many", "state": "a"}),
        "chart": line_chart(
            key="style",
            title="A chart",
            times=times,
            series=[Series("one", hills), Series("other", gap)],
        ),
        "empty": line_chart(
            key="empty",
            title="A chart without figures",
            times=times,
            series=[Series("one", [None] * 60)],
        ),
        "listing": Listing(
            rows=[], number=2, following=3, previous=1, total=123, search="", hint="", export=True
        ),
        "states": [
            ("good", _("active")),
            ("warn", _("waiting")),
            ("bad", _("suspended")),
            ("idle", _("stopped")),
        ],
        "now": now,
        "earlier": now - dt.timedelta(hours=5),
        "gib": 2**30,
        "most": 10 * 2**30,
        "nearly": 9 * 2**30,
        "full": 10 * 2**30,
    }
    return render(request, "web/style.html", context)
