"""The form of one rule: rows of conditions and actions that can be added without a script."""

from __future__ import annotations

from typing import Any

from django import forms
from django.http import QueryDict
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from mailstead.control.hosting.queries.rule_words import ACTIONS, FIELDS, FLAGS, MATCHES
from mailstead.standards.refusal import Refusal
from mailstead.standards.sizes import human, size
from mailstead.wire.changes import Action, Condition, Rule

MOST = 50
"""Rows of each kind in one rule."""
_PLAIN = {"autocapitalize": "none", "spellcheck": "false"}
_VALUES = {
    "file": "folder",
    "copy": "folder",
    "redirect": "address",
    "redirect_copy": "address",
    "flag": "flag",
    "reject": "text",
}
"""Which field of an action's row holds its value."""


class RuleForm(forms.Form):
    """What a rule is called and how its conditions are taken together."""

    name = forms.CharField(label=_("Name"), max_length=100)
    any_of = forms.ChoiceField(
        label=_("When it applies"),
        choices=[("", _("all conditions hold")), ("any", _("one of the conditions holds"))],
        required=False,
        widget=forms.RadioSelect,
    )
    stop = forms.BooleanField(
        label=_("Stop after this rule"),
        help_text=_("The rules below are not tried for a message that this one has taken."),
        required=False,
    )
    enabled = forms.BooleanField(label=_("The rule is on"), required=False)


class ConditionForm(forms.Form):
    """One condition; which of its fields count depends on the first."""

    field = forms.ChoiceField(label=_("Part of the message"), choices=list(FIELDS.items()))
    header = forms.CharField(
        label=_("Name of the header"),
        max_length=76,
        required=False,
        widget=forms.TextInput(attrs={**_PLAIN, "placeholder": "List-Id"}),
    )
    match = forms.ChoiceField(
        label=_("How it is compared"),
        choices=[
            (f"{'not-' if negate else ''}{name}", words[negate])
            for name, words in MATCHES.items()
            for negate in (False, True)
        ],
        initial="contains",
    )
    value = forms.CharField(
        label=_("With"),
        max_length=500,
        required=False,
        help_text=_("A size as 500 KiB or 5 MiB."),
        widget=forms.TextInput(attrs=_PLAIN),
    )

    @classmethod
    def plain(cls, condition: Condition) -> dict[str, Any]:
        """The row's values of a condition."""
        value = condition.value
        if condition.field == "size" and value.isdigit():
            value = _exact(int(value))
        match = f"{'not-' if condition.negate else ''}{condition.match}"
        if condition.field == "spam":
            match = "not-is" if condition.negate else "is"
        return {
            "field": condition.field,
            "header": condition.header,
            "match": match,
            "value": value,
        }

    def condition(self) -> Condition:
        """The condition; raises `Refusal` for a size that is none."""
        data = self.cleaned_data
        match, field, value = data["match"], data["field"], data["value"].strip()
        negate = match.startswith("not-")
        match = match.removeprefix("not-")
        if field == "spam":
            match, value = "is", ""
        if field == "size":
            if match not in ("over", "under"):
                raise Refusal(
                    "rule-invalid",
                    "A size is either larger or smaller than another.",
                    remedy="Choose one of the two.",
                )
            value = str(size(value))
        if match == "exists":
            value = ""
        header = data["header"].strip().removesuffix(":") if field == "header" else ""
        return Condition(field=field, match=match, value=value, header=header, negate=negate)


class ActionForm(forms.Form):
    """One action; its value stands in the field that belongs to it."""

    do = forms.ChoiceField(label=_("What to do"), choices=list(ACTIONS.items()))
    folder = forms.CharField(
        label=_("Folder"),
        max_length=200,
        required=False,
        widget=forms.TextInput(attrs={"list": "folders", "spellcheck": "false"}),
    )
    address = forms.CharField(
        label=_("Address"),
        max_length=320,
        required=False,
        widget=forms.TextInput(attrs={**_PLAIN, "inputmode": "email"}),
    )
    flag = forms.ChoiceField(label=_("As"), choices=list(FLAGS.items()), required=False)
    text = forms.CharField(
        label=_("Text for the sender"),
        max_length=500,
        required=False,
        widget=forms.Textarea(attrs={"rows": "3"}),
    )

    def __init__(self, *args: Any, **values: Any) -> None:
        super().__init__(*args, **values)
        # A flag of a mail program's own, set by another way, stays.
        flag = self["flag"].value()
        choices: Any = self.fields["flag"]
        if flag and flag not in FLAGS and len(flag) < 64:
            choices.choices = [*FLAGS.items(), (flag, flag)]

    @classmethod
    def plain(cls, action: Action) -> dict[str, Any]:
        """The row's values of an action."""
        values: dict[str, Any] = {"do": action.do}
        if action.do == "flag":
            values["flag"] = next(
                (f for f in FLAGS if f.lower() == "\\" + action.value.lstrip("\\").lower()),
                action.value,
            )
        elif action.do in _VALUES:
            values[_VALUES[action.do]] = action.value
        return values

    def action(self) -> Action:
        """The action, checked by the service."""
        do = self.cleaned_data["do"]
        value = self.cleaned_data[_VALUES[do]] if do in _VALUES else ""
        if do in ("file", "copy") and not value.strip():
            raise Refusal("rule-invalid", "A folder's name is missing.", remedy="Give one.")
        return Action(do=do, value=value if do == "reject" else value.strip())


