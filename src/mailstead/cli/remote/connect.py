"""The options that name another server: its address, the token, its certificate."""

from __future__ import annotations

import getpass
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from mailstead.cli.session import SESSION
from mailstead.standards.refusal import Refusal

NOUNS = frozenset(
    {
        *("server", "customer", "domain", "mailbox", "forwarder", "catchall", "autoresponder"),
        *("rules", "address", "audit", "queue", "app-password", "spam", "dns"),
        *("suppression", "complaint", "breached", "guard", "delivery", "reputation", "move"),
        "export",
    }
)
"""What can be asked of another server; the rest is done on the machine itself."""


def connect(given: Mapping[str, str], rest: Sequence[str]) -> None:
    """Turn the session to the server of `--server`; raises `Refusal`."""
    SESSION.client = None
    url = given.get("--server")
    if url is None:
        stray = sorted({"--token", "--token-file", "--ca"} & set(given))
        if stray:
            raise Refusal(
                "server-missing",
                f"{stray[0]} goes with --server.",
                remedy="Name the server: --server https://panel.example.com.",
            )
        return
    if "--help" in rest:
        return
    noun = next((word for word in rest if not word.startswith("-")), "")
    if noun not in NOUNS:
        SESSION.client = None
        raise Refusal(
            "server-not-possible",
            f"{noun!a} is for the machine itself, not for --server.",
            remedy="Run it there.",
        )
    # The library is loaded only where it is needed.
    from mailstead.cli.remote.client import Client

    ca = given.get("--ca")
    SESSION.client = Client(url, _token(given), Path(ca) if ca else None)


def _token(given: Mapping[str, str]) -> str:
    if "--token-file" in given:
        path = Path(given["--token-file"])
        try:
            text = path.read_text(encoding="ascii")
        except (OSError, UnicodeDecodeError) as error:
            raise Refusal(
                "token-unreadable",
                f"The token cannot be read from {path}.",
                remedy="Give a file that holds nothing but the token.",
            ) from error
        return _checked(text)
    text = given.get("--token", "")
    if text and text != "-":
        return _checked(text)
    if text != "-" and sys.stdin.isatty():
        return _checked(getpass.getpass("Token: "))
    if text != "-":
        raise Refusal(
            "token-missing",
            "The server wants a token.",
            remedy="Use --token-file FILE, or --token - to give it by standard input.",
        )
    return _checked(sys.stdin.readline())


def _checked(text: str) -> str:
    token = text.strip()
    if not token.isascii() or not token.isprintable() or not token or " " in token:
        raise Refusal("token-invalid", "This is no token.", remedy="Copy it from the panel.")
    return token
