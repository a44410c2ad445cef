"""The form for a domain's own host name."""

from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy as _


class HostNameForm(forms.Form):
    """A name and what it is for."""

    name = forms.CharField(
        label=_("Host name"),
        max_length=253,
        help_text=_("A name in the domain, such as mail.example.org."),
        widget=forms.TextInput(attrs={"autocapitalize": "none", "spellcheck": "false"}),
    )
    purpose = forms.ChoiceField(
        label=_("What it is for"),
        choices=[
            ("mail", _("Mail programs (IMAP, POP3, SMTP)")),
            ("webmail", _("Webmail")),
            ("mta-sts", _("Policy for senders (MTA-STS), as mta-sts. and the domain")),
            ("autoconfig", _("Settings for mail programs, as autoconfig. and the domain")),
        ],
    )
