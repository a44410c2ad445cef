"""Forms about one's own log-in."""

from __future__ import annotations

import zoneinfo
from typing import Any

from allauth.account.forms import LoginForm
from django import forms
from django.conf import settings
from django.utils.translation import gettext_lazy as _

from mailstead.control.people.models import Person


class SignInForm(LoginForm):  # type: ignore[misc]
    """One door for people and mailbox users alike."""

    def __init__(self, *args: Any, **values: Any) -> None:
        super().__init__(*args, **values)
        self.fields["login"].label = _("Mail address")
        self.fields["login"].widget.attrs = {"autocomplete": "username webauthn"}
        self.fields["password"].label = _("Password")
        self.fields["password"].help_text = ""
        self.fields["password"].widget.attrs = {"autocomplete": "current-password"}


class AcceptForm(forms.Form):
    """What an invited person gives; the address only where the invitation names none."""

    email = forms.EmailField(
        label=_("Your mail address"),
        help_text=_("Not in a domain hosted here: it must reach you when mail here does not work."),
        widget=forms.EmailInput(attrs={"autocomplete": "email"}),
    )
    name = forms.CharField(
        label=_("Your name"),
        max_length=120,
        widget=forms.TextInput(attrs={"autocomplete": "name"}),
    )
    password = forms.CharField(
        label=_("Password"),
        max_length=200,
        strip=False,
        help_text=_(
            "At least 10 characters. A few words that only you would put together do well."
        ),
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )


class ProfileForm(forms.Form):
    """How a person wants the panel."""

    name = forms.CharField(label=_("Name"), max_length=120, required=False)
    language = forms.ChoiceField(
        label=_("Language"),
        required=False,
        choices=[("", _("As the browser says")), *settings.LANGUAGES],
    )
    time_zone = forms.CharField(
        label=_("Time zone"),
        required=False,
        help_text=_("For example Europe/Berlin. Empty: UTC."),
        widget=forms.TextInput(
            attrs={"list": "zones", "autocomplete": "off", "data-time-zone": ""}
        ),
    )
    theme = forms.ChoiceField(
        label=_("Appearance"),
        required=False,
        choices=[("", _("As the system says")), ("light", _("Light")), ("dark", _("Dark"))],
    )

    @classmethod
    def of(cls, person: Person, data: Any = None) -> ProfileForm:
        """The form with what the person has now."""
        fields = ("name", "language", "time_zone", "theme")
        return cls(data, initial={field: getattr(person, field) for field in fields})

    def clean_time_zone(self) -> str:
        """A name of the IANA data base."""
        name: str = self.cleaned_data["time_zone"].strip()
        if name and name not in zoneinfo.available_timezones():
            raise forms.ValidationError(
                _("There is no such time zone; give one like Europe/Berlin.")
            )
        return name
