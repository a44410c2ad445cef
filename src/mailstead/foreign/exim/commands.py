"""Commands of an Exim filter as actions of Sieve."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from mailstead.foreign.exim.conditions import Known, told
from mailstead.foreign.exim.facts import facts
from mailstead.foreign.exim.made import Made
from mailstead.foreign.exim.model import HouseRule
from mailstead.foreign.exim.paths import NOWHERE, Place, delivered, saved
from mailstead.foreign.exim.reasons import cannot
from mailstead.foreign.exim.strings import fixed
from mailstead.foreign.exim.syntax import Command, Deed, If
from mailstead.standards import sieve
from mailstead.standards.address import destination_address
from mailstead.standards.refusal import Refusal

UNFINISHED = 'string :is "${finished}" ""'
NO_WORDS = "The recipient does not take this message."
_TIME = re.compile(r"(?:(\d{1,4})w)?(?:(\d{1,5})d)?(?:(\d{1,6})h)?(?:(\d{1,7})m)?(?:(\d{1,9})s)?")
_WEEK, _SHORTEST = 7 * 86400, 60
_LONGEST_TEXT = 20_000


@dataclass(frozen=True)
class Frame:
    """What the script around a rule needs of it."""

    known: Known
    account: bool
    """Of the account's filter: the mailbox's own one comes after it."""
    followed: bool
    """There is such a filter: `finish` ends the account's part only."""
    tells: bool
    """Somebody asks later whether something was delivered."""
    touches: bool
    """Somebody refuses later, which is possible only before anything was filed or sent on."""
    late: bool
    """Something may have been filed or sent on by then."""


