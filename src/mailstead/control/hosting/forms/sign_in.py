"""Forms of who has lost a password or acts in another's place."""

from __future__ import annotations

from typing import Any

from allauth.account.forms import ResetPasswordForm
from django import forms
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from mailstead.control.hosting.services.mailbox_users import post_recovery
from mailstead.control.people.models import Person


class ForgottenForm(ResetPasswordForm):  # type: ignore[misc]
    """A link for a person by the contact address, for a mailbox by its recovery address.

    The answer is the same whether or not there is anybody of this name.
    """

    users: list[Person]

    def __init__(self, *args: Any, **values: Any) -> None:
        super().__init__(*args, **values)
        self.fields["email"].label = _("Mail address")
        self.fields["email"].widget.attrs = {"autocomplete": "username"}

    def clean_email(self) -> str:
        """People only: the library must never set a mailbox's password."""
        email: str = super().clean_email()
        self.users = [user for user in self.users if user.mailbox is None]
        return email

    def save(self, request: HttpRequest, **values: Any) -> str:
        """Write to whom it concerns."""
        email: str = super().save(request, **values)
        if not self.users:
            post_recovery(now=timezone.now(), address=email)
        return email


class NewPasswordForm(forms.Form):
    """A new password for a mailbox."""

    password = forms.CharField(
        label=_("New password"),
        max_length=200,
        strip=False,
        help_text=_("At least 10 characters. Your mail programs need the new one too."),
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )


class ActAsForm(forms.Form):
    """Why somebody acts in a customer's place."""

    reason = forms.CharField(
        label=_("Reason"),
        max_length=300,
        help_text=_("The customer reads it in the audit trail, for example a ticket's number."),
    )
