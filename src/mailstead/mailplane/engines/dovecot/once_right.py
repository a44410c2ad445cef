"""What is done with a password that has just opened a mailbox: Dovecot's last passdb, a script.

Only where a mailbox has its password is it seen in plain text, and only at a log-in. The script
(`once_right.lua`) has a part for each thing that is done with it there (docs/decisions/0036, 0046).
It decides nothing, and whatever goes wrong, the log-in goes on.
"""

from __future__ import annotations

from importlib.resources import files as resources
from pathlib import Path

from mailstead.home import Home
from mailstead.mailplane.engines.dovecot.model import DovecotModel
from mailstead.mailplane.engines.files import File

GOES_ON = """\
  # The mailbox's own password was right: the last passdb looks at it.
  result_success = continue-ok
"""
NOT_AFTER = "  skip = authenticated\n"


def script(home: Home) -> Path:
    """Where the script is."""
    return home.dovecot / "once-right.lua"


def parts(model: DovecotModel) -> list[str]:
    """The parts that are wanted: whether it is known from leaks, and the house's hash of it."""
    home, found = model.home, []
    if model.breached:
        found.append(_text("breached.lua").replace("@INDEX@", str(home.breached_index)))
    if model.rehash:
        found.append(_text("rehash.lua").replace("@DOOR@", str(home.rehash_socket)))
    return found


def _text(name: str) -> str:
    return (resources(__package__) / name).read_text(encoding="utf-8")


def files(model: DovecotModel) -> list[File]:
    """The script, where a part of it is wanted."""
    # A block each: their names are their own.
    wanted = [f"do\n{part}end\n" for part in parts(model)]
    if not wanted:
        return []
    text = _text("once_right.lua").replace("@PARTS@\n", "".join(wanted))
    return [File(script(model.home), text)]


def goes_on(model: DovecotModel) -> str:
    """What the mailbox's own passdb says besides."""
    return GOES_ON if parts(model) else ""


def not_after(model: DovecotModel) -> str:
    """What the passdb of app passwords says besides."""
    return NOT_AFTER if parts(model) else ""


def passdb(model: DovecotModel) -> str:
    """The passdb, where a part of the script is wanted."""
    if not parts(model):
        return ""
    return f"""\
# Asked only when the mailbox's own password was right, and never about app passwords, which end the
# search: they are random. Whatever goes wrong, the log-in goes on. In the workers: files are read.
passdb {{
  driver = lua
  args = file={script(model.home)} blocking=yes
  skip = unauthenticated
  result_failure = continue-ok
  result_internalfail = continue-ok
}}
"""
