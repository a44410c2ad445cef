"""Forms about what a domain publishes."""

from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy as _


class MtaStsForm(forms.Form):
    """What a domain asks of others about encryption."""

    mode = forms.ChoiceField(
        label=_("Encryption of mail to the domain"),
        choices=[
            ("none", _("Others decide for themselves")),
            ("testing", _("Others report when encryption fails, and deliver all the same")),
            ("enforce", _("Others deliver with a valid certificate only")),
        ],
        widget=forms.RadioSelect,
        help_text=_(
            "Begin with reports; after some weeks without failures let others insist on it."
        ),
    )
