"""Dovecot's own commands: sessions, look-ups, start (doveadm(1))."""

from __future__ import annotations

import json
import shutil
import socket
from collections.abc import Collection

from mailstead.home import Home
from mailstead.mailplane.engines.dovecot.model import MAIL_USER, DovecotModel
from mailstead.mailplane.engines.dovecot.render import config_file, instance_name, junk_script
from mailstead.mailplane.engines.processes import EngineError, run, running

DOVECOT = "/usr/sbin/dovecot"
DOVEADM = "/usr/bin/doveadm"
DOVECONF = "/usr/bin/doveconf"
SIEVEC = "/usr/bin/sievec"
_NO_SUCH_USER = 67  # EX_NOUSER (sysexits.h)
_ASKED_SECONDS = 30.0
"""What a person waits for must not take longer."""
_READ_SECONDS = 60.0
_READ_ANEW = b"VERSION\tconfig\t2\t0\nREQ\tmodule=master\tservice=master\n"
"""Of Dovecot 2.3's own protocol between its processes."""
_NO_SESSION = 68  # EX_NOHOST: nobody was kicked


class Doveadm:
    """doveadm on one instance."""

    def __init__(self, home: Home) -> None:
        self._home = home

    def _command(self, *options: str) -> list[str]:
        return [DOVEADM, "-c", str(config_file(self._home)), *options]

    def _runs(self) -> bool:
        return (self._home.dovecot_run / "master.pid").exists()

    def online(self) -> set[str]:
        """The log-ins that have an IMAP, POP3 or ManageSieve session now."""
        if not self._runs():
            return set()
        done = run(self._command("-f", "tab", "who", "-1"), accept=(0, _NO_SESSION, 75))
        return {line.split("\t", 1)[0] for line in done.out.splitlines()[1:]}

    def sessions(self, address: str = "") -> list[tuple[str, str, str, int]]:
        """Log-in, protocol, network address and process of each session, of one log-in or all."""
        if not self._runs():
            return []
        words = ["-f", "tab", "who", "-1", *([address] if address else [])]
        done = run(self._command(*words), accept=(0, _NO_SESSION, 75), timeout=_ASKED_SECONDS)
        found = []
        for line in done.out.splitlines()[1:]:
            fields = line.split("\t")
            if len(fields) >= 4 and fields[2].isdigit():
                found.append((fields[0], fields[1], fields[3], int(fields[2])))
        return found

    def folders(self, address: str) -> list[dict[str, str]]:
        """Name (`mailbox`), `vsize`, `messages` and `unseen` of each folder of a mailbox.

        Raises `EngineError`, also for a mailbox that does not exist.
        """
        words = ["-f", "json", "mailbox", "status", "-u", address, "vsize messages unseen", "*"]
        done = run(self._command(*words), timeout=_ASKED_SECONDS)
        rows: list[dict[str, str]] = json.loads(done.out or "[]")
        return rows

    def kick(self, addresses: Collection[str]) -> None:
        """End every IMAP, POP3 and ManageSieve session of these log-ins now.

        Harmless when there is none or Dovecot is not running. Our names have no wildcard characters
        (`standards.address`), which doveadm would expand.
        """
        if not self._runs():
            return
        # Asked once, so that a thousand suspended mailboxes do not cost a thousand programs.
        wanted = set(addresses) if len(addresses) == 1 else set(addresses) & self.online()
        for address in sorted(wanted):
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
        rows = (line.partition(":") for line in done.out.splitlines()[1:])
        return {name.strip(): value.strip() for name, _, value in rows if name.strip()}


def command(model: DovecotModel) -> list[str]:
    """What the supervisor runs."""
    return [DOVECOT, "-F", "-c", str(config_file(model.home))]


def prepare(model: DovecotModel) -> None:
    """Make the directories with their owners, and compile the house's script. Idempotent."""
    home = model.home
    for path in (home.mail, home.sieve):
        path.mkdir(parents=True, exist_ok=True)
        shutil.chown(path, MAIL_USER, MAIL_USER)
        path.chmod(0o750)
    for path in (home.dovecot_run, home.dovecot / "state", home.log):
        path.mkdir(parents=True, exist_ok=True)
    check_config(model)
    # vmail cannot write here, so the script is compiled once by us.
    run([SIEVEC, "-c", str(config_file(home)), str(junk_script(home))])


def leftovers(home: Home) -> set[int]:
    """The numbers of all running processes of this instance's Dovecot.

    Dovecot wipes its environment, so it is known by the configuration that master was given and by
    the name of the instance in its children's titles.
    """
    master = f"\0{config_file(home)}\0".encode()
    child = f"dovecot-{instance_name(home)}/".encode()
    return {
        process.number
        for process in running()
        if "/dovecot" in process.program
        and (process.words.startswith(child) or master in process.words)
    }


def check_config(model: DovecotModel) -> None:
    """Let Dovecot judge its files; raises `EngineError`, also for a warning."""
    done = run([DOVECONF, "-n", "-c", str(config_file(model.home))])
    for line in done.err.splitlines():
        if "Warning: " in line or "Error: " in line:
            raise EngineError(line.strip())


def read_names(home: Home) -> None:
    """Let new connections get the certificates that are there now; open ones go on.

    The question that master(8) puts to the config process at a reload: it then reads its files
    anew. Nothing else is restarted or reloaded, so no log-in fails. Raises `EngineError` when
    Dovecot refuses its files; it then goes on with what it had. Harmless when it does not run.
    """
    door = home.dovecot_run / "config"
    if not door.exists():
        return
    try:
        with socket.socket(socket.AF_UNIX) as asked:
            asked.settimeout(_READ_SECONDS)
            asked.connect(str(door))
            asked.sendall(_READ_ANEW)
            answer = bytearray()
            # The settings, a line each, then an empty line.
            while not answer.endswith(b"\n\n") and (part := asked.recv(65536)):
                answer += part
    except ConnectionRefusedError:
        return  # it has ended and left its socket
    except OSError as error:
        raise EngineError(f"Dovecot's config process does not answer: {error}") from error
    if not answer.endswith(b"\n\n"):
        words = bytes(answer[-300:]).decode("utf-8", "replace").strip()
        raise EngineError(f"Dovecot refuses its files: {words or 'see dovecot.log'}")


def reopen_log(home: Home, pid: int) -> None:
    """Write to the log that now has its name (doveadm-log(1))."""
    run([DOVEADM, "-c", str(config_file(home)), "log", "reopen"])
