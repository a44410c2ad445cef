"""Forms about domains."""

from __future__ import annotations

from typing import Any

from django import forms
from django.db.models import QuerySet
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from mailstead.control.hosting import queries
from mailstead.control.hosting.models import Customer, Domain
from mailstead.control.people.actor import Actor


class CustomerField(forms.ModelChoiceField):  # type: ignore[type-arg]
    """One of the customers whom the actor sees, by name."""

    def label_from_instance(self, obj: Customer) -> str:
        """The customer's name."""
        return obj.name


class DomainForm(forms.Form):
    """A new domain; whose it is, is asked only of who has several customers."""

    name = forms.CharField(
        label=_("Domain name"),
        max_length=253,
        help_text=_("For example example.org, without www."),
        widget=forms.TextInput(attrs={"autocapitalize": "none", "spellcheck": "false"}),
    )

    def __init__(self, actor: Actor, *args: Any, **values: Any) -> None:
        super().__init__(*args, **values)
        seen = queries.customers(actor)
        if actor.kind not in ("customer", "domain_admin"):
            self.fields["customer"] = CustomerField(
                label=_("Customer"), queryset=seen.order_by("name")
            )


class DomainChoice(forms.ModelChoiceField):  # type: ignore[type-arg]
    """One of the domains that the actor sees, by name."""

    def label_from_instance(self, obj: Domain) -> str:
        """The domain's name."""
        return obj.name


class ForwardToForm(forms.Form):
    """Another domain that gets what this one does not know."""

    target = forms.CharField(
        label=_("Forward to the domain"),
        max_length=253,
        required=False,
        help_text=_(
            "Mail for every name that has no mailbox and no forwarder of its own goes to the same "
            "name there. Empty: no forwarding."
        ),
        widget=forms.TextInput(attrs={"autocapitalize": "none", "spellcheck": "false"}),
    )


class AliasForm(forms.Form):
    """Another domain as which this one behaves."""

    def __init__(self, others: QuerySet[Domain], *args: Any, **values: Any) -> None:
        super().__init__(*args, **values)
        self.fields["target"] = DomainChoice(
            label=_("Alias of"),
            queryset=others,
            required=False,
            empty_label=gettext("No alias: a domain of its own"),
            help_text=_(
                "Every address of that domain then exists here too. An alias has no mailboxes or "
                "forwarders of its own."
            ),
        )


class ReasonForm(forms.Form):
    """Why something is suspended; those concerned read it."""

    reason = forms.CharField(
        label=_("Reason"),
        max_length=300,
        help_text=_("Whoever it concerns reads it, so say what has to happen."),
    )
