"""Forms about mailboxes."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from mailstead.control.hosting import queries
from mailstead.control.hosting.models import Domain
from mailstead.control.people.actor import Actor
from mailstead.control.web.forms import SizeField

CHOICES = 200
"""Up to so many domains are offered to choose from; beyond, the name is typed."""
_PLAIN = {"autocapitalize": "none", "spellcheck": "false", "autocomplete": "off"}


def domain_field(actor: Actor) -> forms.Field:
    """A field for a domain in which addresses may lie; its value is the name."""
    rows = queries.domains(actor).filter(alias_of=None).order_by("name")
    names = list(rows.values_list("name", flat=True)[: CHOICES + 1])
    if len(names) > CHOICES:
        return forms.CharField(
            label=_("Domain"), max_length=253, widget=forms.TextInput(attrs=_PLAIN)
        )
    return forms.ChoiceField(label=_("Domain"), choices=[(name, f"@{name}") for name in names])


class InDomainForm(forms.Form):
    """What is made in a domain: the name before the @, and the domain."""

    local = forms.CharField(
        label=_("Name before the @"),
        max_length=64,
        help_text=_("Letters, digits, dots, hyphens and underscores, for example ann.bell."),
        widget=forms.TextInput(attrs=_PLAIN),
    )

    def __init__(self, actor: Actor, *args: Any, **values: Any) -> None:
        super().__init__(*args, **values)
        self.fields["domain"] = domain_field(actor)
        self.order_fields(["local", "domain"])
        self._actor = actor

    def clean(self) -> dict[str, Any]:
        """The address as one."""
        data = super().clean() or {}
        if data.get("local") and data.get("domain"):
            data["address"] = f"{data['local']}@{data['domain']}"
        return data

    def domain_chosen(self) -> Domain:
        """The domain of the form's address; raises `Refusal` for one that the actor sees not."""
        return queries.domain_named(self._actor, self.cleaned_data["domain"])


class MailboxForm(InDomainForm):
    """A new mailbox."""

    name = forms.CharField(
        label=_("Whose mailbox it is"),
        max_length=120,
        required=False,
        help_text=_("For people to read, for example Ann Bell."),
    )
    password = forms.CharField(
        label=_("Password"),
        max_length=200,
        required=False,
        strip=False,
        help_text=_("At least 10 characters. Empty: one is made and shown to you once."),
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )
    quota = SizeField(label=_("Storage"))
    recovery_address = forms.EmailField(
        label=_("Recovery address"),
        required=False,
        help_text=_(
            "Outside the domains hosted here. There a link is sent when the password is lost."
        ),
    )


class MailboxEditForm(forms.Form):
    """What may be changed of a mailbox without confirming it again."""

    name = forms.CharField(label=_("Whose mailbox it is"), max_length=120, required=False)
    quota = SizeField(label=_("Storage"))


class RecoveryForm(forms.Form):
    """Where the link to a new password may be sent."""

    address = forms.EmailField(
        label=_("Recovery address"),
        required=False,
        help_text=_(
            "Outside the domains hosted here: whoever reads it can set a new password. Empty: none."
        ),
    )


class PasswordForm(forms.Form):
    """A new password for somebody's mailbox."""

    password = forms.CharField(
        label=_("New password"),
        max_length=200,
        required=False,
        strip=False,
        help_text=_("At least 10 characters. Empty: one is made and shown to you once."),
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )


class SheetForm(forms.Form):
    """Where a welcome sheet is sent."""

    recipient = forms.EmailField(
        label=_("Send to"),
        help_text=_("An address that the owner can read already. The password is never sent."),
    )
