"""Forms of a move: where it comes from, what is decided, when it happens, why."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from django import forms
from django.http import QueryDict
from django.utils.translation import gettext_lazy as _

from mailstead.control.moves import words
from mailstead.control.moves.models import PlanRow
from mailstead.control.web.forms import MomentField, SizeField
from mailstead.foreign.imap import LARGEST, ImapLogin, ImapRow, read_csv, without_passwords

_LOGIN = ("host", "port", "tls", "verify", "master_user", "master_password")


class WhereForm(forms.Form):
    """Whose it is, and where it will live."""

    customer = forms.ChoiceField(label=_("Customer"), required=False)
    server = forms.ChoiceField(label=_("Home server"))
    batch = forms.ChoiceField(label=_("Batch"), required=False)

    def __init__(
        self,
        *args: Any,
        customers: Iterable[tuple[int, str]],
        servers: Iterable[str],
        batches: Iterable[str],
        **values: Any,
    ) -> None:
        super().__init__(*args, **values)
        self.offer("customer", [("", "–"), *((str(number), name) for number, name in customers)])
        self.offer("server", [(name, name) for name in servers])
        self.offer("batch", [("", "–"), *((name, name) for name in batches)])

    def offer(self, name: str, choices: list[tuple[str, str]]) -> None:
        """What can be chosen in a field that may have been left out."""
        field = self.fields.get(name)
        if isinstance(field, forms.ChoiceField):
            field.choices = choices


class WhoForm(WhereForm):
    """Who gets what comes, and where it will live."""

    customer_name = forms.CharField(
        label=_("Or a new customer's name"), max_length=120, required=False
    )
    old_host = forms.CharField(
        label=_("Old mail server"),
        max_length=253,
        required=False,
        help_text=_("Host name or address. Until the switch mail for the domains is passed on."),
    )
    field_order: Sequence[str] = ("customer", "customer_name", "server", "old_host", "batch")


class NewMoveForm(WhoForm):
    """A source that was put on the server, and who gets it."""

    place = forms.ChoiceField(label=_("Source"))
    field_order = ("place", "customer", "customer_name", "server", "old_host", "batch")

    def __init__(self, *args: Any, places: Sequence[str], **values: Any) -> None:
        super().__init__(*args, **values)
        self.offer("place", [(name, name) for name in places])


class ImapForm(forms.Form):
    """An IMAP server, and the mailboxes there with their passwords.

    What was typed is shown again after an error, but for passwords.
    """

    host = forms.CharField(label=_("IMAP server"), max_length=253)
    port = forms.IntegerField(label=_("Port"), min_value=1, max_value=65535, initial=993)
    tls = forms.ChoiceField(
        label=_("Encryption"),
        choices=[
            ("imaps", _("TLS from the start (port 993)")),
            ("starttls", _("STARTTLS (port 143)")),
            ("none", _("None: passwords can be read on the way")),
        ],
    )
    verify = forms.BooleanField(
        label=_("The server's certificate must be valid"), required=False, initial=True
    )
    folder_prefix = forms.CharField(
        label=_("Prefix of its folders"),
        max_length=60,
        required=False,
        help_text=_("As INBOX. and mostly empty: the server says it, and the plan shows it."),
    )
    master_user = forms.CharField(
        label=_("Master user"),
        max_length=320,
        required=False,
        help_text=_("Logs in for all mailboxes, if the old server has one (user*master)."),
    )
    master_password = forms.CharField(
        label=_("Password of the master user"),
        max_length=200,
        required=False,
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "off"}),
    )
    mailboxes = forms.CharField(
        label=_("Mailboxes"),
        required=False,
        strip=False,
        max_length=LARGEST,
        widget=forms.Textarea(
            attrs={"rows": 8, "class": "code", "spellcheck": "false", "autocomplete": "off"}
        ),
        help_text=_(
            "One in each line: ann@example.org,password or ann@example.org,password,user there. "
            "With a master user the password may be left out: then somebody has to set one here."
        ),
    )
    file = forms.FileField(
        label=_("Or a CSV file with such lines"),
        required=False,
        widget=forms.FileInput(attrs={"accept": ".csv,.txt,text/csv,text/plain"}),
    )

    def clean_file(self) -> str:
        """The file's text."""
        file = self.cleaned_data["file"]
        if not file:
            return ""
        if file.size > LARGEST:
            raise forms.ValidationError(_("A file may have 4 MB at most. Divide it."))
        try:
            return str(file.read().decode("utf-8-sig"))
        except UnicodeDecodeError as error:
            raise forms.ValidationError(_("Save the file as UTF-8.")) from error

    def clean(self) -> dict[str, Any]:
        """One list, typed or as a file."""
        data: dict[str, Any] = super().clean() or self.cleaned_data
        if data.get("mailboxes", "").strip() and data.get("file"):
            self.add_error("file", _("Type the mailboxes or give a file, not both."))
        return data

    def forget_passwords(self) -> None:
        """What is shown again has none; the fields of passwords are empty by themselves."""
        if isinstance(self.data, QueryDict):
            plain = self.data.copy()
            plain["mailboxes"] = without_passwords(str(plain.get("mailboxes", "")))
            self.data = plain

    def login(self) -> ImapLogin:
        """The server, of a form that is right."""
        data = self.cleaned_data
        plain = {name: data[name] for name in _LOGIN}
        return ImapLogin(**plain, prefix=data["folder_prefix"])

    def rows(self) -> list[ImapRow]:
        """The mailboxes, of a form that is right; raises `Refusal` naming the line."""
        text = self.cleaned_data["file"] or self.cleaned_data["mailboxes"]
        return read_csv(text) if text.strip() else []