@dataclass
class Writer:
    """Writes one rule, and gathers what it needs and in what it differs."""

    frame: Frame
    needs: set[str] = field(default_factory=set)
    notes: set[str] = field(default_factory=set)
    house: list[HouseRule] | None = field(default_factory=list)
    """Its actions as the house's own; None: they do not fit."""
    stops: bool = False

    def write(self, command: Command) -> tuple[list[str], Made | None]:
        """Its lines, and the condition of a rule that is nothing but one; raises `Refusal`."""
        lines, only = self._command(command)
        nested = isinstance(command, If) and any(
            isinstance(one, If) for branch in command.branches for one in branch.commands
        )
        if nested:
            self.house = None
        return lines, only

    def _command(self, command: Command) -> tuple[list[str], Made | None]:
        if isinstance(command, Deed):
            return self._deed(command), None
        if len(command.branches) > 1 or command.otherwise:
            self.house = None
        return self._if(command)

    def _block(self, commands: tuple[Command, ...]) -> list[str]:
        lines: list[str] = []
        ended = False
        for number, command in enumerate(commands):
            written, _ = self._command(command)
            if ended and written:
                self.needs.add("variables")
                written = [f"if {UNFINISHED} {{", *_indented(written), "}"]
            lines += written
            if isinstance(command, Deed) and command.name in ("finish", "fail"):
                if number + 1 < len(commands):
                    self.house = None
                break
            ended = ended or (self._goes_on and facts(command).finishes)
        return lines

    @property
    def _goes_on(self) -> bool:
        """After `finish` the script goes on, with the mailbox's part."""
        return self.frame.account and self.frame.followed

    def _if(self, command: If) -> tuple[list[str], Made | None]:
        lines: list[str] = []
        word, only = "if", None
        for number, branch in enumerate(command.branches):
            made = told(branch.condition, self.frame.known)
            if made.narrower and (command.branches[number + 1 :] or command.otherwise):
                # What comes after it would act on more.
                raise cannot("broader")
            self.notes |= made.notes
            inside = self._block(branch.commands)
            if made.test == "false":
                continue
            self.needs |= made.needs
            if made.test == "true" and word == "elsif":
                return [*lines[:-1], "} else {", *_indented(inside), "}"], None
            if made.test == "true":
                return inside, made
            lines = [*lines[:-1], f"{'} ' if lines else ''}{word} {made.test} {{"]
            lines += [*_indented(inside), "}"]
            only = made if word == "if" else None
            word = "elsif"
        otherwise = self._block(command.otherwise)
        if not otherwise:
            return lines, only if lines else Made("false")
        if not lines:
            return otherwise, None
        return [*lines[:-1], "} else {", *_indented(otherwise), "}"], None

    def _deed(self, deed: Deed) -> list[str]:
        if deed.noerror:
            self.notes.add("noerror")
        if deed.name == "deliver":
            return self._deliver(self._text(deed), deed.seen == "unseen")
        if deed.name == "save":
            place = saved(self._text(deed), self.frame.known.owner)
            return self._keep(place, deed.seen == "unseen")
        if deed.name == "finish":
            return self._finish(deed.seen == "seen")
        if deed.name == "fail":
            return self._fail(self._text(deed) if deed.words else "")
        if deed.name == "pipe":
            raise cannot("pipe")
        if deed.name in ("mail", "vacation"):
            return [*self._answer(deed), *(self._after(store=False) if deed.seen == "seen" else ())]
        if deed.name in ("logfile", "logwrite"):
            self.notes.add("log")
            return []
        if deed.name == "testprint":
            return []
        raise cannot("command", deed.name)

    def _text(self, deed: Deed) -> str:
        return fixed(deed.words[0].raw, self.frame.known.variables)

    def _deliver(self, text: str, unseen: bool) -> list[str]:
        owner = self.frame.known.owner
        if place := delivered(text, owner):
            return self._keep(place, unseen)
        try:
            address = str(destination_address(dict(owner.logins).get(text, text)))
        except Refusal as error:
            raise cannot("address-invalid", text) from error
        if address.lower() == owner.address:
            if self.frame.account and self.frame.followed:
                self.notes.add("own-address")
            return self._keep(Place(owner.address), unseen)
        return self._redirect(address, unseen)

    def _redirect(self, address: str, unseen: bool) -> list[str]:
        self._act("redirect_copy" if unseen else "redirect", address)
        copy = self._copy(unseen)
        return [f"redirect {copy}{sieve.string(address)};", *self._after(unseen)]

    def _keep(self, place: Place, unseen: bool) -> list[str]:
        if place == NOWHERE:
            if unseen:
                return []
            self._act("discard")
            return ["discard;", *self._after(store=False)]
        if place.address != self.frame.known.owner.address:
            self.notes.add("other-mailbox")
            return self._redirect(place.address, unseen)
        self._act("copy" if unseen else "file", place.folder)
        self.needs |= {"fileinto", "mailbox"}
        copy = self._copy(unseen)
        # Not `keep`: the house would still file it as spam after this script.
        return [f"fileinto {copy}:create {sieve.string(place.folder)};", *self._after(unseen)]

    def _copy(self, unseen: bool) -> str:
        if unseen:
            self.needs.add("copy")
        return ":copy " if unseen else ""

    def _after(self, unseen: bool = False, *, store: bool = True) -> list[str]:
        """What is remembered of a delivery."""
        lines = []
        if self.frame.tells and not unseen:
            lines.append('set "delivered" "1";')
        if self.frame.touches and store:
            lines.append('set "touched" "1";')
        if lines:
            self.needs.add("variables")
        return lines

    def _finish(self, seen: bool) -> list[str]:
        self.stops = True
        if seen:
            self._act("discard")
            return ["discard;", "stop;"]
        if self._goes_on:
            self.needs.add("variables")
            self.house = None
            return ['set "finished" "1";']
        return ["stop;"]

    def _fail(self, text: str) -> list[str]:
        if len(text) > _LONGEST_TEXT:
            raise cannot("text")
        self.needs.add("reject")
        self.stops = True
        words = sieve.string(text.strip() or NO_WORDS)
        self._act("reject", text.strip() or NO_WORDS)
        if not self.frame.late:
            return [f"reject {words};", "stop;"]
        self.house = None
        self.notes.add("reject-late")
        self.needs.add("variables")
        return ['if string :is "${touched}" "" {', f"  reject {words};", "}", "stop;"]

    def _act(self, do: str, value: str = "") -> None:
        if self.house is not None:
            self.house.append({"do": do, "value": value})

    def _answer(self, deed: Deed) -> list[str]:
        self.house = None
        given = dict(deed.options)
        known = self.frame.known
        if unlike := given.keys() - {"text", "subject", "to", "once", "once_repeat", "log"}:
            raise cannot("command", f"{deed.name} {min(unlike)}")
        text, subject, to = given.get("text"), given.get("subject"), given.get("to")
        if text is None or (to is not None and to.raw != "$reply_address"):
            raise cannot("command", deed.name)
        repeat = given.get("once_repeat")
        seconds = _seconds(fixed(repeat.raw, known.variables)) if repeat else _WEEK
        if deed.name == "mail" and "once" not in given:
            seconds = _SHORTEST
        words = fixed(text.raw, known.variables)
        about = fixed(subject.raw, known.variables) if subject else "On vacation"
        if not words.strip() or len(words) > _LONGEST_TEXT or not about.isprintable():
            raise cannot("text")
        self.needs |= {"vacation", "vacation-seconds"}
        self.notes |= {"answer-limits"} | ({"log"} if "log" in given else set())
        shown = f":seconds {max(_SHORTEST, seconds)} :subject {sieve.string(about)}"
        return [f"vacation {shown} {sieve.string(words)};"]


def _seconds(text: str) -> int:
    found = _TIME.fullmatch(text.strip())
    if not found or not text.strip():
        raise cannot("number", text)
    units = (604800, 86400, 3600, 60, 1)
    return sum(int(part or 0) * unit for part, unit in zip(found.groups(), units, strict=True))


def _indented(lines: list[str]) -> list[str]:
    return [f"  {line}" for line in lines]
