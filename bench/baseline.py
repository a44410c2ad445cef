"""A baseline's Postfix and Dovecot: written from `baselines/`, started, stopped, swept away.

Everything of it lives under one home, which is removed with it.
"""

from __future__ import annotations

import os
import pwd
import re
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from bench.host import LOGS, HostFailed, keep_logs
from bench.population import SECRET

TEMPLATES = Path(__file__).with_name("baselines")
PORTS = {"smtp": 25, "submission": 587, "imap": 143}


@dataclass(frozen=True)
class Baseline:
    """A running baseline (`bench.host.Host`)."""

    name: str
    home: Path
    offset: int

    @property
    def spool(self) -> Path:
        return self.home / "spool"

    @property
    def log(self) -> Path:
        return self.home / "log" / "postfix.log"

    @property
    def config(self) -> Path:
        return self.home / "postfix"

    def port(self, service: str) -> int:
        return PORTS[service] + self.offset


def mail_owner() -> tuple[int, int]:
    """User and group of the mail: ours where they exist, else nobody's."""
    with suppress(KeyError):
        user = pwd.getpwnam("vmail")
        return user.pw_uid, user.pw_gid
    user = pwd.getpwnam("nobody")
    return user.pw_uid, user.pw_gid


def fill(template: Path, values: Mapping[str, str]) -> str:
    """The text of a template; `@NAME@` is replaced. Raises KeyError for a name without a value."""
    text = template.read_text(encoding="utf-8")
    return re.sub(r"@([A-Z_]+)@", lambda match: values[match[1]], text)


def values_of(baseline: Baseline, submission_option: str = "") -> dict[str, str]:
    """What the templates may name."""
    uid, gid = mail_owner()
    return {
        "HOME": str(baseline.home),
        "SMTP": f"127.0.0.1:{baseline.port('smtp')}",
        "SUBMISSION": f"127.0.0.1:{baseline.port('submission')}",
        "SUBMISSION_OPTION": submission_option,
        "IMAP": str(baseline.port("imap")),
        "UID": str(uid),
        "GID": str(gid),
        "SECRET": SECRET,
    }


def prepare(baseline: Baseline, values: Mapping[str, str]) -> None:
    """An empty home with the engines' configuration in it."""
    sweep(baseline.home)
    for folder in ("postfix", "spool", "data", "log", "run", "dovecot", "mail"):
        (baseline.home / folder).mkdir(parents=True)
    baseline.home.chmod(0o755)
    os.chown(baseline.home / "mail", *mail_owner())
    _certificate(baseline.home / "tls.pem")
    shutil.chown(baseline.home / "data", "postfix")
    source = TEMPLATES / baseline.name
    for written, template in {
        "postfix/main.cf": source / "main.cf",
        "postfix/master.cf": TEMPLATES / "master.cf",
        "dovecot/dovecot.conf": source / "dovecot.conf",
        "dovecot/mailstore.conf": TEMPLATES / "mailstore.conf",
    }.items():
        (baseline.home / written).write_text(fill(template, values), encoding="utf-8")


@contextmanager
def running(baseline: Baseline) -> Iterator[Baseline]:
    """Dovecot, then Postfix; both end with the block."""
    try:
        # Makes the queue's folders, in which Dovecot opens its sockets.
        call("postfix", "-c", str(baseline.config), "check")
        call("dovecot", "-c", str(baseline.home / "dovecot" / "dovecot.conf"))
        call("postfix", "-c", str(baseline.config), "start")
        yield baseline
    except BaseException:
        keep_logs(baseline, LOGS)
        raise
    finally:
        sweep(baseline.home)


def call(*command: str, user: str = "") -> str:
    """Run a command to its end; raises `HostFailed` with its words."""
    # A file, not a pipe: daemons keep what they inherit, and a pipe would never end.
    with tempfile.TemporaryFile() as words:
        done = subprocess.run(
            command,
            stdin=subprocess.DEVNULL,
            stdout=words,
            stderr=words,
            check=False,
            user=user or None,
            cwd="/",
        )
        words.seek(0)
        said = words.read().decode(errors="replace")
    if done.returncode != 0:
        raise HostFailed(f"'{' '.join(command)}' failed: {' '.join(said.split())[-600:]}")
    return said


def sweep(home: Path) -> None:
    """End what still runs out of this home (also after a crash of an earlier run); remove it."""
    for pid_file in ("spool/pid/master.pid", "run/master.pid", "pg/postmaster.pid"):
        _end(home / pid_file)
    end = time.monotonic() + 10
    while home.exists() and time.monotonic() < end:
        # Children that outlive their master by a moment may still write.
        shutil.rmtree(home, ignore_errors=True)


def _end(pid_file: Path) -> None:
    """SIGTERM (SIGINT for PostgreSQL: its fast shutdown) and wait; only if the process is of it."""
    try:
        pid = int(pid_file.read_text(encoding="ascii").split()[0])
    except (OSError, ValueError, IndexError):
        return
    if not _belongs(pid):
        return
    os.kill(pid, signal.SIGINT if pid_file.parent.name == "pg" else signal.SIGTERM)
    end = time.monotonic() + 15
    while Path(f"/proc/{pid}").exists() and time.monotonic() < end:
        time.sleep(0.02)
    with suppress(ProcessLookupError):
        os.kill(pid, signal.SIGKILL)


def _belongs(pid: int) -> bool:
    """Whether the process is one of the engines that a baseline starts."""
    try:
        program = Path(f"/proc/{pid}/exe").readlink().name
    except OSError:
        return False
    return program.removesuffix(" (deleted)") in ("master", "dovecot", "postgres")


def _certificate(path: Path) -> None:
    """ECDSA P-256, as a host of today has it: signing costs a fifteenth of RSA's."""
    key, certificate = path.with_suffix(".key"), path.with_suffix(".crt")
    call(
        *("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"),
        *("-nodes", "-days", "30", "-subj", "/CN=bench.invalid"),
        *("-keyout", str(key), "-out", str(certificate)),
    )
    path.write_bytes(key.read_bytes() + certificate.read_bytes())
    path.chmod(0o600)


@contextmanager
def bare(work: Path) -> Iterator[Baseline]:
    """Postfix and Dovecot with static maps."""
    baseline = Baseline("bare", work / "ms-gb", 50000)
    prepare(baseline, values_of(baseline))
    with running(baseline) as host:
        yield host


@contextmanager
def equipped(work: Path) -> Iterator[Baseline]:
    """Static maps, but quota and Sieve as ours has them."""
    baseline = Baseline("equipped", work / "ms-ge", 52000)
    values = values_of(baseline, "-o smtpd_recipient_restrictions=")
    prepare(baseline, values)
    junk = baseline.home / "dovecot" / "junk.sieve"
    shutil.copy(TEMPLATES / "junk.sieve", junk)
    call("sievec", str(junk))
    with running(baseline) as host:
        yield host
