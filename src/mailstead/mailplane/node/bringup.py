"""Make an instance's home ready: directories, users, secrets, certificate, the engines' files.

Everything here may be repeated: what is right already is left alone.
"""

from __future__ import annotations

import os
import secrets
import shutil
import socket
import sqlite3
import sys
from collections.abc import Callable, Iterable
from pathlib import Path

from mailstead.config import FILE_NAME, Settings, load
from mailstead.home import MAX_HOME_OCTETS, Home
from mailstead.mailplane.directory import schema
from mailstead.mailplane.engines.files import write
from mailstead.mailplane.engines.processes import EngineError, run
from mailstead.mailplane.engines.rspamd import model as rspamd_model
from mailstead.mailplane.node import launch, leftovers, ports, supervise, tls, users
from mailstead.mailplane.node.registry import ENGINES, wanted
from mailstead.standards.address import normalise_domain
from mailstead.standards.refusal import Refusal

Progress = Callable[[str], None]
FRONT_GROUP = "www-data"
"""nginx's group in Debian."""
MAIL_GROUP = "postfix"
"""Postfix's group in Debian."""
WITH_CERTIFICATE = ("dovecot", "postfix", "nginx")
"""Engines that read the certificate when they start."""
LEAST_SPACE = 200 * 1024 * 1024
"""Bytes that must be free to start."""


def refuse_without_root() -> None:
    """Raise `Refusal` (`no-root`) unless this is root."""
    if os.geteuid() != 0:
        raise Refusal(
            "no-root",
            "A mail host binds ports below 1024 and writes as several users.",
            remedy="Run the command as root.",
        )


def host_name(given: str) -> str:
    """The host's fully qualified name: the one given, or the machine's own."""
    if given:
        return normalise_domain(given)
    own = socket.getfqdn()
    try:
        return normalise_domain(own)
    except Refusal:
        # A machine without a domain: mail to the world needs a real name, a first look does not.
        label = "".join(c for c in own.lower() if c.isalnum() or c == "-").strip("-") or "mail"
        return f"{label}.mailstead.invalid"


def ensure_settings(root: Path, *, offset: int | None, hostname: str, server: str = "") -> Settings:
    """The settings of the instance, its file made at the first start; raises `Refusal`."""
    if len(os.fsencode(root)) > MAX_HOME_OCTETS:
        raise Refusal(
            "home-long",
            f"The path {root} is longer than {MAX_HOME_OCTETS} octets: unix sockets would not fit.",
            remedy="Choose a shorter --home.",
        )
    path = root / FILE_NAME
    if not path.exists():
        text = (
            f"# Settings of this instance; docs/reference/settings.md lists all of them.\n"
            f'hostname = "{host_name(hostname)}"\n'
            f'server = "{server or "node1"}"\n\n'
            f"[ports]\n# Added to every port, so that a second instance fits beside the first.\n"
            f"offset = {offset or 0}\n"
        )
        root.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    settings = load(root)
    if offset is not None and offset != settings.ports.offset:
        raise Refusal(
            "offset-differs",
            f"This instance has the port offset {settings.ports.offset}, not {offset}.",
            remedy=f"Leave out --port-offset, or change it in {path}.",
        )
    if hostname and host_name(hostname) != settings.hostname:
        raise Refusal(
            "hostname-differs",
            f"This instance is named {settings.hostname}, not {hostname}.",
            remedy=f"Leave out --hostname, or change it in {path}.",
        )
    return settings


def refuse_small_disk(root: Path) -> None:
    """Raise `Refusal` (`disk-full`) when the disk has less than `LEAST_SPACE`."""
    free = shutil.disk_usage(root).free
    if free < LEAST_SPACE:
        raise Refusal(
            "disk-full",
            f"The disk of {root} has {free // 2**20} MiB free; {LEAST_SPACE // 2**20} are needed.",
            remedy="Free some space or choose another --home.",
            permanent=False,
        )


def prepare(settings: Settings, progress: Progress) -> list[str]:
    """Bring the home to what the settings say; returns the engines that must read anew.

    Raises `Refusal` with one sentence for each thing that stands in the way.
    """
    home = Home(settings.home)
    refuse_small_disk(home.root)
    if not supervise.is_running(home) and not leftovers.find(home):
        ports.refuse_taken(settings)
    for name in users.ensure():
        progress(f"Made the system user {name}")
    _directories(settings, home)
    _refuse_closed_program(home)
    _secrets(home)
    _tables(home)
    own = (settings.hostname, *settings.web.hostnames, settings.moves.name)
    names = dict.fromkeys(filter(None, own))
    renewed = tls.ensure(home, tuple(names))
    if renewed:
        progress(f"Made a self-signed certificate for {', '.join(names)}")
    changed = []
    for name in wanted(settings):
        engine = ENGINES[name]
        written = write(engine.files(settings, home))
        if written:
            progress(f"Wrote the configuration of {name} ({len(written)} of its files)")
        if written or (renewed and name in WITH_CERTIFICATE):
            changed.append(name)
        try:
            engine.prepare(settings, home)
        except EngineError as error:
            raise Refusal(
                "engine-refuses",
                f"{name} refuses its configuration: {error}.",
                remedy="Install the packages that 'make up' names, or correct the settings.",
            ) from error
    return changed


