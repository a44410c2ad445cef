"""Forms about people, their rights and their tokens."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from mailstead.control.hosting import queries
from mailstead.control.hosting.models import Customer
from mailstead.control.people.actor import Actor
from mailstead.control.people.models import Membership, Role
from mailstead.control.people.roles import SCOPES
from mailstead.control.web.forms import LinesField

_FULL = {
    Role.RESELLER: _("Everything of this reseller and its customers"),
    Role.CUSTOMER: _("Everything of this customer"),
    Role.OPERATOR: _("Operator: everything"),
    Role.STAFF: _("Staff: everything but servers and people of the company"),
    Role.DOMAIN_ADMIN: _("Some domains only: mailboxes, forwarders and answers in them"),
}


def _roles(customer: Customer | None) -> list[Role]:
    if customer is None:
        return [Role.OPERATOR, Role.STAFF]
    return [Role.RESELLER if customer.is_reseller else Role.CUSTOMER, Role.DOMAIN_ADMIN]


class RightsForm(forms.Form):
    """What somebody may do."""

    role = forms.ChoiceField(label=_("Rights"), widget=forms.RadioSelect)
    domains = forms.MultipleChoiceField(
        label=_("Domains"),
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text=_("For somebody who looks after some domains only."),
    )

    def __init__(
        self,
        actor: Actor,
        customer: Customer | None,
        *args: Any,
        member: Membership | None = None,
        **values: Any,
    ) -> None:
        super().__init__(*args, **values)
        choices = _roles(customer)
        self._choose("role", [(role.value, _FULL[role]) for role in choices])
        self.fields["role"].initial = member.role if member else choices[0]
        if customer is None:
            del self.fields["domains"]
            return
        rows = queries.domains(actor, customer=customer).order_by("name")[:500]
        self._choose("domains", [(str(row.pk), row.name) for row in rows])
        self.fields["domains"].initial = [str(n) for n in member.domains] if member else []

    def _choose(self, name: str, choices: list[tuple[str, Any]]) -> None:
        field = self.fields[name]
        assert isinstance(field, forms.ChoiceField)
        field.choices = choices

    def chosen_domains(self) -> list[int]:
        """The numbers of the domains that were ticked."""
        return [int(number) for number in self.cleaned_data.get("domains", ())]


class InviteForm(RightsForm):
    """Who is invited, and to what."""

    email = forms.EmailField(
        label=_("Mail address"),
        help_text=_(
            "Where the invitation goes. Outside the domains hosted here: it must reach them when "
            "their mail does not work."
        ),
    )
    field_order = ("email", "role", "domains")


class SecondFactorForm(forms.Form):
    """Whether everybody needs one."""

    demanded = forms.BooleanField(
        label=_("Everybody who signs in here needs a second factor"),
        required=False,
        help_text=_("Whoever has none is asked to set one up at the next page."),
    )


_SCOPES = {
    "read": _("Read everything, change nothing"),
    "mailboxes": _("Mailboxes, forwarders, answers, rules"),
    "domains": _("Domains"),
    "account": _("Customers, people, webhooks, jobs"),
    "node": _("Servers and the queue"),
    "moves": _("Moves from elsewhere"),
}


class TokenForm(forms.Form):
    """A new token of the API."""

    name = forms.CharField(
        label=_("Name"), max_length=80, help_text=_("What will use it, for example: billing.")
    )
    scopes = forms.MultipleChoiceField(
        label=_("What it is for"), widget=forms.CheckboxSelectMultiple
    )
    expires = forms.DateField(
        label=_("Ends on"),
        required=False,
        widget=forms.DateInput(attrs={"type": "date"}),
        help_text=_("Empty: it holds until it is revoked."),
    )
    addresses = LinesField(
        label=_("From where"),
        required=False,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("IP addresses or networks, one in each line. Empty: from anywhere."),
    )

    def __init__(self, actor: Actor, *args: Any, **values: Any) -> None:
        super().__init__(*args, **values)
        field = self.fields["scopes"]
        assert isinstance(field, forms.ChoiceField)
        field.choices = [
            (scope, _SCOPES[scope])
            for scope in SCOPES
            if scope not in ("node", "moves") or actor.sees_everything
        ]


class WebhookForm(forms.Form):
    """A server of the reader's own that is told what is done here."""

    url = forms.CharField(
        label=_("Address"),
        max_length=500,
        help_text=_("Begins with https:// and is reached from the internet."),
        widget=forms.URLInput(attrs={"spellcheck": "false"}),
    )
    events = LinesField(
        label=_("Events"),
        required=False,
        widget=forms.Textarea(attrs={"rows": 4, "spellcheck": "false"}),
        help_text=_(
            "One in each line, as the audit trail names them: mailbox.create, or domain.* for "
            "everything about domains. Empty: all."
        ),
    )


class WebhookEditForm(WebhookForm):
    """What may be changed of a webhook."""

    active = forms.BooleanField(
        label=_("Send messages"),
        required=False,
        help_text=_("Switched on again, it is told what happens from then on."),
    )
