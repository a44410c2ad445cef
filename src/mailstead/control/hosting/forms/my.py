"""Forms of the pages about one mailbox: absence, spam, app passwords, password, recovery."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django import forms
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from mailstead.control.hosting import queries
from mailstead.control.hosting.models import Autoresponder
from mailstead.control.hosting.services.autoresponders import DAY
from mailstead.control.web.forms import LinesField, MomentField

TAGS_HELP = _(
    "In subject and text, %subject% stands for the subject of the message that is answered, "
    "%from% for its sender's name and %email% for their address."
)

WHEN = [
    ("off", _("Off: nobody gets an answer")),
    ("on", _("On, from now until I switch it off")),
    ("dates", _("On between two dates")),
]


class VacationForm(forms.Form):
    """The automatic answer of a mailbox while its user is away."""

    when = forms.ChoiceField(label=_("Answer"), choices=WHEN, widget=forms.RadioSelect)
    starts = MomentField(label=_("From"))
    ends = MomentField(label=_("Until"))
    subject = forms.CharField(label=_("Subject"), max_length=250)
    body = forms.CharField(
        label=_("Text"),
        max_length=100_000,
        widget=forms.Textarea(attrs={"rows": "8"}),
        help_text=TAGS_HELP,
    )
    days = forms.IntegerField(
        label=_("Answer the same sender again after"),
        min_value=1,
        max_value=60,
        initial=7,
        help_text=_("Days. In between the same person gets no second answer."),
    )
    from_name = forms.CharField(
        label=_("Sender's name"),
        max_length=100,
        required=False,
        help_text=_("Stands before your address in the answer."),
    )

    def clean(self) -> dict[str, Any]:
        """Dates are needed where it shall answer between dates."""
        data: dict[str, Any] = super().clean() or self.cleaned_data
        if data.get("when") == "dates" and not self.errors:
            if not data["starts"] and not data["ends"]:
                self.add_error("starts", gettext("Give at least one of the two dates."))
            elif data["ends"] and data["ends"] <= timezone.now():
                self.add_error("ends", gettext("This is over already."))
        return data


def shown_days(answer: Autoresponder) -> int:
    """The interval as forms show it; an imported one may be hours."""
    return min(60, max(1, round(answer.interval / DAY)))


def kept_interval(answer: Autoresponder | None, days: int) -> int:
    """Seconds: what it was where the form shows the same, so that hours stay hours."""
    return answer.interval if answer and shown_days(answer) == days else days * DAY


def vacation_initial(answer: Autoresponder | None, name: str, now: dt.datetime) -> dict[str, Any]:
    """What the form shows for the answer that is there, or for a new one."""
    if answer is None:
        return {"when": "on", "days": 7, "from_name": name}
    over = queries.answer_state(answer, now) == "off"
    when = "off" if over else "dates" if answer.starts or answer.ends else "on"
    return {
        "when": when,
        "starts": None if over else answer.starts,
        "ends": None if over else answer.ends,
        "subject": answer.subject,
        "body": answer.body,
        "days": shown_days(answer),
        "from_name": answer.from_name,
    }


class SpamForm(forms.Form):
    """How much goes to the Junk folder, and whose mail never or always does."""

    level = forms.ChoiceField(
        label=_("How strict"),
        choices=[
            ("off", _("Off: nothing is filed as spam, all mail comes to the inbox")),
            ("lenient", _("Lenient: only what is almost certainly spam")),
            ("normal", _("Normal: right for most people")),
            ("strict", _("Strict: doubtful mail too; look into the Junk folder now and then")),
        ],
        widget=forms.RadioSelect,
    )
    allow = LinesField(
        label=_("Never spam"),
        required=False,
        help_text=_("One in each line: an address, or @example.org for a whole domain."),
        widget=forms.Textarea(attrs={"rows": "5", "spellcheck": "false"}),
    )
    deny = LinesField(
        label=_("Always spam"),
        required=False,
        help_text=_("Mail from these senders goes to the Junk folder."),
        widget=forms.Textarea(attrs={"rows": "5", "spellcheck": "false"}),
    )


PROTOCOLS = [
    ("imap", _("Read mail (IMAP)")),
    ("pop3", _("Fetch mail (POP3)")),
    ("smtp", _("Send mail (SMTP)")),
    ("sieve", _("Manage rules (ManageSieve)")),
]


class AppPasswordForm(forms.Form):
    """A password for one program or device."""

    name = forms.CharField(
        label=_("For which program or device"),
        max_length=60,
        help_text=_("So that you know it again, for example “Phone” or “Printer in the office”."),
    )
    protocols = forms.MultipleChoiceField(
        label=_("What it may do"),
        choices=PROTOCOLS,
        required=False,
        initial=["imap", "smtp"],
        widget=forms.CheckboxSelectMultiple,
        help_text=_("Nothing chosen: all of these."),
    )


class OwnRecoveryForm(forms.Form):
    """Where the link to a new password goes when the old one is lost."""

    address = forms.EmailField(
        label=_("Recovery address"),
        required=False,
        help_text=_(
            "An address outside this house that only you read: whoever reads it can set a new "
            "password. Empty: none."
        ),
        widget=forms.EmailInput(attrs={"autocomplete": "email"}),
    )


class OwnPasswordForm(forms.Form):
    """A new password of one's own, given twice."""

    password = forms.CharField(
        label=_("New password"),
        max_length=200,
        strip=False,
        help_text=_(
            "At least 10 characters. A few words that only you would put together do well."
        ),
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )
    again = forms.CharField(
        label=_("New password again"),
        max_length=200,
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )

    def clean(self) -> dict[str, Any]:
        """Both alike."""
        data: dict[str, Any] = super().clean() or self.cleaned_data
        if {"password", "again"} <= data.keys() and data["password"] != data["again"]:
            self.add_error("again", gettext("The two are not the same."))
        return data


class MessageForm(forms.Form):
    """A message on which the rules are tried."""

    message = forms.CharField(
        label=_("Message"),
        max_length=200_000,
        strip=False,
        widget=forms.Textarea(attrs={"rows": "14", "class": "code", "spellcheck": "false"}),
        help_text=_("The whole source with its header, as “Show source” of your program has it."),
    )
