"""Forms about domains."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from mailstead.control.hosting import queries
from mailstead.control.hosting.models import Customer
from mailstead.control.people.actor import Actor


class DomainForm(forms.Form):
    """A new domain; whose it is, is asked only of who has several customers."""

    name = forms.CharField(
        label=_("Domain name"),
        max_length=253,
        help_text=_("For example example.org, without www."),
        widget=forms.TextInput(attrs={"autocapitalize": "none", "spellcheck": "false"}),
    )
    customer = forms.ModelChoiceField(label=_("Customer"), queryset=Customer.objects.none())

    def __init__(self, actor: Actor, *args: Any, **values: Any) -> None:
        super().__init__(*args, **values)
        seen = queries.customers(actor)
        if actor.kind in ("customer", "domain_admin"):
            del self.fields["customer"]
        else:
            field = self.fields["customer"]
            assert isinstance(field, forms.ModelChoiceField)
            field.queryset = seen.order_by("name")
            field.label_from_instance = lambda row: row.name  # type: ignore[method-assign]
