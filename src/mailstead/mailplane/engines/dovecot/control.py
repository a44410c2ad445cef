"""Dovecot's own commands: sessions, look-ups, start (doveadm(1))."""

from __future__ import annotations

import shutil
from collections.abc import Collection

from mailstead.home import Home
from mailstead.mailplane.engines.dovecot.model import MAIL_USER, DovecotModel
from mailstead.mailplane.engines.dovecot.render import config_file, junk_script
from mailstead.mailplane.engines.processes import run

_NO_SESSION = 68  # EX_NOHOST: doveadm-kick(1), "no users kicked"
_NO_SUCH_USER = 67  # EX_NOUSER


class Doveadm:
    """doveadm on one instance."""

    def __init__(self, home: Home) -> None:
        self._home = home

    def _command(self, *options: str) -> list[str]:
        return ["doveadm", "-c", str(config_file(self._home)), *options]

    def kick(self, addresses: Collection[str]) -> None:
        """End every IMAP, POP3 and ManageSieve session of these log-ins now.

        Harmless when there is none or Dovecot is not running. Our names have no wildcard characters
        (`standards.address`), which doveadm would expand.
        """
        if not (self._home.dovecot_run / "anvil").exists():
            return
        for address in addresses:
            run(self._command("kick", address), accept=(0, _NO_SESSION, 75))

    def user(self, address: str) -> dict[str, str] | None:
        """The userdb's fields for an address; None when it has no answer."""
        done = run(self._command("user", address), accept=(0, _NO_SUCH_USER))
        if done.code:
            return None
        rows = (line.split("\t", 1) for line in done.out.splitlines()[1:] if "\t" in line)
        return dict(rows)

    def auth_lookup(self, address: str, service: str = "imap") -> dict[str, str] | None:
        """The passdb's fields for an address and service; None when it has no answer."""
        done = run(
            self._command("auth", "lookup", "-x", f"service={service}", address),
            accept=(0, _NO_SUCH_USER),
        )
        if done.code:
            return None
        rows = (line.strip().split("=", 1) for line in done.out.splitlines() if "=" in line)
        return dict(rows)


def command(model: DovecotModel) -> list[str]:
    """What the supervisor runs."""
    return ["/usr/sbin/dovecot", "-F", "-c", str(config_file(model.home))]


def prepare(model: DovecotModel) -> None:
    """Make the directories with their owners, and compile the house's script."""
    home = model.home
    for path in (home.mail, home.sieve):
        path.mkdir(parents=True, exist_ok=True)
        shutil.chown(path, MAIL_USER, MAIL_USER)
        path.chmod(0o750)
    home.dovecot_run.mkdir(parents=True, exist_ok=True)
    (home.dovecot / "state").mkdir(parents=True, exist_ok=True)
    check_config(model)
    # vmail cannot write here, so the script is compiled once by us.
    run(["sievec", "-c", str(config_file(home)), str(junk_script(home))])


def check_config(model: DovecotModel) -> None:
    """Let Dovecot judge its files; raises `EngineError`."""
    run(["doveconf", "-n", "-c", str(config_file(model.home))])


def reload(model: DovecotModel) -> None:
    """Tell the running Dovecot that its files changed."""
    run(["doveadm", "-c", str(config_file(model.home)), "reload"])
