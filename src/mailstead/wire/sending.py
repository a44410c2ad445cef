"""How much may be sent: ceilings, and the words for what happens when one is reached."""

from __future__ import annotations

import datetime as dt
from typing import Literal, get_args

import msgspec

Measure = Literal["messages", "recipients"]
Window = Literal["hour", "day"]
MEASURES: tuple[Measure, ...] = get_args(Measure)
WINDOWS: tuple[Window, ...] = get_args(Window)

Page = Literal["hour", "day", "too-many", "new", "stopped", "unusual", "stolen"]
"""Why something was refused, as the page is called that explains it."""
PAGES: tuple[Page, ...] = get_args(Page)
HELP_PATH = "/help/sending-limits/"
"""Where these pages begin in the panel; each has its word after it."""


class Ceilings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The most that may be sent within an hour and within a day; None: nothing is said here.

    Recipients are those of the envelope: one message to five people is one and five. 0: nothing may
    be sent.
    """

    messages_hour: int | None = None
    messages_day: int | None = None
    recipients_hour: int | None = None
    recipients_day: int | None = None

    def of(self, measure: Measure, window: Window) -> int | None:
        """One of the four."""
        number: int | None = getattr(self, f"{measure}_{window}")
        return number

    def over(self, below: Ceilings) -> Ceilings:
        """What is said here, and where nothing is said what `below` says."""
        return Ceilings(
            **{
                name: getattr(below, name) if mine is None else mine
                for name in FIELDS
                for mine in [getattr(self, name)]
            }
        )

    def strictest(self, other: Ceilings) -> Ceilings:
        """The lower one of each; None is no limit."""
        return Ceilings(
            **{
                name: min((n for n in pair if n is not None), default=None)
                for name in FIELDS
                for pair in [(getattr(self, name), getattr(other, name))]
            }
        )


FIELDS: tuple[str, ...] = Ceilings.__struct_fields__


class Step(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Ceilings that hold for a time; a schedule of them ends with one that has no end."""

    until: dt.datetime | None
    ceilings: Ceilings


class Account(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A customer whose mailboxes are counted together, and what holds for them from when on."""

    customer: int
    schedule: tuple[Step, ...]
    """In order of time; more than one while the customer is new."""

    def at(self, now: dt.datetime) -> Step:
        """The step that holds now; without any there is no limit."""
        for step in self.schedule:
            if step.until is None or now < step.until:
                return step
        return Step(until=None, ceilings=Ceilings())
