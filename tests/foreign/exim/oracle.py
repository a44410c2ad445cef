"""What Exim itself does with a message: `exim -bf`, and in words that a Sieve outcome has too."""

from __future__ import annotations

import re
import subprocess
import tempfile
from pathlib import Path

from lab import exim
from mailstead.mailplane.engines.dovecot.rehearsal import rehearse
from mailstead.standards.sieve_text import EXTENSIONS, extensions

HOME = "/root"
"""Exim takes it for `$home`: it is run by root."""
LOCAL, DOMAIN = "info", "example.com"
ADDRESS = f"{LOCAL}@{DOMAIN}"
SENDER = "bob@x.example"
_CONFIGURATION = """\
primary_hostname = lab.example
qualify_domain = {domain}
keep_environment =
spool_directory = {folder}/spool
log_file_path = {folder}/log/%slog
"""
_SAVED = re.compile(rf"{HOME}/mail/{DOMAIN}/{LOCAL}/(?:\.([^/]*)/)?(?: \d+)?")
_OWN = re.compile(rf'"?{LOCAL}\+([^"@]+)"?@{DOMAIN}')

Outcome = frozenset[tuple[str, str]]
"""`file` with a folder, `redirect` with an address, `reject` with a text; empty: thrown away."""
KEPT: Outcome = frozenset({("file", "INBOX")})


class FilterError(Exception):
    """Exim refuses the filter, or fails with it on this message."""


class Exim:
    """Exim on filters; its package cannot be installed beside Postfix, so its user is lent."""

    def __init__(self) -> None:
        self._program = exim.binary()
        self._made = tempfile.TemporaryDirectory(prefix="mailstead-exim-")
        self._folder = Path(self._made.name)
        for name, text in zip(("passwd", "group"), exim.passwd(), strict=True):
            (self._folder / name).write_text(text, encoding="utf-8")
        for name in ("spool", "log"):
            (self._folder / name).mkdir()
        self._conf = self._folder / "exim.conf"
        text = _CONFIGURATION.format(domain=DOMAIN, folder=self._folder)
        self._conf.write_text(text, encoding="utf-8")

    def close(self) -> None:
        """Remove what it has made."""
        self._made.cleanup()

    def run(self, text: str, message: str, sender: str = SENDER) -> tuple[Outcome, bool]:
        """What the filter did, and whether usual delivery goes on; raises `FilterError`."""
        script = self._folder / "filter"
        script.write_text(text, encoding="utf-8")
        mounts = "; ".join(
            f"mount --bind {self._folder}/{name} /etc/{name}" for name in ("passwd", "group")
        )
        # Only a system filter may refuse mail unless a router allows it.
        how = "-bF" if re.search(r"\bfail\b", text) else "-bf"
        words = [str(self._program), "-C", str(self._conf), how, str(script)]
        words += ["-bfd", DOMAIN, "-bfl", LOCAL, "-f", sender]
        done = subprocess.run(
            ["unshare", "-m", "sh", "-c", f'{mounts}; exec "$@"', "sh", *words],
            input=message.encode(),
            capture_output=True,
            timeout=30,
            check=False,
        )
        said = (done.stdout + done.stderr).decode("utf-8", "replace")
        if done.returncode or "Filter error" in said:
            raise FilterError(said)
        return _deeds(said)

    def both(self, account: str, mailbox: str, message: str) -> Outcome:
        """First the account's filter; what it delivers goes no further."""
        first, on = self.run(account, message) if account else (frozenset(), True)
        if not on:
            return first
        second, on = self.run(mailbox, message) if mailbox else (frozenset(), True)
        return first | second | (KEPT if on else frozenset())


def _deeds(said: str) -> tuple[Outcome, bool]:
    found: set[tuple[str, str]] = set()
    on = "Normal delivery will occur" in said
    for line in said.splitlines():
        if line.startswith("Fail text"):
            found.add(("reject", line.split('"', 1)[1].rstrip('"')))
            on = False
        kind, _, value = line.removeprefix("Unseen ").partition(" message to: ")
        if kind.lower() == "save":
            if value.startswith("/dev/null"):
                continue
            folder = _SAVED.fullmatch(value)
            assert folder, value
            found.add(("file", (folder[1] or "INBOX").replace(".", "/")))
        elif kind.lower() == "deliver":
            own = _OWN.fullmatch(value)
            found.add(("file", own[1].replace(".", "/")) if own else ("redirect", value))
    return frozenset(found), on


def by_sieve(script: str, message: str, sender: str = SENDER) -> Outcome:
    """What the script does, by `sieve-test`; an error of it fails the test."""
    if not script:
        return KEPT
    assert EXTENSIONS.issuperset(extensions(script))
    done = rehearse(script, message, sender, ADDRESS)
    assert not done.error, f"{done.error}\n{script}"
    return frozenset((deed.do, deed.value) for deed in done.deeds if deed.do != "discard")
