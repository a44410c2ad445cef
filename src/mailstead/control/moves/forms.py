"""Forms of a move: where it comes from, what is decided, when it happens, why."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from mailstead.control.moves import words
from mailstead.control.moves.models import PlanRow
from mailstead.control.web.forms import MomentField


class NewMoveForm(forms.Form):
    """A source that was put on the server, and who gets it."""

    place = forms.ChoiceField(label=_("Source"))
    customer = forms.ChoiceField(label=_("Customer"), required=False)
    customer_name = forms.CharField(
        label=_("Or a new customer's name"), max_length=120, required=False
    )
    server = forms.ChoiceField(label=_("Home server"))
    old_host = forms.CharField(
        label=_("Old mail server"),
        max_length=253,
        required=False,
        help_text=_("Host name or address. Until the switch mail for the domains is passed on."),
    )
    batch = forms.ChoiceField(label=_("Batch"), required=False)

    def __init__(
        self,
        *args: Any,
        places: Sequence[str],
        customers: Iterable[tuple[int, str]],
        servers: Iterable[str],
        batches: Iterable[str],
        **values: Any,
    ) -> None:
        super().__init__(*args, **values)
        self._offer("place", [(name, name) for name in places])
        self._offer("customer", [("", "–"), *((str(number), name) for number, name in customers)])
        self._offer("server", [(name, name) for name in servers])
        self._offer("batch", [("", "–"), *((name, name) for name in batches)])

    def _offer(self, name: str, choices: list[tuple[str, str]]) -> None:
        field = self.fields[name]
        assert isinstance(field, forms.ChoiceField)
        field.choices = choices


class OwnMoveForm(forms.Form):
    """What goes to which other server of ours."""

    customer = forms.ChoiceField(label=_("Customer"), required=False)
    domains = forms.CharField(
        label=_("Or only these domains"),
        max_length=4000,
        required=False,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("One in each line. Their aliases go along."),
    )
    server = forms.ChoiceField(label=_("New home server"))
    batch = forms.ChoiceField(label=_("Batch"), required=False)

    def __init__(
        self,
        *args: Any,
        customers: Iterable[tuple[int, str]],
        servers: Iterable[str],
        batches: Iterable[str],
        **values: Any,
    ) -> None:
        super().__init__(*args, **values)
        offered = {
            "customer": [("", "–"), *((str(number), name) for number, name in customers)],
            "server": [(name, name) for name in servers],
            "batch": [("", "–"), *((name, name) for name in batches)],
        }
        for name, choices in offered.items():
            field = self.fields[name]
            assert isinstance(field, forms.ChoiceField)
            field.choices = choices


class AnswersForm(forms.Form):
    """What the plan asks, one field for each question."""

    def __init__(self, *args: Any, rows: Sequence[PlanRow], **values: Any) -> None:
        super().__init__(*args, **values)
        self.rows = {f"row-{row.number}": row.key for row in rows}
        for row in rows:
            offered = [(one, words.choice(one)) for one in row.choices]
            self.fields[f"row-{row.number}"] = forms.ChoiceField(
                label=f"{words.kind(row.kind)}: {row.subject}",
                choices=[("", _("Not decided yet")), *offered],
                required=False,
                help_text=words.why(row),
            )

    def answers(self) -> dict[str, str]:
        """Key of each row to what was chosen."""
        return {
            key: self.cleaned_data[name]
            for name, key in self.rows.items()
            if self.cleaned_data.get(name)
        }


class AnnounceForm(forms.Form):
    """When it happens, and what the letters say besides."""

    window_from = MomentField(label=_("Begins"))
    window_until = MomentField(label=_("Over by"))
    time_zone = forms.CharField(label=_("Time zone of the letters"), max_length=40)
    note = forms.CharField(
        label=_("Besides"),
        max_length=4000,
        required=False,
        widget=forms.Textarea(attrs={"rows": 4}),
        help_text=_("Stands at the end of each letter."),
    )
    to_mailboxes = forms.BooleanField(
        label=_("Write to every mailbox too"), required=False, initial=True
    )

    def __init__(self, *args: Any, **values: Any) -> None:
        super().__init__(*args, **values)
        for name in ("window_from", "window_until"):
            self.fields[name].required = True


class ReasonForm(forms.Form):
    """Why; it may be left out."""

    reason = forms.CharField(
        label=_("Why"),
        max_length=300,
        required=False,
        help_text=_("Stands in the audit trail, which the customer reads."),
    )


class BackForm(ReasonForm):
    """Where mail is to go."""

    old_host = forms.CharField(
        label=_("Old mail server"),
        max_length=253,
        required=False,
        help_text=_("Empty: the one that the move knows."),
    )
    field_order = ("old_host", "reason")


class RedirectForm(forms.Form):
    """Another name of the old panel."""

    host = forms.CharField(
        label=_("Host name"),
        max_length=253,
        help_text=_("As people have typed it: cp1.old-host.example. Its DNS must lead here."),
    )
    days = forms.IntegerField(label=_("Days"), min_value=1, max_value=730, initial=90)


class LossForm(forms.Form):
    """What is missing."""

    words = forms.CharField(
        label=_("What is missing"),
        max_length=4000,
        widget=forms.Textarea(attrs={"rows": 5}),
        help_text=_("Which mailbox, which folder, and what you looked for."),
    )


class BatchForm(forms.Form):
    """Moves that belong together."""

    name = forms.CharField(label=_("Name"), max_length=80)
    at_once = forms.IntegerField(
        label=_("Moves that copy at the same time"), min_value=1, max_value=100, initial=3
    )
