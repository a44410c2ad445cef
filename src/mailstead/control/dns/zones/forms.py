"""Forms about zones that are served here."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from mailstead.control.dns.zones.text import EXAMPLES, LARGEST, TYPES
from mailstead.control.hosting import queries as hosting
from mailstead.control.hosting.models import Customer, Server
from mailstead.control.people.actor import Actor

_PLAIN = {"autocapitalize": "none", "autocomplete": "off", "spellcheck": "false"}


class RecordForm(forms.Form):
    """One record."""

    name = forms.CharField(
        label=_("Name"),
        max_length=253,
        required=False,
        help_text=_("Without the zone's name; @ or nothing is the zone itself."),
        widget=forms.TextInput(attrs=_PLAIN),
    )
    kind = forms.ChoiceField(label=_("Type"), choices=[(kind, kind) for kind in TYPES])
    ttl = forms.IntegerField(
        label=_("Time to live"),
        min_value=60,
        max_value=604_800,
        initial=3600,
        help_text=_("Seconds for which others may remember it."),
    )
    value = forms.CharField(
        label=_("Value"),
        max_length=4000,
        widget=forms.Textarea(attrs={"rows": 3, **_PLAIN}),
        help_text="; ".join(f"{kind}: {example}" for kind, example in EXAMPLES.items()),
    )


class CustomerChoice(forms.ModelChoiceField):  # type: ignore[type-arg]
    """One of the customers, by name."""

    def label_from_instance(self, obj: Customer) -> str:
        """The customer's name."""
        return obj.name


class ServerChoice(forms.ModelChoiceField):  # type: ignore[type-arg]
    """One of the servers, by name."""

    def label_from_instance(self, obj: Server) -> str:
        """The server's name."""
        return obj.name


class ImportForm(forms.Form):
    """A zone that comes here with its customer."""

    name = forms.CharField(label=_("Zone"), max_length=253, widget=forms.TextInput(attrs=_PLAIN))
    file = forms.CharField(
        label=_("Zone file"),
        max_length=LARGEST,
        help_text=_("As BIND, Knot, NSD or PowerDNS writes it, with its SOA record."),
        widget=forms.Textarea(attrs={"rows": 12, **_PLAIN}),
    )

    def __init__(self, actor: Actor, *args: Any, **values: Any) -> None:
        super().__init__(*args, **values)
        self.fields["customer"] = CustomerChoice(
            label=_("Customer"), queryset=hosting.customers(actor).order_by("name")
        )
        self.fields["server"] = ServerChoice(
            label=_("Server"), queryset=hosting.servers(actor).order_by("name")
        )


class LeaveForm(forms.Form):
    """The end of a zone."""

    anyway = forms.BooleanField(
        label=_("Do it even though our servers are still asked for it"), required=False
    )
