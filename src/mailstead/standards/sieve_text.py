"""Whether a text is a Sieve script: its grammar (RFC 5228 §8), whatever extensions it uses.

What its commands mean is not asked here: Pigeonhole knows more of them than any list of ours.
"""

from __future__ import annotations

import re

from mailstead.standards.refusal import Refusal

LARGEST = 2**20
"""Octets, as Pigeonhole takes them (`sieve_max_script_size`)."""
DEEPEST = 32
"""Blocks, lists and tests within each other (`sieve_max_nesting` is 32)."""
EXTENSIONS = frozenset(
    (
        *("body", "copy", "date", "duplicate", "encoded-character", "enotify", "envelope"),
        *("environment", "extracttext", "fileinto", "foreverypart", "ihave", "imap4flags"),
        *("include", "index", "mailbox", "mime", "regex", "reject", "relational", "subaddress"),
        *("vacation", "vacation-seconds", "variables"),
        *("comparator-i;ascii-casemap", "comparator-i;ascii-numeric", "comparator-i;octet"),
    )
)
"""What scripts may require here: of Pigeonhole's own, with `sieve_extensions` as we set it."""
_SPACE = re.compile(r"(?:[ \t\r\n]+|#[^\n]*(?:\n|\Z)|/\*.*?\*/)+", re.DOTALL)
_TOKEN = re.compile(
    r'(?P<string>"(?:[^"\\]|\\.)*"'
    r"|(?i:text):[ \t]*(?:#[^\n]*)?\r?\n(?:(?!\.\r?(?:\n|\Z))[^\n]*\n)*?\.\r?(?:\n|\Z))"
    r"|(?P<tag>:[A-Za-z_][A-Za-z0-9_]*)"
    r"|(?P<number>[0-9]+[KMGkmg]?(?![A-Za-z0-9_]))"
    r"|(?P<name>[A-Za-z_][A-Za-z0-9_]*)"
    r"|(?P<mark>[;,()\[\]{}])",
    re.DOTALL,
)
_ESCAPE = re.compile(r"\\(.)", re.DOTALL)


def extensions(text: str) -> tuple[str, ...]:
    """What a script requires, in its order.

    Raises `Refusal` (`sieve-invalid`) naming the line, for what is no script.
    """
    if len(text.encode("utf-8", "surrogatepass")) > LARGEST:
        raise _refused(1, "it is larger than 1 MiB")
    reader = _Reader(text)
    reader.commands(0, nested=False)
    return tuple(dict.fromkeys(reader.required))


def _refused(line: int, fault: str) -> Refusal:
    return Refusal(
        "sieve-invalid",
        "Line {line} of the script: {fault}.",
        remedy="Write it anew.",
        line=line,
        fault=fault,
    )


class _Reader:
    def __init__(self, text: str) -> None:
        self._text = text
        self._at = 0
        self._line, self._counted = 1, 0
        self.required: list[str] = []
        self._kind, self._word = "", ""
        self._next()

    def _refuse(self, fault: str) -> Refusal:
        self._line += self._text.count("\n", self._counted, self._begin)
        return _refused(self._line, fault)

    def _next(self) -> None:
        space = _SPACE.match(self._text, self._at)
        self._begin = self._at = space.end() if space else self._at
        if self._at == len(self._text):
            self._kind, self._word = "end", ""
            return
        found = _TOKEN.match(self._text, self._at)
        if found is None:
            raise self._refuse(f"{self._text[self._at : self._at + 20]!a} is no word of a script")
        self._at = found.end()
        self._kind, self._word = str(found.lastgroup), found[0]
        if self._kind == "mark":
            self._kind = self._word

    def _take(self, kind: str) -> None:
        if self._kind != kind:
            raise self._refuse(f"{kind!a} is missing before {self._word or 'the end'!a}")
        self._next()

    def _deeper(self, depth: int) -> int:
        if depth >= DEEPEST:
            raise self._refuse(f"more than {DEEPEST} levels")
        return depth + 1

    def commands(self, depth: int, *, nested: bool) -> None:
        """Up to the end of the block, or of the script."""
        while self._kind == "name":
            name = self._word.lower()
            self._next()
            strings = self._arguments(depth)
            if name == "require":
                self.required += strings
            if self._kind == "{":
                self._next()
                self.commands(self._deeper(depth), nested=True)
                self._take("}")
            else:
                self._take(";")
        if not nested and self._kind != "end":
            raise self._refuse(f"a command was expected and not {self._word!a}")

    def _arguments(self, depth: int) -> list[str]:
        """Arguments of a command or test, and the tests among them; returns the strings."""
        strings: list[str] = []
        while self._kind in ("string", "number", "tag", "["):
            if self._kind == "[":
                self._next()
                strings += self._list()
            else:
                if self._kind == "string":
                    strings.append(_inside(self._word))
                self._next()
        if self._kind == "(":
            self._next()
            self._test(self._deeper(depth))
            while self._kind == ",":
                self._next()
                self._test(self._deeper(depth))
            self._take(")")
        elif self._kind == "name":
            self._test(self._deeper(depth))
        return strings

    def _list(self) -> list[str]:
        strings = [_inside(self._word)]
        self._take("string")
        while self._kind == ",":
            self._next()
            strings.append(_inside(self._word))
            self._take("string")
        self._take("]")
        return strings

    def _test(self, depth: int) -> None:
        self._take("name")
        self._arguments(depth)


def _inside(word: str) -> str:
    return _ESCAPE.sub(r"\1", word[1:-1]) if word.startswith('"') else word
