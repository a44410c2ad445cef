"""`va/DOMAIN` (/etc/valiases): where mail for addresses goes, as Exim reads it (`parse`).

A file is Exim's `lsearch` (Exim specification, 9.3): `key: value`, lines that begin with space go
on, the first of equal keys counts. A value is a redirection list (22.6): items between commas,
quoted or not; after `:fail:` and `:defer:` the text goes on to the end. Sans I/O.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Literal, NamedTuple

from mailstead.foreign.inventory import Alias, Target
from mailstead.foreign.notes import Grade
from mailstead.standards.address import destination_address, forwarder_address
from mailstead.standards.refusal import Refusal

_AUTORESPOND = re.compile(
    r'cpanel/bin/autorespond"?\s+"?(\S+?@[^\s"/]+)"?\s+"?[^\s"]+?/\.autorespond'
)
_MAILMAN = re.compile(
    r"mailman/mail/mailman\"?\s+\"?(post|admin|bounces|confirm|join|leave|owner|request|subscribe"
    r'|unsubscribe)"?\s+"?([A-Za-z0-9._+=-]+)'
)
_BOXTRAPPER = re.compile(r"cpanel/bin/boxtrapper\b")
_SPECIAL = re.compile(r":(fail|defer|blackhole|unknown|include):", re.I)
_BRACKETS = re.compile(r"[^<>]*<([^<>\s]+)>")
_PROGRAM = "Mail went to a program, which cannot come."
_FILE = "Mail was written to a file, which cannot come."
_INCLUDE = "More addresses are in a file outside, which is not read."
_ITSELF = "The address forwards to itself, which does nothing."
MAX_TARGETS = 10_000


class Problem(NamedTuple):
    """A line or part of one that does not come as it is."""

    grade: Grade
    code: str
    line: int
    words: str
    text: str
    address: str = ""


class Responder(NamedTuple):
    """An automatic answer that a line starts."""

    address: str
    """Whose mail is answered; `@domain` of the default address."""
    file: str
    """Its name in `.autorespond`: the address that the command was given."""
    line: int


@dataclass
class Valiases:
    """What one file says. `place` of the aliases is the line's number, as text."""

    default: Alias | None = None
    aliases: list[Alias] = field(default_factory=list)
    responders: list[Responder] = field(default_factory=list)
    lists: dict[str, int] = field(default_factory=dict)
    """Names of Mailman's lists (`news_example.com`) and the line that posts to each."""
    boxtrapper: list[str] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)


_Tell = Callable[[Grade, str, str, str], None]
"""How sure, which code, in which words, the text that stands there."""


class _Item(NamedTuple):
    kind: Literal["address", "fail", "defer", "blackhole", "pipe", "include", "file", "empty"]
    value: str


def parse(text: str, domain: str, account: str) -> Valiases:
    """Read the file of `domain`; `account` is the log-in that bare names may mean."""
    found = Valiases()
    seen: set[str] = set()
    for number, key, value in _lines(text):
        address = _address(found, key, domain, number)
        if address is None:
            continue
        if address in seen:
            words = "The address is there twice; Exim uses the first line only."
            found.problems.append(Problem("dropped", "duplicate", number, words, value, address))
            continue
        seen.add(address)
        _read(found, address, value, number, domain, account)
    return found


def _lines(text: str) -> Iterator[tuple[int, str, str]]:
    whole: list[tuple[int, str]] = []
    for number, line in enumerate(text.split("\n"), 1):
        line = line.rstrip("\r")
        if not line.strip() or line.startswith("#"):
            continue
        if line[0] in " \t" and whole:
            whole[-1] = (whole[-1][0], f"{whole[-1][1]} {line.strip()}")
        else:
            whole.append((number, line.strip()))
    for number, line in whole:
        if line.startswith('"'):
            key, end = _quoted(line)
        else:
            key = re.split(r"[:\s]", line, maxsplit=1)[0]
            end = len(key)
        rest = line[end:].lstrip()
        yield number, key, (rest[1:] if rest.startswith(":") else rest).strip()


def _address(found: Valiases, key: str, domain: str, number: int) -> str | None:
    if key == "*":
        return f"@{domain}"
    try:
        address = forwarder_address(key if "@" in key else f"{key}@{domain}")
    except Refusal as refused:
        found.problems.append(Problem("refused", refused.code, number, refused.words, key))
        return None
    if address.domain != domain:
        words = "The line is in another domain's file, where Exim never finds it."
        found.problems.append(Problem("dropped", "other-domain", number, words, key))
        return None
    return str(address)


