"""Sieve scripts as text (RFC 5228): strings, lists, tests; escaped here and nowhere else."""

from __future__ import annotations

from collections.abc import Iterable

from mailstead.standards.refusal import Refusal


def string(text: str) -> str:
    """A quoted string (RFC 5228 §2.4.2); raises `Refusal` for NUL, which Sieve cannot hold."""
    if "\0" in text:
        raise Refusal("sieve-text-invalid", "A text for a Sieve script must not contain NUL.")
    # Line ends in a script are CRLF or LF; a bare CR would be read as neither.
    clean = text.replace("\r\n", "\n").replace("\r", "\n")
    return '"' + clean.replace("\\", "\\\\").replace('"', '\\"') + '"'


def strings(texts: Iterable[str]) -> str:
    """A string list."""
    return "[" + ", ".join(string(text) for text in texts) + "]"


def literal_pattern(text: str) -> str:
    """`text` as a `:matches` pattern that matches itself only (RFC 5228 §2.7.1)."""
    return "".join("\\" + c if c in "*?\\" else c for c in text)


def all_of(tests: list[str]) -> str:
    """All tests must hold; none at all holds always."""
    return _many("allof", tests)


def any_of(tests: list[str]) -> str:
    """One test is enough; none at all holds always."""
    return _many("anyof", tests)


def _many(word: str, tests: list[str]) -> str:
    if not tests:
        return "true"
    return tests[0] if len(tests) == 1 else f"{word}({', '.join(tests)})"


def require(extensions: Iterable[str]) -> str:
    """The `require` line; nothing where nothing is needed."""
    names = sorted(set(extensions))
    return f"require {strings(names)};\n" if names else ""
