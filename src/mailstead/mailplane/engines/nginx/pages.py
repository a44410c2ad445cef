"""What nginx says by itself, in our words: a page, and for programs problem+json (RFC 9457)."""

from __future__ import annotations

import json
from dataclasses import dataclass

BAD_CODES = "400 405 408 414 494 495 496 500 501 505"
"""Statuses that nginx gives to what it does not understand."""


@dataclass(frozen=True)
class _Words:
    status: int
    title: str
    text: str


_PAGES = {
    "away": _Words(
        503,
        "The panel is away for a moment",
        "Mail is received, sent and read as always. Try again in a minute.",
    ),
    "large": _Words(
        413, "This is too large", "A file may have 16 MB at most. Make it smaller or split it."
    ),
    "many": _Words(
        429,
        "Too many requests at once",
        "Your address has too many requests open here. Wait a moment, then go on.",
    ),
    "missing": _Words(404, "This is not here", "The address is wrong, or what was there is gone."),
    "bad": _Words(
        400, "This request cannot be understood", "Go back to the page before it and try again."
    ),
}


def texts() -> dict[str, str]:
    """The text of each file by its name."""
    found = {}
    for name, words in _PAGES.items():
        found[f"{name}.html"] = _page(words)
        found[f"{name}.json"] = _problem(name, words)
    return found


def _page(words: _Words) -> str:
    # No style: the panel's rules allow none in the page, and its files may be what is missing.
    return f"""\
<!doctype html>
<html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<meta name="color-scheme" content="light dark"><title>{words.title}</title>
<h1>{words.title}</h1>
<p>{words.text}</p>
</html>
"""


def _problem(name: str, words: _Words) -> str:
    code = {"away": "panel-away", "large": "body-large", "many": "too-many-requests"}.get(
        name, name
    )
    problem = {
        "type": f"about:blank#{code}",
        "title": words.title,
        "detail": words.text,
        "status": words.status,
        "code": code,
    }
    return json.dumps(problem) + "\n"
