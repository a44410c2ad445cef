"""Forms of a case: the new password, why, and the parts of the recovery."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from mailstead.control.hosting.forms.my import OwnPasswordForm
from mailstead.control.protection.services import Wanted


class ReleaseForm(OwnPasswordForm):
    """The release by who owns the mailbox."""

    def __init__(self, *args: Any, **values: Any) -> None:
        super().__init__(*args, **values)
        self.fields["password"].help_text = _(
            "At least 10 characters, and nothing that you use elsewhere."
        )


class CompanyReleaseForm(OwnPasswordForm):
    """The release by the company, which may leave the password as it is."""

    reason = forms.CharField(
        label=_("Why"),
        max_length=300,
        required=False,
        help_text=_("Stands in the audit trail, which the customer reads."),
    )

    def __init__(self, *args: Any, **values: Any) -> None:
        super().__init__(*args, **values)
        for name in ("password", "again"):
            self.fields[name].required = False
        self.fields["password"].help_text = _("Empty: the password stays as it is.")


class ReasonForm(forms.Form):
    """Why it is taken for stolen."""

    reason = forms.CharField(
        label=_("Why"),
        max_length=300,
        required=False,
        help_text=_("Stands in the audit trail, which the customer reads."),
    )


class RecoverForm(forms.Form):
    """The parts of the recovery, each of which may be left out."""

    new_password = forms.BooleanField(
        label=_("Set a new password for the mailbox"), required=False, initial=True
    )
    password = forms.CharField(
        label=_("New password"),
        max_length=200,
        required=False,
        strip=False,
        help_text=_("At least 10 characters. Empty: one is made and shown to you once."),
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )
    app_passwords = forms.BooleanField(
        label=_("Remove all app passwords"), required=False, initial=True
    )
    sessions = forms.BooleanField(
        label=_("End all open sessions of mail programs"), required=False, initial=True
    )
    undo = forms.MultipleChoiceField(
        label=_("Put back as it was before"),
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )
    kept = forms.ChoiceField(
        label=_("All held mail that nobody has decided on"),
        choices=[
            ("", _("Keep it; decide later, message by message")),
            ("delete", _("Delete it for ever")),
            ("send", _("Send it")),
        ],
        required=False,
        widget=forms.RadioSelect,
    )
    release = forms.BooleanField(
        label=_("Let the mailbox send again"), required=False, initial=True
    )

    def __init__(
        self, *args: Any, undo: Sequence[tuple[str, str]], ticked: Sequence[str], **values: Any
    ) -> None:
        super().__init__(*args, **values)
        if undo:
            field: Any = self.fields["undo"]
            field.choices = undo
            field.initial = list(ticked)
        else:
            del self.fields["undo"]

    def wanted(self) -> Wanted:
        """What was ticked."""
        data = self.cleaned_data
        return Wanted(
            new_password=data["new_password"],
            password=data["password"],
            app_passwords=data["app_passwords"],
            sessions=data["sessions"],
            undo=frozenset(data.get("undo", ())),
            kept=data["kept"] or None,
            release=data["release"],
        )