def _read(
    found: Valiases, address: str, value: str, number: int, domain: str, account: str
) -> None:
    """Sort one line's items: targets, automatic answers, lists."""
    targets: list[Target] = []
    other = False

    def problem(grade: Grade, code: str, words: str, text: str) -> None:
        about = "" if address.startswith("@") else address
        found.problems.append(Problem(grade, code, number, words, text, about))

    for item in items(value):
        if item.kind == "pipe":
            command = item.value[:4000]
            answer, posting = _AUTORESPOND.search(command), _MAILMAN.search(command)
            if answer is not None:
                found.responders.append(Responder(address, answer[1].lower(), number))
                other = True
                continue
            if posting is not None:
                found.lists.setdefault(posting[2].lower(), number)
                other = True
                continue
            if _BOXTRAPPER.search(command):
                found.boxtrapper.append(address)
                other = True
                continue
            problem("refused", "pipe-refused", _PROGRAM, item.value)
        elif item.kind == "file":
            problem("refused", "file-refused", _FILE, item.value)
            continue
        elif item.kind == "include":
            problem("refused", "include-refused", _INCLUDE, item.value)
        elif item.kind == "empty":
            continue
        target = _target(item, address, account, problem)
        if target is not None and target not in targets:
            targets.append(target)
    if len(targets) > MAX_TARGETS:
        problem("refused", "too-many-targets", f"Only {MAX_TARGETS} targets are kept.", "")
        del targets[MAX_TARGETS:]
    if targets:
        alias = Alias(address=address, targets=tuple(targets), place=str(number))
        if address.startswith("@"):
            found.default = alias
        else:
            found.aliases.append(alias)
    elif not other and not any(one.line == number for one in found.problems):
        problem("dropped", "empty-line", "The line names nothing that mail could go to.", value)


def _target(item: _Item, address: str, account: str, problem: _Tell) -> Target | None:
    if item.kind == "file" or item.kind == "empty":
        return None
    if item.kind != "address":
        return Target(kind=item.kind, value=item.value)
    text = item.value.removeprefix("\\")
    if "@" not in text:
        if text.lower() == account.lower():
            return Target(kind="account", value=account)
        problem("refused", "unknown-user", "This is no address, and not the account's name.", text)
        return None
    try:
        target = destination_address(text)
    except Refusal as refused:
        problem("refused", refused.code, refused.words, text)
        return None
    if str(target).lower() == address:
        problem("dropped", "self-forward", _ITSELF, text)
        return None
    return Target(kind="address", value=str(target))


def items(value: str) -> Iterator[_Item]:
    """The items of a redirection list."""
    position = 0
    while position < len(value):
        if value[position] in ", \t":
            position += 1
            continue
        special = _SPECIAL.match(value, position)
        if special and special[1].lower() in ("fail", "defer"):
            yield _item(value[position:].strip())
            return
        if value[position] == '"':
            text, position = _quoted(value, position)
            # After the quotes nothing but a comma should come; what does belongs to no item.
            comma = value.find(",", position)
            position = len(value) if comma < 0 else comma
        else:
            text, position = _until_comma(value, position)
        yield _item(text.strip())


def _item(text: str) -> _Item:
    if text.startswith('"') and text.endswith('"') and len(text) > 1:
        text = _quoted(text)[0].strip()
    special = _SPECIAL.match(text)
    if special:
        name, value = special[1].lower(), text[special.end() :].strip()
        if name in ("fail", "unknown"):
            return _Item("fail", value)
        if name == "defer":
            return _Item("defer", value)
        if name == "include":
            return _Item("include", value)
        return _Item("blackhole", "")
    if text.startswith("|"):
        return _Item("pipe", text[1:].strip())
    if text == "/dev/null":
        return _Item("blackhole", "")
    if text.startswith("/"):
        return _Item("file", text)
    bracketed = _BRACKETS.fullmatch(text)
    return _Item("address", bracketed[1] if bracketed else text) if text else _Item("empty", "")


def _quoted(text: str, start: int = 0) -> tuple[str, int]:
    """The text in the quotes that open at `start`, and the place behind them."""
    out = []
    position = start + 1
    while position < len(text) and text[position] != '"':
        if text[position] == "\\" and position + 1 < len(text):
            position += 1
        out.append(text[position])
        position += 1
    return "".join(out), position + 1


def _until_comma(text: str, start: int) -> tuple[str, int]:
    """An item that is not quoted as a whole; commas in quotes inside it do not end it."""
    position = start
    while position < len(text) and text[position] != ",":
        position = _quoted(text, position)[1] if text[position] == '"' else position + 1
    return text[start:position], position
