"""Forms of a push: what a DNS host asks for, and what of a plan shall be done."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django import forms
from django.utils.translation import gettext, gettext_lazy

from mailstead.control.dns.push.plan import Change
from mailstead.control.dns.push.providers import Credential, Provider


class CredentialsForm(forms.Form):
    """The fields of one DNS host; secrets are never shown again."""

    def __init__(self, provider: Provider, *args: Any, zone: str | None = None) -> None:
        super().__init__(*args)
        for one in provider.credentials:
            self.fields[one.key] = _field(one)
        if zone is not None:
            self.fields["zone"] = forms.CharField(
                label=gettext_lazy("Zone"),
                max_length=253,
                initial=zone,
                help_text=gettext_lazy("The name under which the DNS host keeps it."),
            )

    @property
    def credentials(self) -> dict[str, str]:
        """What was typed, the zone aside."""
        return {key: str(value) for key, value in self.cleaned_data.items() if key != "zone"}


def _field(one: Credential) -> forms.Field:
    label = gettext(one.label)
    if one.choices:
        return forms.ChoiceField(label=label, choices=[(c, c) for c in one.choices])
    attrs = {"autocomplete": "off", "spellcheck": "false"}
    if one.secret:
        # A new password is what browsers neither fill in nor offer to keep as a log-in.
        widget = forms.PasswordInput(attrs={"autocomplete": "new-password"})
        return forms.CharField(label=label, max_length=1000, widget=widget)
    return forms.CharField(
        label=label, max_length=300, initial=one.initial, widget=forms.TextInput(attrs=attrs)
    )


class ApplyForm(forms.Form):
    """Which changes shall be made."""

    sealed = forms.CharField(widget=forms.HiddenInput, max_length=20_000)
    chosen = forms.MultipleChoiceField(
        label=gettext_lazy("Changes"),
        error_messages={"required": gettext_lazy("Choose what shall be changed.")},
    )

    def __init__(self, changes: Sequence[Change], *args: Any) -> None:
        super().__init__(*args)
        field = self.fields["chosen"]
        assert isinstance(field, forms.MultipleChoiceField)
        field.choices = [(one.key, one.key) for one in changes]
