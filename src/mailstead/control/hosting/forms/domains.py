"""Forms about domains."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from mailstead.control.hosting import queries
from mailstead.control.hosting.models import Customer
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