def _directories(settings: Settings, home: Home) -> None:
    home.root.chmod(0o755)
    for path, mode in (
        (home.log, 0o755),
        (home.run, 0o755),
        (home.postfix, 0o755),
        (home.maps, 0o755),
        (home.breached_index.parent, 0o755),
        (home.secrets, 0o711),
        (home.event_spool.parent, 0o700),
        (home.directory, 0o770),
    ):
        path.mkdir(parents=True, exist_ok=True)
        path.chmod(mode)
    for path in (
        home.control,
        home.moves,
        home.moves / "incoming",
        home.moves / "staging",
        home.exports,
        home.moves / "returns",
        home.web_socket.parent,
    ):
        path.mkdir(parents=True, exist_ok=True)
        shutil.chown(path, users.CONTROL, users.CONTROL)
        path.chmod(0o750)
    for path, group, mode in (
        (home.guard_database.parent, users.GUARD, 0o700),
        # Postfix may come to the guard's door, and nobody else.
        (home.guard_socket.parent, MAIL_GROUP, 0o750),
    ):
        path.mkdir(parents=True, exist_ok=True)
        shutil.chown(path, users.GUARD, group)
        path.chmod(mode)
    home.sending.mkdir(parents=True, exist_ok=True)
    shutil.chown(home.sending, users.POSTFIX, users.POSTFIX)
    home.sending.chmod(0o700)
    if settings.control == "here":
        # nginx may come to the panel's door, and to no other.
        door = home.panel_socket.parent
        door.mkdir(parents=True, exist_ok=True)
        shutil.chown(door, users.CONTROL, FRONT_GROUP)
        door.chmod(0o750)
    shutil.chown(home.directory, "root", "dovecot")
    # It may hold the database's password; the control plane reads it.
    shutil.chown(home.settings_file, "root", users.CONTROL)
    home.settings_file.chmod(0o640)


def _tables(home: Home) -> None:
    """Make the tables that the engines' new files may ask, before an engine has those files."""
    try:
        schema.connect(home.directory_database).close()
    except sqlite3.DatabaseError:
        return  # damaged: the agent builds it anew and says so


def _refuse_closed_program(home: Home) -> None:
    """Raise `Refusal` (`program-closed`) when the control plane's user cannot read the program."""
    check = [sys.executable, "-m", launch.__name__, launch.CHECK, "--home", str(home.root)]
    done = run(check, accept=(0, 1))
    if done.code:
        raise Refusal(
            "program-closed",
            f"The control plane cannot run: {done.err.strip().splitlines()[-1]}.",
            remedy="Keep Mailstead and its home in directories that every user may read, such as "
            "/opt/mailstead and /var/lib/mailstead, and run 'make up' again.",
        )


def _secrets(home: Home) -> None:
    _secret(home.secrets / "django-secret-key", secrets.token_urlsafe(48), users.CONTROL, 0o400)
    # The log is searched by subject on the control plane and made on the node.
    _secret(home.subject_key, secrets.token_hex(32), rspamd_model.USER, 0o440)
    _secret(home.doveadm_password, secrets.token_hex(32), "root", 0o600, owner="root")
    # Not the control plane's: whoever had both could look for passwords behind the guard's hashes.
    _secret(home.login_key, secrets.token_hex(32), users.GUARD, 0o440, owner="root")
    _secret(home.login_nonce, secrets.token_hex(32), "root", 0o400, owner="root")


def _secret(path: Path, text: str, group: str, mode: int, *, owner: str = users.CONTROL) -> None:
    """Make a secret, once; the control plane's where no other owner is named."""
    if not path.exists():
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w") as out:
            out.write(text)
        shutil.chown(path, owner, group)
        path.chmod(mode)


def adopt_control_files(home: Home) -> None:
    """Give the control plane's files to its user: the command line, as root, may have made some."""
    for path in home.control.iterdir():
        shutil.chown(path, users.CONTROL, users.CONTROL)
        path.chmod(0o640)


def restart_engines(names: Iterable[str], home: Home, progress: Progress) -> None:
    """Restart engines of a running instance after their files changed."""
    for name in names:
        progress(f"Restarting {name}: its configuration has changed")
        supervise.restart(home, name)