class NewImapMoveForm(ImapForm, WhoForm):
    """Mailboxes of an IMAP server, and who gets them."""

    field_order = (
        *("host", "port", "tls", "verify", "folder_prefix", "mailboxes", "file"),
        *("master_user", "master_password"),
    )


class ChangeMoveForm(WhoForm):
    """What was asked of a move; who gets it until something was made."""

    server = None  # type: ignore[assignment]
    octets_per_second = SizeField(
        label=_("Bytes in a second for each of its copies"),
        help_text=_("For example 5 MiB. Empty: as fast as it goes. It holds at once."),
    )
    note = forms.CharField(
        label=_("What the announcement says besides"),
        max_length=4000,
        required=False,
        widget=forms.Textarea(attrs={"rows": 4}),
    )

    def __init__(self, *args: Any, begun: bool, **values: Any) -> None:
        super().__init__(*args, **values)
        if begun:
            del self.fields["customer"], self.fields["customer_name"]


class PaceForm(forms.Form):
    """How much a server copies at once."""

    at_once = forms.IntegerField(
        label=_("Copies that run at the same time"), min_value=1, max_value=64
    )
    octets_per_second = SizeField(
        label=_("Bytes in a second for all of them together"),
        help_text=_("For example 20 MiB. Empty: no bound."),
    )


class ExportForm(forms.Form):
    """Whose account, all of it or one domain, and whether the mail comes too."""

    customer = forms.ChoiceField(label=_("Customer"))
    domain = forms.CharField(
        label=_("Only one domain"),
        max_length=253,
        required=False,
        help_text=_("Its name; empty: all domains."),
    )
    with_mail = forms.BooleanField(
        label=_("With mail"),
        required=False,
        help_text=_("All folders with their messages; this may take hours and much room."),
    )

    def __init__(self, *args: Any, customers: Iterable[tuple[int, str]], **values: Any) -> None:
        super().__init__(*args, **values)
        field = self.fields["customer"]
        assert isinstance(field, forms.ChoiceField)
        field.choices = [(str(number), name) for number, name in customers]


class OwnMoveForm(WhereForm):
    """What goes to which other server of ours."""

    domains = forms.CharField(
        label=_("Or only these domains"),
        max_length=4000,
        required=False,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("One in each line. Their aliases go along."),
    )
    server = forms.ChoiceField(label=_("New home server"))
    field_order = ("customer", "domains", "server", "batch")


class AnswersForm(forms.Form):
    """What the plan asks, one field for each question."""

    def __init__(self, *args: Any, rows: Sequence[PlanRow], **values: Any) -> None:
        super().__init__(*args, **values)
        self.rows = {f"row-{row.number}": row.key for row in rows}
        for row in rows:
            offered = [(one, words.choice(one)) for one in row.choices]
            self.fields[f"row-{row.number}"] = forms.ChoiceField(
                label=f"{words.kind(row.kind)}: {row.subject}",
                choices=[("", _("Not decided yet")), *offered],
                required=False,
                help_text=words.why(row),
            )

    def answers(self) -> dict[str, str]:
        """Key of each row to what was chosen."""
        return {
            key: self.cleaned_data[name]
            for name, key in self.rows.items()
            if self.cleaned_data.get(name)
        }


class AnnounceForm(forms.Form):
    """When it happens, and what the letters say besides."""

    window_from = MomentField(label=_("Begins"))
    window_until = MomentField(label=_("Over by"))
    time_zone = forms.CharField(label=_("Time zone of the letters"), max_length=40)
    note = forms.CharField(
        label=_("Besides"),
        max_length=4000,
        required=False,
        widget=forms.Textarea(attrs={"rows": 4}),
        help_text=_("Stands at the end of each letter."),
    )
    to_mailboxes = forms.BooleanField(
        label=_("Write to every mailbox too"), required=False, initial=True
    )

    def __init__(self, *args: Any, **values: Any) -> None:
        super().__init__(*args, **values)
        for name in ("window_from", "window_until"):
            self.fields[name].required = True


class ReasonForm(forms.Form):
    """Why; it may be left out."""

    reason = forms.CharField(
        label=_("Why"),
        max_length=300,
        required=False,
        help_text=_("Stands in the audit trail, which the customer reads."),
    )


class AnewForm(ReasonForm):
    """Of which mailbox everything is looked at again."""

    mailbox = forms.CharField(
        label=_("Mailbox"),
        max_length=320,
        required=False,
        help_text=_("Its address; empty: all mailboxes of the move."),
    )
    field_order = ("mailbox", "reason")


class BackForm(ReasonForm):
    """Where mail is to go."""

    old_host = forms.CharField(
        label=_("Old mail server"),
        max_length=253,
        required=False,
        help_text=_("Empty: the one that the move knows."),
    )
    field_order = ("old_host", "reason")


class RedirectForm(forms.Form):
    """Another name of the old panel."""

    host = forms.CharField(
        label=_("Host name"),
        max_length=253,
        help_text=_("As people have typed it: cp1.old-host.example. Its DNS must lead here."),
    )
    days = forms.IntegerField(label=_("Days"), min_value=1, max_value=730, initial=90)


class LossForm(forms.Form):
    """What is missing."""

    words = forms.CharField(
        label=_("What is missing"),
        max_length=4000,
        widget=forms.Textarea(attrs={"rows": 5}),
        help_text=_("Which mailbox, which folder, and what you looked for."),
    )


class BatchForm(forms.Form):
    """Moves that belong together."""

    name = forms.CharField(label=_("Name"), max_length=80)
    at_once = forms.IntegerField(
        label=_("Moves that copy at the same time"), min_value=1, max_value=100, initial=3
    )


class BatchChangeForm(forms.Form):
    """How many of its moves copy at the same time."""

    at_once = forms.IntegerField(
        label=_("Moves that copy at the same time"), min_value=1, max_value=100
    )
