"""Rspamd's own commands, and its DKIM keys."""

from __future__ import annotations

import os
import shutil
import signal
import socket
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path

from mailstead.home import Home
from mailstead.mailplane.engines.processes import run
from mailstead.mailplane.engines.rspamd import host_key
from mailstead.mailplane.engines.rspamd.model import USER, RspamdModel

USUAL_SELECTOR = "ms1"
"""Of every domain that the map of selectors does not name (`render`)."""
_CONFIG = "/etc/rspamd/rspamd.conf"
_REPORT_SECONDS = 3600.0


def _variables(home: Home) -> list[str]:
    places = {
        "LOCAL_CONFDIR": home.rspamd,
        "DBDIR": home.rspamd / "db",
        "RUNDIR": home.rspamd_milter_socket.parent,
        "LOGDIR": home.log,
    }
    return [f"--var={name}={path}" for name, path in places.items()]


def command(model: RspamdModel) -> list[str]:
    """What the supervisor runs; it drops to its own user."""
    program = ["/usr/bin/rspamd", "-f", "-c", _CONFIG, "-u", USER, "-g", USER]
    return program + _variables(model.home)


def prepare(model: RspamdModel) -> None:
    """Make the directories with their owners."""
    home = model.home
    for path in (home.rspamd / "db", home.dkim):
        path.mkdir(parents=True, exist_ok=True)
        shutil.chown(path, USER, USER)
        path.chmod(0o750)
    home.rspamd.chmod(0o755)
    run_dir = home.rspamd_milter_socket.parent
    run_dir.mkdir(parents=True, exist_ok=True)
    shutil.chown(run_dir, USER, "postfix")
    run_dir.chmod(0o2750)
    selectors = home.rspamd / "dkim_selectors.map"
    if not selectors.exists():
        selectors.write_text("", encoding="ascii")
    selectors.chmod(0o644)
    host_key.ensure(home)
    log = home.log / "rspamd.log"
    log.touch()
    shutil.chown(log, USER, USER)


def check_config(model: RspamdModel) -> None:
    """Let Rspamd judge its files; raises `EngineError`."""
    run(["/usr/bin/rspamadm", "configtest", "-c", _CONFIG, *_variables(model.home)])


def send_reports(model: RspamdModel, days: Sequence[str]) -> str:
    """Send what was received on these days (YYYYMMDD) to the domains that ask for reports.

    Rspamd looks up whether a domain still asks, and whether an address outside of it agrees to get
    its reports (RFC 7489 §7.1). Returns its last words; raises `EngineError`.
    """
    command = ["/usr/bin/rspamadm", *_variables(model.home), "dmarc_report", "-c", _CONFIG, *days]
    done = run(command, timeout=_REPORT_SECONDS)
    lines = (done.out + done.err).strip().splitlines()
    return lines[-1] if lines else ""


def reopen_log(home: Home, pid: int) -> None:
    """Write to the log that now has its name (rspamd(8), SIGUSR1); `pid` is the main process."""
    os.kill(pid, signal.SIGUSR1)


def answers(home: Home) -> bool:
    """Whether the milter socket takes connections."""
    with socket.socket(socket.AF_UNIX) as client:
        client.settimeout(2)
        try:
            client.connect(str(home.rspamd_milter_socket))
        except OSError:
            return False
    return True


class DkimFiles:
    """The signing keys: `<domain>.<selector>.key`, and which selector a domain uses."""

    def __init__(self, home: Home) -> None:
        self._keys = home.dkim
        self._selectors = home.rspamd / "dkim_selectors.map"

    def _path(self, domain: str, selector: str) -> Path:
        return self._keys / f"{domain}.{selector}.key"

    def put(self, domain: str, selector: str, private_key: str) -> None:
        """Have this key (PEM) at hand."""
        path = self._path(domain, selector)
        if path.exists() and path.read_text(encoding="ascii") == private_key:
            return
        part = path.with_name(path.name + ".part")
        descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o640)
        with os.fdopen(descriptor, "w", encoding="ascii") as out:
            out.write(private_key)
        if os.geteuid() == 0:
            shutil.chown(part, "root", USER)
        part.replace(path)

    def remove(self, domain: str, selector: str) -> None:
        """The key is at hand no more."""
        self._path(domain, selector).unlink(missing_ok=True)

    def choose(self, selectors: Mapping[str, str], gone: Collection[str]) -> None:
        """Sign mail of these domains with these selectors from now on; that of `gone` with none.

        Only domains with another selector than the usual one are listed.
        """
        rows = self.chosen()
        before = dict(rows)
        for domain in gone:
            rows.pop(domain, None)
        for domain, selector in selectors.items():
            if selector == USUAL_SELECTOR:
                rows.pop(domain, None)
            else:
                rows[domain] = selector
        if rows == before:
            return
        part = self._selectors.with_suffix(".part")
        part.write_text("".join(f"{d} {s}\n" for d, s in sorted(rows.items())), encoding="ascii")
        part.chmod(0o644)
        part.replace(self._selectors)

    def chosen(self) -> dict[str, str]:
        """Domains with another selector than the usual one, and theirs."""
        return dict(
            line.split(" ", 1)
            for line in self._selectors.read_text(encoding="ascii").splitlines()
            if " " in line
        )
