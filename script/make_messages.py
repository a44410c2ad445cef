"""Gather every text of the panel for translation, and compile what is translated.

    make_messages.py            bring the catalogues up to date and compile them
    make_messages.py --check    fail when a catalogue or its compiled form is not up to date

Texts are found by Django's makemessages (gettext's xgettext) in templates and Python, and the
sentences of refusals by their place: the second argument and `remedy` of `Refusal(...)`.
"""

from __future__ import annotations

import ast
import contextlib
import io
import os
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import polib

from mailstead.control.project.bootstrap import setup

ROOT = Path(__file__).resolve().parents[1]
SOURCE = ROOT / "src" / "mailstead"
CONTROL = SOURCE / "control"
LOCALE = CONTROL / "web" / "locale"
LANGUAGES = ("de",)
TERMS = {
    "checked_text": 1,
    "checked_size": 1,
    "_refuse": 1,
    "_checked": 3,
    "_one": 1,
    "Term": 0,
}
"""Functions that take words for a sentence of a refusal, and the place of these words."""

BORROWED = (
    "Are you sure you want to sign out?",
    "Be patient, you are sending too many requests.",
    "In case you forgot, your username is %(username)s.",
    "Please type your current password.",
    "Sessions",
    "The password reset link was invalid, possibly because it has already been used.  Please "
    'request a <a href="%(passwd_reset_url)s">new password reset</a>.',
    "You are about to deactivate authenticator app based authentication. Are you sure?",
    "You are about to generate a new set of recovery codes for your account.",
    "You are already logged in as %(user_display)s.",
    "You have signed out.",
    "You must type the same password each time.",
    "Your account has no password set up.",
    "Your account has no verified email address.",
    "Your password has been changed.",
    "Your password is now changed.",
)
"""Texts of Django and allauth whose own German says "Du" or is none: ours stands before theirs."""

_SAID = ("standards", "control", "wire")
"""Parts whose refusals a page may show."""


def refusals() -> Iterator[str]:
    """Every constant sentence of a refusal, and every term that one of them is filled with."""
    for part in _SAID:
        for path in sorted((SOURCE / part).rglob("*.py")):
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                if isinstance(node, ast.Call) and _name(node.func).endswith("Refusal"):
                    texts = [
                        *node.args[1:2],
                        *(k.value for k in node.keywords if k.arg == "remedy"),
                    ]
                elif isinstance(node, ast.Call) and _name(node.func) in TERMS:
                    place = TERMS[_name(node.func)]
                    texts = list(node.args[place : place + 1])
                else:
                    continue
                for text in texts:
                    yield from _said(text)


def _said(node: ast.expr) -> Iterator[str]:
    if isinstance(node, ast.IfExp):
        yield from _said(node.body)
        yield from _said(node.orelse)
    elif isinstance(node, ast.Constant) and node.value:
        yield str(node.value)


def _name(node: ast.expr) -> str:
    return node.id if isinstance(node, ast.Name) else getattr(node, "attr", "")


def extracted() -> polib.POFile:
    """All texts of this moment, untranslated."""
    from django.conf import settings
    from django.core.management import call_command

    with tempfile.TemporaryDirectory() as folder:
        settings.LOCALE_PATHS = [folder]
        with contextlib.chdir(CONTROL), contextlib.redirect_stdout(io.StringIO()):
            call_command(
                "makemessages",
                locale=["xx"],
                verbosity=0,
                no_location=True,
                no_wrap=True,
                # Else the texts of the app with the catalogues would be gathered beside them.
                ignore_patterns=["web/locale/*"],
            )
        found = polib.pofile(str(Path(folder) / "xx" / "LC_MESSAGES" / "django.po"))
    # What stands with a context or a plural is not found by its bare text.
    known = {entry.msgid for entry in found if not entry.msgctxt and not entry.msgid_plural}
    for text in BORROWED:
        if text not in known:
            known.add(text)
            flags = ["python-format"] if "%(" in text else []
            found.append(polib.POEntry(msgid=text, flags=flags))
    counted = {entry.msgid for entry in found if entry.msgid_plural and not entry.msgctxt}
    for text in refusals():
        if text in counted:
            # gettext looks a text with a plural up by its number alone.
            raise SystemExit(f"'{text}' is counted elsewhere: give its plural a context")
        if text not in known:
            known.add(text)
            found.append(polib.POEntry(msgid=text, flags=["python-brace-format"]))
    return found


def updated(language: str, fresh: polib.POFile) -> polib.POFile:
    """The catalogue of a language with exactly the texts there are, translations kept."""
    path = LOCALE / language / "LC_MESSAGES" / "django.po"
    old = {}
    if path.exists():
        old = {(e.msgctxt, e.msgid, e.msgid_plural): e for e in polib.pofile(str(path))}
    made = polib.POFile(wrapwidth=98)
    made.metadata = {
        "Project-Id-Version": "mailstead",
        "Language": language,
        "MIME-Version": "1.0",
        "Content-Type": "text/plain; charset=UTF-8",
        "Content-Transfer-Encoding": "8bit",
        "Plural-Forms": "nplurals=2; plural=(n != 1);",
    }
    for entry in sorted(fresh, key=lambda e: (e.msgid.lower(), e.msgid, e.msgctxt or "")):
        if entry.obsolete:
            continue
        before = old.get((entry.msgctxt, entry.msgid, entry.msgid_plural))
        made.append(
            polib.POEntry(
                msgid=entry.msgid,
                msgid_plural=entry.msgid_plural,
                msgctxt=entry.msgctxt,
                msgstr=before.msgstr if before else "",
                msgstr_plural=(before.msgstr_plural if before else None)
                or ({0: "", 1: ""} if entry.msgid_plural else {}),
                flags=[flag for flag in entry.flags if flag != "fuzzy"],
            )
        )
    return made


def main() -> int:
    """Write or check."""
    os.environ.setdefault("LC_ALL", "C.UTF-8")
    setup(Path("/nonexistent"))
    fresh = extracted()
    stale = []
    for language in LANGUAGES:
        path = LOCALE / language / "LC_MESSAGES" / "django.po"
        catalogue = updated(language, fresh)
        compiled = path.with_suffix(".mo")
        if "--check" in sys.argv:
            text = path.read_text(encoding="utf-8") if path.exists() else ""
            if text != str(catalogue) + "\n":
                stale.append(str(path.relative_to(ROOT)))
            elif compiled.read_bytes() != catalogue.to_binary():
                stale.append(str(compiled.relative_to(ROOT)))
            continue
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(str(catalogue) + "\n", encoding="utf-8")
        compiled.write_bytes(catalogue.to_binary())
        left = [e for e in catalogue if not e.translated()]
        print(f"{language}: {len(catalogue)} texts, {len(left)} without a translation")
    if stale:
        print(f"not up to date: {', '.join(stale)}; run 'make reference'")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
