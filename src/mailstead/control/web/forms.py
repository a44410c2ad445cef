"""What forms share: sizes and times as people write them, a service's refusal as a form's error."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django import forms
from django.utils.translation import gettext, gettext_lazy

from mailstead.standards.refusal import Refusal
from mailstead.standards.sizes import limit_words, size


class SizeField(forms.CharField):
    """Bytes as `5G` or `500M`; empty is no limit."""

    def __init__(self, **options: Any) -> None:
        options.setdefault("required", False)
        options.setdefault(
            "help_text", gettext_lazy("For example 5 GiB or 500 MiB. Empty: no limit of its own.")
        )
        super().__init__(**options)

    def prepare_value(self, value: Any) -> Any:
        """A number of bytes as people write it."""
        if isinstance(value, int):
            return limit_words(value) if value else ""
        return value

    def to_python(self, value: Any) -> Any:
        """Bytes; raises the form's error."""
        text = str(value or "").strip()
        if not text:
            return 0
        try:
            return size(text)
        except Refusal as refusal:
            raise forms.ValidationError(refusal.say(gettext)) from refusal

    def clean(self, value: Any) -> Any:
        """As `to_python`; there is nothing more to check."""
        return self.to_python(value)


class LinesField(forms.CharField):
    """Several values, one in each line; commas and blanks part them too."""

    widget = forms.Textarea

    def prepare_value(self, value: Any) -> Any:
        """One in each line."""
        return "\n".join(value) if isinstance(value, list | tuple) else value

    def to_python(self, value: Any) -> Any:
        """The values without empty ones."""
        text = str(value or "").replace(",", "\n").replace(";", "\n")
        return [line for line in (part.strip() for part in text.split("\n")) if line]

    def validate(self, value: Any) -> None:
        """At least one where it is required."""
        if self.required and not value:
            raise forms.ValidationError(self.error_messages["required"], code="required")

    def run_validators(self, value: Any) -> None:
        """The services check each value."""


class MomentField(forms.DateTimeField):
    """A date with a time as browsers ask for it, in the reader's zone; it may be left empty."""

    def __init__(self, **options: Any) -> None:
        super().__init__(
            widget=forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M"),
            input_formats=["%Y-%m-%dT%H:%M", "%Y-%m-%d %H:%M", "%Y-%m-%d"],
            required=False,
            **options,
        )


def submitted(form: forms.Form, act: Callable[[dict[str, Any]], Any]) -> bool:
    """Whether the form was right and the service did it; a refusal becomes the form's error."""
    if not form.is_valid():
        return False
    try:
        act(form.cleaned_data)
    except Refusal as refusal:
        form.add_error(None, refusal.say(gettext))
        return False
    return True
