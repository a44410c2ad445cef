"""A mailbox's filters, the account's and its own, as one Sieve script with an account of each rule.

The script never acts on more than the filters did. Where a rule cannot come that decides which
messages reach the next ones, a `stop` takes its place, for every message that it may have meant;
where even that cannot be told, the rules after it do not come either.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from mailstead.foreign.exim import script, spam
from mailstead.foreign.exim.commands import UNFINISHED, Frame, Writer
from mailstead.foreign.exim.facts import Facts, facts, where
from mailstead.foreign.exim.house import fitting, house_rule
from mailstead.foreign.exim.made import Made
from mailstead.foreign.exim.model import (
    Difference,
    HouseRule,
    Note,
    Owner,
    RuleOutcome,
    Translation,
)
from mailstead.foreign.exim.reasons import DIFFERENCES, cannot
from mailstead.foreign.exim.rules import Rule, Rules, rules_of
from mailstead.foreign.exim.syntax import Command, If
from mailstead.foreign.inventory import EximFilter
from mailstead.standards.refusal import Refusal

HARMLESS = frozenset({"answer-limits", "charset", "folded", "log", "noerror", "retry"})
"""Differences that let no message past a rule that would have ended its way."""
REDIRECTS, ACTIONS = 20, 32
"""Of one message at most, in the house's Dovecot; beyond that the message is just kept."""
_NOTHING = Facts(False, False, False, False, False)


def translate(
    owner: Owner, account: EximFilter | None = None, mailbox: EximFilter | None = None
) -> Translation:
    """One script of both filters; nothing is raised: each rule has an outcome."""
    parts = {
        "account": rules_of(account, "account", owner),
        "mailbox": rules_of(mailbox, "mailbox", owner),
    }
    work = _Work(parts["account"], parts["mailbox"])
    work.run()
    notes = [*parts["account"].notes, *parts["mailbox"].notes, *work.bounds()]
    text = script.whole(work.pieces)
    if len(text.encode()) > script.LARGEST:
        text = script.whole([replace(one, comment=()) for one in work.pieces])
    if len(text.encode()) > script.LARGEST:
        text, work = "", _too_large(work)
    return Translation(
        sieve=text,
        outcomes=tuple(work.outcomes),
        house_rules=fitting(work.house) if text else None,
        spam=parts["mailbox"].wishes or parts["account"].wishes,
        receiving_suspended=parts["mailbox"].suspended,
        notes=tuple(notes),
    )


def _too_large(work: _Work) -> _Work:
    reason = _refusal(cannot("script-large"))
    work.outcomes = [
        replace_outcome(one, reason) if one.state == "active" else one for one in work.outcomes
    ]
    return work


def replace_outcome(one: RuleOutcome, reason: Difference) -> RuleOutcome:
    """The same rule, left out after all."""
    return RuleOutcome(
        level=one.level,
        name=one.name,
        grade="refused",
        state="left-out",
        reasons=(reason,),
        place=one.place,
        text=one.text,
    )


def _refusal(error: Refusal) -> Difference:
    return Difference(code=error.code, words=error.words)


@dataclass
class _Way:
    """What is known, at some rule, of the messages that get there."""

    blocked: bool = False
    """Nothing can be told of them: no rule comes."""
    differs: bool = False
    """Some get there that did not, or the other way round."""
    uncertain: bool = False
    """Whether something was delivered before cannot be told."""
    finished: bool = False
    """Some have ended this part."""


