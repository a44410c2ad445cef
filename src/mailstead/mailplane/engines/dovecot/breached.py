"""Passwords known from leaks: Dovecot's last passdb, which says so of one that opens a mailbox.

Only where a mailbox has its password is it seen in plain text, and only at a log-in. The script
(`breached.lua`) looks it up there and writes one line to Dovecot's log, which names mailbox and
credential (docs/decisions/0036). It decides nothing, and nothing of the password leaves it.
"""

from __future__ import annotations

from importlib.resources import files as resources
from pathlib import Path

from mailstead.home import Home
from mailstead.mailplane.engines.dovecot.model import DovecotModel
from mailstead.mailplane.engines.files import File

GOES_ON = """\
  # The mailbox's own password was right: the last passdb looks whether it is known from leaks.
  result_success = continue-ok
"""
NOT_AFTER = "  skip = authenticated\n"


def script(home: Home) -> Path:
    """Where the script is."""
    return home.dovecot / "breached.lua"


def files(model: DovecotModel) -> list[File]:
    """The script, where it is wanted."""
    if not model.breached:
        return []
    text = (resources(__package__) / "breached.lua").read_text(encoding="utf-8")
    return [File(script(model.home), text.replace("@INDEX@", str(model.home.breached_index)))]


def passdb(model: DovecotModel) -> str:
    """The passdb, where it is wanted."""
    if not model.breached:
        return ""
    return f"""\
# Is the password known from leaks? Asked only when it was right, and never about app passwords,
# which end the search: they are random. Whatever goes wrong, the log-in goes on. In the workers:
# the index is read from the disk.
passdb {{
  driver = lua
  args = file={script(model.home)} blocking=yes
  skip = unauthenticated
  result_failure = continue-ok
  result_internalfail = continue-ok
}}
"""
