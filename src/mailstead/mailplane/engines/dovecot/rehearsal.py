"""What a Sieve script would do with a message: sieve-test(1), which neither stores nor sends.

Script and message come from anybody, so they are read by the user who owns mail, in a folder of
their own, with a configuration that names nothing of the instance, within limits of time, memory
and file size.
"""

from __future__ import annotations

import re
import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from mailstead.mailplane.engines.dovecot.model import MAIL_USER
from mailstead.mailplane.engines.processes import EngineError, run

SIEVE_TEST = "/usr/bin/sieve-test"
SECONDS = 10.0
_FAILS = 1
"""It fails on this message, which is then kept (RFC 5228 §2.10.6)."""
_INVALID = 89  # FATAL_DEFAULT of Dovecot's programs
_LIMITS = ("--cpu=4", "--as=402653184", "--fsize=4194304", "--nofile=64", "--core=0")
"""prlimit(1): seconds, bytes, bytes, files."""
# Without `include`, which reads other scripts, and without what only a site's own plugins do.
_EXTENSIONS = (
    "fileinto reject envelope copy body relational regex imap4flags subaddress date mailbox "
    "variables vacation vacation-seconds comparator-i;ascii-numeric index"
)
_CONFIG = """\
ssl = no
log_path = /dev/stderr
mail_location = maildir:{folder}/Maildir
postmaster_address = postmaster@localhost
plugin {{
  sieve_extensions = +vacation-seconds
  sieve_vacation_min_period = 60s
  sieve_max_redirects = 20
}}
"""
_ACTION = re.compile(r"^ \* (.+)$")
_FLAGS = re.compile(r"^ +\+ add IMAP flags: (.+)$")
_FOLDER = "store message in folder: "
_REDIRECT = "redirect message to: "


@dataclass
class Deed:
    """One action, its value, the flags."""

    do: Literal["file", "redirect", "discard", "reject", "answer", "other"]
    value: str = ""
    flags: tuple[str, ...] = ()


@dataclass(frozen=True)
class Outcome:
    """What would happen; `error` when the script is none, or fails on this message."""

    deeds: tuple[Deed, ...]
    error: str = ""


def rehearse(script: str, message: str, sender: str = "", recipient: str = "") -> Outcome:
    """Let the script meet the message. Raises `EngineError` when it takes too long."""
    with tempfile.TemporaryDirectory(prefix="mailstead-rules-") as made:
        folder = Path(made)
        # Root's: who owns mail may read here and not write, and nobody else may read.
        shutil.chown(folder, group=MAIL_USER)
        folder.chmod(0o750)
        (folder / "dovecot.conf").write_text(_CONFIG.format(folder=folder), encoding="utf-8")
        (folder / "rules.sieve").write_text(script, encoding="utf-8", errors="replace")
        text = message.replace("\r\n", "\n")
        (folder / "message").write_text(text, encoding="utf-8", errors="replace")
        done = run(
            [
                *("/usr/bin/prlimit", *_LIMITS, SIEVE_TEST, "-c", str(folder / "dovecot.conf")),
                *("-x", _EXTENSIONS),
                *(("-f", sender) if _plain(sender) else ()),
                *(("-a", recipient, "-r", recipient) if _plain(recipient) else ()),
                *(str(folder / "rules.sieve"), str(folder / "message")),
            ],
            accept=tuple(range(256)),
            timeout=SECONDS,
            user=MAIL_USER,
        )
    if done.code not in (0, _FAILS, _INVALID):
        raise EngineError(f"sieve-test: {done.err.strip()[-200:] or done.code}")
    error = _error(done.err) if done.code else ""
    if done.code == _FAILS:
        return Outcome((Deed("file", "INBOX"),), error)
    return Outcome(() if error else _deeds(done.out), error)


def _plain(address: str) -> bool:
    return "@" in address and not address.startswith("-") and address.isprintable()


def _error(words: str) -> str:
    """The first complaint about the script, without the name of our file."""
    for line in words.splitlines():
        found = re.match(r"(?:rules: )?(line \d+: error: .+|error: .+)$", line.strip())
        if found:
            return found.group(1)[:500]
    return "The script cannot be run."


def _deeds(said: str) -> tuple[Deed, ...]:
    found: list[Deed] = []
    text = False
    for line in said.splitlines():
        if text or line in ("START MESSAGE", "END MESSAGE"):
            # The text of an answer, which may look like anything.
            text = line != "END MESSAGE"
        elif action := _ACTION.match(line):
            found.append(_deed(action.group(1)))
        elif found and (flags := _FLAGS.match(line)):
            found[-1].flags = tuple(flags.group(1).split())
    return tuple(found)


def _deed(words: str) -> Deed:
    if words.startswith(_FOLDER):
        return Deed("file", words.removeprefix(_FOLDER))
    if words.startswith(_REDIRECT):
        return Deed("redirect", words.removeprefix(_REDIRECT).strip("<>"))
    if words == "discard":
        return Deed("discard")
    if words.startswith("reject"):
        return Deed("reject", words.partition(": ")[2])
    return Deed("answer") if words.startswith("send vacation") else Deed("other", words)
