"""Forms about what happens to mail at an address: forwarders, catch-all, automatic answers."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from mailstead.control.hosting import queries
from mailstead.control.hosting.forms.my import TAGS_HELP, shown_days
from mailstead.control.hosting.models import Autoresponder, Domain, Forwarder
from mailstead.control.web.forms import LinesField, MomentField
from mailstead.wire.changes import Route

_LOCAL = forms.TextInput(attrs={"autocapitalize": "none", "spellcheck": "false"})


class RouteForm(forms.Form):
    """Where mail goes."""

    action = forms.ChoiceField(
        label=_("What happens"),
        widget=forms.RadioSelect,
        initial="deliver",
        choices=[
            ("deliver", _("Send it on")),
            ("fail", _("Refuse it: the sender is told")),
            ("blackhole", _("Take it and throw it away: nobody is told")),
        ],
    )
    destinations = LinesField(
        label=_("Send it to"),
        required=False,
        widget=forms.Textarea(attrs={"rows": 4}),
        help_text=_("One address in each line."),
    )
    text = forms.CharField(
        label=_("Words for the sender"),
        required=False,
        max_length=400,
        help_text=_("When it is refused. One line, without accents. Empty: our own words."),
    )

    def route(self) -> Route:
        """The route; the service checks it."""
        data = self.cleaned_data
        return Route(
            action=data["action"], destinations=tuple(data["destinations"]), text=data["text"]
        )


class ForwarderForm(RouteForm):
    """A forwarder of a domain."""

    local = forms.CharField(
        label=_("Name before the @"), max_length=64, widget=_LOCAL, required=True
    )
    keep_copy = forms.BooleanField(
        label=_("Keep a copy in the mailbox of this address"),
        required=False,
        help_text=_("Only where there is such a mailbox."),
    )
    field_order = ("local", "action", "destinations", "keep_copy", "text")

    @classmethod
    def of(cls, forwarder: Forwarder, data: Any = None) -> ForwarderForm:
        """With what the forwarder does now; its address stays."""
        route = queries.route_of(forwarder)
        form = cls(
            data,
            initial={
                "action": route.action,
                "destinations": route.destinations,
                "text": route.text,
                "keep_copy": forwarder.keep_copy,
            },
        )
        del form.fields["local"]
        return form


class CatchAllForm(RouteForm):
    """What a domain does with names that nobody has."""

    @classmethod
    def of(cls, domain: Domain, data: Any = None) -> CatchAllForm:
        """With what the domain does now."""
        return cls(
            data,
            initial={
                "action": domain.catch_all_action or "fail",
                "destinations": domain.catch_all_destinations,
                "text": domain.catch_all_text,
            },
        )


class AnswerForm(forms.Form):
    """An automatic answer."""

    local = forms.CharField(label=_("Name before the @"), max_length=64, widget=_LOCAL)
    subject = forms.CharField(label=_("Subject"), max_length=250)
    body = forms.CharField(
        label=_("Text"),
        max_length=100_000,
        widget=forms.Textarea(attrs={"rows": 8}),
        help_text=TAGS_HELP,
    )
    starts = MomentField(label=_("From"), help_text=_("Empty: at once."))
    ends = MomentField(label=_("Until"), help_text=_("Empty: until it is removed."))
    days = forms.IntegerField(
        label=_("Days before the same sender is answered again"),
        min_value=1,
        max_value=60,
        initial=1,
    )
    from_name = forms.CharField(label=_("Sender's name"), max_length=100, required=False)

    @classmethod
    def of(cls, answer: Autoresponder, data: Any = None) -> AnswerForm:
        """With what is answered now; its address stays."""
        form = cls(
            data,
            initial={
                "subject": answer.subject,
                "body": answer.body,
                "starts": answer.starts,
                "ends": answer.ends,
                "days": shown_days(answer),
                "from_name": answer.from_name,
            },
        )
        del form.fields["local"]
        return form


class ExplainForm(forms.Form):
    """An address to follow."""

    address = forms.EmailField(label=_("Address"), max_length=320)
