"""What Exim's expansion makes of a string: fixed parts and variables."""

from __future__ import annotations

import re
from dataclasses import dataclass

from mailstead.foreign.exim.lexer import unquoted
from mailstead.foreign.exim.reasons import cannot

_PARTS = re.compile(
    r"\\N(?P<plain>.*?)(?:\\N|\Z)"
    r"|(?P<escape>\\(?:[0-7]{1,3}|x[0-9A-Fa-f]{1,2}|.))"
    r"|\$(?P<brace>\{)?(?:(?P<kind>h|rh|bh|lh|header|rheader|bheader|lheader)_"
    r"(?P<header>[^\s:}\x00-\x1f]+):?|(?P<name>[A-Za-z]\w*))(?(brace)\})"
    r"|(?P<dollar>\$)"
    r"|(?P<text>[^\\$]+)"
    r"|(?P<last>\\)",
    re.DOTALL,
)


@dataclass(frozen=True)
class Header:
    """A message's header of that name, in lower case."""

    name: str


@dataclass(frozen=True)
class Variable:
    """Another variable."""

    name: str


Part = str | Header | Variable


def expand(text: str, known: dict[str, str]) -> tuple[Part, ...]:
    """The parts of a string, neighbours joined; `known` variables become text.

    Raises `Refusal` for what only Exim can work out.
    """
    if "$" not in text and "\\" not in text:
        return (text,) if text else ()
    found: list[Part] = []
    for part in _PARTS.finditer(text):
        one = _part(part, known)
        if isinstance(one, str) and found and isinstance(found[-1], str):
            found[-1] += one
        elif one != "":
            found.append(one)
    return tuple(found)


def _part(part: re.Match[str], known: dict[str, str]) -> Part:
    kind = part.lastgroup
    if part["plain"] is not None:
        return part["plain"]
    if part["escape"]:
        return unquoted(part["escape"])
    if part["dollar"] or part["last"]:
        raise cannot("expansion", f"'{part.string[part.start() : part.start() + 30]}'")
    if part["header"]:
        if part["kind"] not in ("h", "header"):
            raise cannot("expansion", f"'${part['kind']}_'")
        return Header(part["header"].lower())
    if part["name"]:
        return known.get(part["name"], Variable(part["name"]))
    assert kind == "text"
    return part["text"]


def fixed(text: str, known: dict[str, str]) -> str:
    """A string that is always the same; raises `Refusal`."""
    parts = expand(text, known)
    for part in parts:
        if not isinstance(part, str):
            raise cannot("expansion", f"'${part.name}'")
    return parts[0] if parts and isinstance(parts[0], str) else ""