class RuleEditor:
    """The form of a rule with its rows: from a rule, or from what was sent."""

    def __init__(self, head: RuleForm, conditions: list[Any], actions: list[Any]) -> None:
        self.head, self.conditions, self.actions = head, conditions, actions
        self.errors: list[str] = []

    @classmethod
    def of(cls, rule: Rule) -> RuleEditor:
        """For a rule that is there, or one to begin with."""
        return cls._filled(
            {
                "name": rule.name,
                "any_of": "any" if rule.any_of else "",
                "stop": rule.stop,
                "enabled": rule.enabled,
            },
            [ConditionForm.plain(row) for row in rule.conditions],
            [ActionForm.plain(row) for row in rule.actions],
        )

    @classmethod
    def _filled(
        cls, head: dict[str, Any], conditions: list[dict[str, Any]], actions: list[dict[str, Any]]
    ) -> RuleEditor:
        return cls(
            RuleForm(initial=head),
            [ConditionForm(initial=row, prefix=f"c{n}") for n, row in enumerate(conditions)],
            [ActionForm(initial=row, prefix=f"a{n}") for n, row in enumerate(actions)],
        )

    @classmethod
    def sent(cls, data: QueryDict) -> RuleEditor:
        """What a browser has sent; a press on a button of the rows is answered by `rearranged`."""
        conditions = [ConditionForm(data, prefix=f"c{n}") for n in _rows(data, "conditions")]
        actions = [ActionForm(data, prefix=f"a{n}") for n in _rows(data, "actions")]
        return cls(RuleForm(data), conditions, actions)

    def rearranged(self, change: str) -> RuleEditor:
        """With one row more (`add-condition`, `add-action`) or less (`drop-c2`), unchecked."""
        conditions = [_values(form) for form in self.conditions]
        actions = [_values(form) for form in self.actions]
        if change == "add-condition" and len(conditions) < MOST:
            conditions.append({"field": "from", "match": "contains"})
        elif change == "add-action" and len(actions) < MOST:
            actions.append({"do": "file"})
        elif change.startswith("drop-"):
            rows = conditions if change[5:6] == "c" else actions
            wanted = change[6:]
            if wanted.isdigit() and wanted.isascii() and int(wanted[:4]) < len(rows):
                del rows[int(wanted[:4])]
        changed = self._filled(_values(self.head), conditions, actions)
        if change.startswith("add-"):
            rows_after = changed.conditions if change == "add-condition" else changed.actions
            if rows_after:
                first = next(iter(rows_after[-1].fields.values()))
                first.widget.attrs["autofocus"] = True
        return changed

    @property
    def faulty(self) -> bool:
        """Whether the reader must look at something again."""
        parts = [self.head, *self.conditions, *self.actions]
        return bool(self.errors) or any(form.is_bound and form.errors for form in parts)

    def is_valid(self) -> bool:
        """Whether every part was readable; the service checks what it means."""
        forms_all = [self.head, *self.conditions, *self.actions]
        valid = [form.is_valid() for form in forms_all]
        return all(valid) and not self.errors

    def rule(self) -> Rule:
        """The rule; raises `Refusal`."""
        data = self.head.cleaned_data
        if not self.actions:
            raise Refusal("rule-invalid", "The rule does nothing.", remedy="Add an action.")
        return Rule(
            name=data["name"],
            enabled=data["enabled"],
            any_of=data["any_of"] == "any",
            conditions=tuple(form.condition() for form in self.conditions),
            actions=tuple(form.action() for form in self.actions),
            stop=data["stop"],
        )

    def refuse(self, refusal: Refusal) -> None:
        """A refusal as an error of the whole form."""
        self.errors.append(refusal.say(gettext))


def edition_form(given: str) -> type[forms.Form]:
    """A form that carries which rules the reader has before them."""

    class Seen(forms.Form):
        """Nothing to fill in."""

        edition = forms.CharField(widget=forms.HiddenInput(attrs={"value": given}))

    return Seen


def _exact(octets: int) -> str:
    """A size as people write it, where that is exactly this size."""
    words = human(octets)
    return words if size(words) == octets else str(octets)


def _rows(data: QueryDict, name: str) -> range:
    text = data.get(name, "0")
    return range(min(int(text[:4]), MOST) if text.isascii() and text.isdigit() else 0)


def _values(form: forms.Form) -> dict[str, Any]:
    return {name: form[name].value() for name in form.fields}
