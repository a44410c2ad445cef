"""Forms about how much may be sent."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from mailstead.control.hosting.models import Customer, Package
from mailstead.control.hosting.queries.sending import House, RampStep, ceilings_in
from mailstead.control.people.actor import Actor
from mailstead.control.people.roles import may
from mailstead.wire.sending import FIELDS, Ceilings

STEPS = 4
"""Steps for new customers that the form offers."""

_EACH = {
    "messages_hour": _("Each mailbox: messages in an hour"),
    "messages_day": _("Each mailbox: messages in a day"),
    "recipients_hour": _("Each mailbox: recipients in an hour"),
    "recipients_day": _("Each mailbox: recipients in a day"),
}
_TOGETHER = {
    "messages_hour": _("All mailboxes of a customer: messages in an hour"),
    "messages_day": _("All mailboxes of a customer: messages in a day"),
    "recipients_hour": _("All mailboxes of a customer: recipients in an hour"),
    "recipients_day": _("All mailboxes of a customer: recipients in a day"),
}
_OWN = {
    "messages_hour": _("Messages in an hour"),
    "messages_day": _("Messages in a day"),
    "recipients_hour": _("Recipients in an hour"),
    "recipients_day": _("Recipients in a day"),
}


class CeilingField(forms.IntegerField):
    """A number; empty is nothing said here."""

    def __init__(self, **options: Any) -> None:
        super().__init__(required=False, min_value=0, max_value=10_000_000, **options)


class _CeilingsForm(forms.Form):
    """What the forms below share: four fields for each group of ceilings."""

    def put(self, prefix: str, labels: dict[str, Any], now: Ceilings, help_text: Any) -> None:
        """Add the fields of a group with what holds now."""
        for name in FIELDS:
            self.fields[f"{prefix}{name}"] = CeilingField(
                label=labels[name], initial=getattr(now, name), help_text=help_text
            )

    def taken(self, prefix: str) -> Ceilings:
        """The ceilings of a group as they were filled in."""
        return Ceilings(**{name: self.cleaned_data[f"{prefix}{name}"] for name in FIELDS})


class MailboxSendingForm(_CeilingsForm):
    """What one mailbox may send."""

    def __init__(self, own: Ceilings, data: Any = None) -> None:
        super().__init__(data)
        self.put("", _OWN, own, _("Empty: as the customer's other mailboxes."))


class CustomerSendingForm(_CeilingsForm):
    """What a customer's mailboxes may send, each and together; a package says it too."""

    def __init__(self, actor: Actor, row: Customer | Package, data: Any = None) -> None:
        super().__init__(data)
        self.put("each_", _EACH, ceilings_in(row.sending_mailbox), _("Empty: the house's limit."))
        self.put("all_", _TOGETHER, ceilings_in(row.sending_total), _("Empty: the house's limit."))
        if isinstance(row, Customer) and may(actor, "customer.exempt-from-ramp"):
            self.fields["exempt"] = forms.BooleanField(
                label=_("Known to us: no lower limits while the customer is new"),
                required=False,
                initial=row.sending_ramp_exempt,
            )


class HouseSendingForm(_CeilingsForm):
    """What holds where nothing else is said."""

    def __init__(self, house: House, data: Any = None) -> None:
        super().__init__(data)
        self._house = house
        self.put("each_", _EACH, house.mailbox, _("Empty: no limit."))
        self.put("all_", _TOGETHER, house.customer, _("Empty: no limit."))
        for number in range(STEPS):
            self._put_step(number, house.ramp[number] if number < len(house.ramp) else None)

    def _put_step(self, number: int, step: RampStep | None) -> None:
        self.fields[f"days_{number}"] = forms.IntegerField(
            label=_("New customers, step %(n)s: until day") % {"n": number + 1},
            required=False,
            min_value=1,
            max_value=365,
            initial=step.days if step else None,
            help_text=_("Empty: no such step."),
        )
        for name, label in (
            ("recipients_hour", _("New customers, step %(n)s: recipients in an hour")),
            ("recipients_day", _("New customers, step %(n)s: recipients in a day")),
        ):
            self.fields[f"step_{number}_{name}"] = CeilingField(
                label=label % {"n": number + 1},
                initial=getattr(step.ceilings, name) if step else None,
                help_text=_("All mailboxes of the customer together."),
            )

    def ramp(self) -> list[RampStep]:
        """The steps that have a day; what the form does not ask stays as it was."""
        found = []
        for number in range(STEPS):
            days = self.cleaned_data[f"days_{number}"]
            if days is None:
                continue
            known = self._house.ramp[number : number + 1]
            ceilings = Ceilings(
                messages_hour=known[0].ceilings.messages_hour if known else None,
                messages_day=known[0].ceilings.messages_day if known else None,
                recipients_hour=self.cleaned_data[f"step_{number}_recipients_hour"],
                recipients_day=self.cleaned_data[f"step_{number}_recipients_day"],
            )
            found.append(RampStep(days=days, ceilings=ceilings))
        return [*found, *self._house.ramp[STEPS:]]