@dataclass
class _Work:
    account: Rules
    mailbox: Rules
    outcomes: list[RuleOutcome] = field(default_factory=list)
    pieces: list[script.Piece] = field(default_factory=list)
    house: list[HouseRule] | None = field(default_factory=list)
    _way: _Way = field(default_factory=_Way)
    _stored: bool = False

    def run(self) -> None:
        account, mailbox = self._active(self.account), self._active(self.mailbox)
        self._followed = bool(mailbox)
        self._significant = any(facts(one).significant for one in account)
        self._tells = any(facts(one).asks for one in (*account, *mailbox))
        self._tells |= self._followed and self._significant
        self._refuses = any(facts(one).refuses for one in (*account, *mailbox))
        for rule in self.account.rules:
            self._rule(rule)
        if self._followed and self._significant:
            ended = ('if not string :is "${delivered}" "" {', "  stop;", "}")
            words = "What the account's rules have delivered does not come to the mailbox's own."
            self.pieces.append(script.Piece((f"# {words}",), ended, frozenset({"variables"})))
        self._way = _Way(self._way.blocked and self._ended, self._way.differs, finished=False)
        for rule in self.mailbox.rules:
            self._rule(rule)

    _ended: bool = False
    """What blocks the account's rules blocks the mailbox's as well."""

    def _active(self, rules: Rules) -> list[Command]:
        return [
            rule.command
            for rule in rules.rules
            if rule.command and rule.enabled and not rule.state and rule.spam is None
        ]

    def _rule(self, rule: Rule) -> None:
        of = facts(rule.command) if rule.command else _NOTHING
        frame = Frame(
            known=rule.known,
            account=rule.level == "account",
            followed=self._followed,
            tells=self._tells,
            touches=self._refuses,
            late=self._stored or of.stores,
        )
        if rule.state:
            self._outcome(rule, "equal", "setting")
        elif rule.spam is not None:
            self._setting(rule)
        elif not rule.enabled:
            self._disabled(rule, frame)
        else:
            self._active_rule(rule, frame, of)

    def _active_rule(self, rule: Rule, frame: Frame, of: Facts) -> None:
        writer = Writer(frame)
        try:
            if self._way.blocked or (of.asks and self._way.uncertain):
                raise cannot("after-refused")
            lines, only = self._written(rule, writer)
        except Refusal as error:
            self._refused(rule, frame, of, error)
            return
        codes = writer.notes | rule.codes
        if self._way.differs:
            codes.add("after-difference")
        ends = of.ends or of.significant if frame.account else of.ends
        self._way.differs |= ends and not codes <= HARMLESS
        self._way.uncertain |= of.significant and not codes <= HARMLESS
        if self._way.finished and lines:
            lines = [f"if {UNFINISHED} {{", *(f"  {line}" for line in lines), "}"]
            writer.needs.add("variables")
            writer.house = None
        self._way.finished |= of.finishes and frame.account and frame.followed
        self._stored |= of.stores
        piece = script.Piece((script.title(rule.name),), tuple(lines), frozenset(writer.needs))
        self.pieces.append(piece)
        reasons = [Difference(code=code, words=DIFFERENCES[code]) for code in sorted(codes)]
        self._outcome(rule, "approximate" if codes else "equal", "active", *reasons)
        self._in_house(rule, writer, only, codes, of)

    def _written(self, rule: Rule, writer: Writer) -> tuple[list[str], Made | None]:
        if rule.failure is not None:
            raise rule.failure
        assert rule.command is not None
        lines, only = writer.write(rule.command)
        text = "\n".join(lines)
        for name in ("delivered", "finished", "touched"):
            text = text.replace(f'"${{{name}}}"', "")
        if "${" in text:
            # Where a script has variables these would be taken for one.
            raise cannot("text")
        return lines, only

    def _refused(self, rule: Rule, frame: Frame, of: Facts, error: Refusal) -> None:
        self._outcome(rule, "refused", "left-out", _refusal(error))
        self.house = None
        comment = script.left_out(rule.name, error.words, rule.text)
        guard: tuple[str, ...] = ()
        needs: frozenset[str] = frozenset()
        matters = of.ends or (frame.account and of.significant)
        if matters and rule.command and not self._way.blocked:
            test = where(rule.command, rule.known, significant=frame.account)
            hard = of.refuses or of.significant
            if test == "true":
                self._way.blocked = True
                self._ended |= hard
            elif test != "false":
                soft = frame.account and frame.followed and not hard
                act = 'set "finished" "1";' if soft else "stop;"
                self._way.finished |= soft
                guard = (f"if {test} {{", f"  {act}", "}")
                needs = script.needs_of(guard)
        elif matters and self._way.blocked:
            self._ended |= of.refuses or of.significant
        self._way.uncertain |= of.significant
        self.pieces.append(script.Piece(comment, guard, needs))

    def _setting(self, rule: Rule) -> None:
        """Spam goes past the rules to where the house files it."""
        self._outcome(rule, "equal", "setting")
        if not rule.enabled or rule.spam is None:
            return
        made = spam.test(rule.spam)
        lines = (f"if {made.test} {{", "  stop;", "}")
        self.pieces.append(script.Piece((script.title(rule.name),), lines, aside=True))
        if self.house is not None and made.house is not None:
            actions = [{"do": "keep", "value": ""}]
            self.house.append(house_rule(rule.name, "", list(made.house), actions, stop=True))
        else:
            self.house = None

    def _disabled(self, rule: Rule, frame: Frame) -> None:
        writer = Writer(replace(frame, followed=False, tells=False, touches=False, late=False))
        try:
            lines, only = self._written(rule, writer)
        except Refusal as error:
            self._outcome(rule, "refused", "left-out", _refusal(error))
            comment = script.left_out(rule.name, error.words, rule.text)
            self.pieces.append(script.Piece(comment))
            return
        codes = sorted(writer.notes | rule.codes)
        reasons = [Difference(code=code, words=DIFFERENCES[code]) for code in codes]
        self._outcome(rule, "approximate" if codes else "equal", "disabled", *reasons)
        self.pieces.append(script.Piece(script.switched_off(rule.name, lines, writer.needs)))
        fits = only is not None and only.house is not None and writer.house
        if self.house is not None and fits and only and only.house is not None and writer.house:
            conditions = list(only.house)
            self.house.append(
                house_rule(
                    rule.name,
                    only.join,
                    conditions,
                    writer.house,
                    stop=writer.stops,
                    enabled=False,
                )
            )

    def _in_house(
        self, rule: Rule, writer: Writer, only: Made | None, codes: set[str], of: Facts
    ) -> None:
        if self.house is None or not codes <= {"folded"} or not writer.house:
            self.house = None
            return
        # The account's last word may be one that ends all; the mailbox's rules come after it.
        ends = rule.level == "account" and of.significant and self._followed
        last = rule is self._last_of_account()
        conditions: tuple[HouseRule, ...] | None = ()
        if isinstance(rule.command, If):
            conditions = None if only is None else only.house
        if conditions is None or (ends and not last):
            self.house = None
            return
        join = only.join if only else ""
        stops = writer.stops or ends
        self.house.append(house_rule(rule.name, join, list(conditions), writer.house, stop=stops))

    def _last_of_account(self) -> Rule | None:
        active = [one for one in self.account.rules if one.enabled and not one.state]
        return active[-1] if active else None

    def bounds(self) -> list[Note]:
        """What a single message could meet of the engine's limits."""
        text = "\n".join(line for piece in self.pieces for line in piece.lines)
        found = []
        if text.count("redirect ") > REDIRECTS:
            words = f"A message that more than {REDIRECTS} rules send on is just kept."
            found.append(Note(code="many-redirects", words=words, place=""))
        if text.count("redirect ") + text.count("fileinto ") > ACTIONS:
            words = f"A message that more than {ACTIONS} rules act on is just kept."
            found.append(Note(code="many-actions", words=words, place=""))
        return found

    def _outcome(self, rule: Rule, grade: str, state: str, *reasons: Difference) -> None:
        self.outcomes.append(
            RuleOutcome(
                level=rule.level,
                name=rule.name,
                grade=grade,  # type: ignore[arg-type]
                state=state,  # type: ignore[arg-type]
                reasons=reasons,
                place=rule.place,
                text=rule.text,
            )
        )
