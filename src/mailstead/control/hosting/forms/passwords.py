"""The form about passwords known from leaks."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from mailstead.control.people import services as people


class PasswordRuleForm(forms.Form):
    """A customer's rule."""

    rule = forms.ChoiceField(
        label=_("A mailbox gets a password that is known from leaks"), required=False
    )

    def __init__(self, now: str, data: Any = None) -> None:
        super().__init__(data, initial={"rule": now})
        house = {
            "off": gettext("As your provider does: nobody looks"),
            "warn": gettext("As your provider does: it is taken, with a warning"),
            "refuse": gettext("As your provider does: it is refused"),
        }
        field = self.fields["rule"]
        assert isinstance(field, forms.ChoiceField)
        field.choices = [
            ("", house[people.breached_rule()]),
            ("warn", gettext("It is taken, with a warning")),
            ("refuse", gettext("It is refused")),
        ]
        field.help_text = gettext("Where your provider is stricter, that holds.")
