"""Forms about servers and their queues."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _


class HostNameForm(forms.Form):
    """Another host name of a server."""

    hostname = forms.CharField(
        label=_("Host name"),
        max_length=253,
        help_text=_("As its domains' MX records name it, for example mx1.example.net."),
        widget=forms.TextInput(attrs={"autocapitalize": "none", "spellcheck": "false"}),
    )


class ServerForm(HostNameForm):
    """A new server."""

    name = forms.CharField(
        label=_("Name"),
        max_length=63,
        help_text=_("Letters, digits and hyphens; it stays, for example node2."),
        widget=forms.TextInput(attrs={"autocapitalize": "none", "spellcheck": "false"}),
    )

    field_order = ("name", "hostname")


class QueueFilter(forms.Form):
    """Which messages of a queue are wanted; nothing in it is ever refused, only left out."""

    queue = forms.ChoiceField(
        label=_("State"),
        required=False,
        choices=[
            ("", _("all")),
            ("deferred", _("waiting")),
            ("hold", _("held")),
            ("active", _("being sent")),
            ("incoming", _("arriving")),
        ],
    )
    domain = forms.CharField(label=_("Recipient's domain"), required=False, max_length=253)
    sender = forms.CharField(label=_("Sender's domain"), required=False, max_length=253)
    reason = forms.CharField(label=_("Reason contains"), required=False, max_length=320)

    def wanted(self) -> dict[str, Any]:
        """The filter as the node takes it; a field that is wrong is left out."""
        self.is_valid()
        data = self.cleaned_data
        return {
            "queue": data.get("queue", ""),
            "recipient_domain": data.get("domain", "").strip().lower(),
            "sender_domain": data.get("sender", "").strip().lower(),
            "reason": data.get("reason", "").strip(),
        }
