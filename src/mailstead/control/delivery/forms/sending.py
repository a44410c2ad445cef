"""Forms about sending addresses."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from mailstead.control.hosting.models import Server

CLASSES = (
    ("own", _("What users submit")),
    ("forwarded", _("What strangers cause: forwarded mail, automatic answers, bounces")),
    ("suspect", _("Mail of senders that are marked as suspect")),
    ("notices", _("The server's own notices")),
)
STATES = (
    ("warming", _("new: a daily ceiling at each receiver")),
    ("active", _("active")),
    ("paused", _("paused: nothing new leaves by it")),
)
_PLAIN = {"autocapitalize": "none", "spellcheck": "false"}


class AddressForm(forms.Form):
    """What can be changed of a sending address."""

    helo = forms.CharField(
        label=_("Name"),
        max_length=253,
        help_text=_("The address's name in the DNS (PTR record), as it greets receivers."),
        widget=forms.TextInput(attrs=_PLAIN),
    )
    classes = forms.MultipleChoiceField(
        label=_("What leaves by it"), choices=CLASSES, widget=forms.CheckboxSelectMultiple
    )
    state = forms.ChoiceField(label=_("State"), choices=STATES)
    note = forms.CharField(label=_("Note"), max_length=400, required=False)


class NewAddressForm(AddressForm):
    """A new one."""

    server = forms.ModelChoiceField(
        label=_("Server"), queryset=Server.objects.order_by("name"), to_field_name="name"
    )
    ipv4 = forms.CharField(
        label=_("IPv4 address"),
        max_length=15,
        required=False,
        help_text=_("The server's machine must have it already."),
        widget=forms.TextInput(attrs=_PLAIN),
    )
    ipv6 = forms.CharField(
        label=_("IPv6 address"),
        max_length=45,
        required=False,
        help_text=_("At least one of the two."),
        widget=forms.TextInput(attrs=_PLAIN),
    )
    field_order = ("server", "ipv4", "ipv6", "helo", "classes", "state", "note")


class RestForm(forms.Form):
    """How long an address shall rest, and where."""

    receiver = forms.CharField(
        label=_("Receiver"),
        max_length=253,
        initial="*",
        help_text=_("As the lists name it, such as google; * means all."),
        widget=forms.TextInput(attrs=_PLAIN),
    )
    hours = forms.IntegerField(label=_("Hours"), min_value=1, max_value=24 * 90, initial=24)
    reason = forms.CharField(label=_("Why"), max_length=400, required=False)


class ReturnForm(forms.Form):
    """Which rest shall end."""

    receiver = forms.CharField(label=_("Receiver"), max_length=253)
    reason = forms.CharField(label=_("Why"), max_length=400, required=False)


class MarkForm(forms.Form):
    """The class of a sender's mail."""

    sender = forms.CharField(
        label=_("Sender"),
        max_length=320,
        help_text=_("An address, or a whole domain as @example.org."),
        widget=forms.TextInput(attrs=_PLAIN),
    )
    to = forms.ChoiceField(label=_("Its mail leaves as"), choices=CLASSES, initial="suspect")
    reason = forms.CharField(label=_("Why"), max_length=400, required=False)


class ServerSendingForm(forms.Form):
    """What holds for all sending addresses of a server."""

    host = forms.CharField(
        label=_("Fallback relay"),
        max_length=253,
        required=False,
        help_text=_("Takes mail when no address may be used at a receiver. Empty: it waits."),
        widget=forms.TextInput(attrs=_PLAIN),
    )
    port = forms.IntegerField(label=_("Port"), min_value=1, max_value=65535, initial=587)
    login = forms.CharField(
        label=_("Log-in at the relay"),
        max_length=200,
        required=False,
        widget=forms.TextInput(attrs={**_PLAIN, "autocomplete": "off"}),
    )
    password = forms.CharField(
        label=_("Password at the relay"),
        max_length=200,
        required=False,
        help_text=_("Empty: as before."),
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )
    ceilings = forms.CharField(
        label=_("Warm-up"),
        required=False,
        help_text=_(
            "Recipients that each receiver gets from a new address on its first, second, … day, "
            "for example 50, 100, 200. Empty: the usual plan of four weeks."
        ),
    )

    def clean_ceilings(self) -> list[int]:
        """Numbers with commas between."""
        text: str = self.cleaned_data["ceilings"]
        try:
            return [int(part) for part in text.replace(" ", "").split(",") if part]
        except ValueError:
            raise forms.ValidationError(_("Give numbers such as 50, 100, 200.")) from None


def end_of(data: dict[str, Any], now: dt.datetime) -> dt.datetime:
    """The end of a rest that a form asks for."""
    return now + dt.timedelta(hours=data["hours"])
