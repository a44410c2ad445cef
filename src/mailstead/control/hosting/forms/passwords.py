"""The form about passwords known from leaks."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from mailstead.control.hosting import services as hosting
from mailstead.control.people import services as people


class PasswordRuleForm(forms.Form):
    """A customer's rule."""

    rule = forms.ChoiceField(
        label=_("A mailbox gets a password that is known from leaks"), required=False
    )
    days = forms.IntegerField(
        label=_("Days until it sends nothing more"),
        required=False,
        min_value=1,
        max_value=hosting.MOST_PASSWORD_DAYS,
        help_text=_(
            "Where it must be changed: counted from the warning, which names the day. A reminder "
            "comes before it. Receiving goes on, and a new password gives sending back at once."
        ),
    )

    def __init__(self, now: str, days: int, data: Any = None) -> None:
        super().__init__(data, initial={"rule": now, "days": days or hosting.PASSWORD_DAYS})
        house = {
            "off": gettext("As your provider does: nobody looks"),
            "warn": gettext("As your provider does: it is taken, with a warning"),
            "refuse": gettext("As your provider does: it is refused"),
            "change": gettext("As your provider does: it is refused, and old ones must be changed"),
        }
        field = self.fields["rule"]
        assert isinstance(field, forms.ChoiceField)
        field.choices = [
            ("", house[people.breached_rule()]),
            ("warn", gettext("It is taken, with a warning")),
            ("refuse", gettext("It is refused")),
            ("change", gettext("It is refused, and mailboxes that have one must change it")),
        ]
        field.help_text = gettext("Where your provider is stricter, that holds.")
