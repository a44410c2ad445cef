"""Forms by which many mailboxes are made at once."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from mailstead.control.hosting.forms.mailboxes import domain_field
from mailstead.control.people.actor import Actor
from mailstead.control.web.forms import SizeField

MOST_NAMES = 200
LARGEST = 5 * 2**20
"""Bytes of a file."""


class NamesForm(forms.Form):
    """Names, one in each line; a comma parts the person's name."""

    names = forms.CharField(
        label=_("Names"),
        max_length=40_000,
        widget=forms.Textarea(attrs={"rows": 10, "class": "code", "spellcheck": "false"}),
        help_text=_("One in each line: ann, or: ann, Ann Bell. At most 200."),
    )
    quota = SizeField(label=_("Storage of each"))

    def __init__(self, actor: Actor, *args: Any, **values: Any) -> None:
        super().__init__(*args, **values)
        self.fields["domain"] = domain_field(actor)
        self.order_fields(["domain", "names", "quota"])

    def clean_names(self) -> list[tuple[str, str]]:
        """Local part and person of each line."""
        found = []
        for line in self.cleaned_data["names"].splitlines():
            local, _comma, person = line.partition(",")
            if local.strip():
                found.append((local.strip(), person.strip()))
        if not 1 <= len(found) <= MOST_NAMES:
            raise forms.ValidationError(_("Give between 1 and 200 names."))
        return found


class UploadForm(forms.Form):
    """A CSV file."""

    file = forms.FileField(
        label=_("CSV file"),
        help_text=_("With a first line of names: address, password or hash, quota, name."),
        widget=forms.FileInput(attrs={"accept": ".csv,text/csv"}),
    )
    sure = forms.BooleanField(
        label=_("Make the mailboxes now; without this only look what would happen"),
        required=False,
    )

    def clean_file(self) -> str:
        """The file's text."""
        file = self.cleaned_data["file"]
        if file.size > LARGEST:
            raise forms.ValidationError(_("A file may have 5 MB at most. Divide it."))
        try:
            return str(file.read().decode("utf-8-sig"))
        except UnicodeDecodeError as error:
            raise forms.ValidationError(_("Save the file as UTF-8.")) from error
