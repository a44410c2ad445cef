"""The systemd unit that starts an instance at boot (systemd.service(5))."""

from __future__ import annotations

import sys
from pathlib import Path

from mailstead.home import Home
from mailstead.mailplane.engines.processes import EngineError, run
from mailstead.mailplane.node import supervise
from mailstead.standards.refusal import Refusal

UNITS = Path("/etc/systemd/system")
_SYSTEMD = Path("/run/systemd/system")


def unit_name(home: Home) -> str:
    """`mailstead.service`; another home than the usual one is part of the name."""
    if home.root == Path("/var/lib/mailstead"):
        return "mailstead.service"
    return f"mailstead-{str(home.root).strip('/').replace('/', '-')}.service"


def render(home: Home) -> str:
    """The unit's text."""
    command = Path(sys.executable).with_name("mailstead")
    return f"""\
[Unit]
Description=Mailstead mail host ({home.root})
After=network-online.target time-sync.target
Wants=network-online.target

[Service]
Type=forking
PIDFile={home.run}/supervisor.pid
ExecStart={command} --home {home.root} up --no-demo
ExecStop={command} --home {home.root} down
TimeoutStartSec=180
TimeoutStopSec=90
# What a crash leaves behind ends with the unit.
KillMode=control-group
Restart=on-failure
LimitNOFILE={supervise.FILES}
TasksMax=infinity

[Install]
WantedBy=multi-user.target
"""


def install(home: Home, *, units: Path = UNITS) -> Path:
    """Write the unit and enable it; raises `Refusal` (`no-systemd`)."""
    if not _SYSTEMD.exists():
        raise Refusal(
            "no-systemd",
            "This machine does not run systemd.",
            remedy="Let its own init run 'mailstead up' at boot.",
        )
    path = units / unit_name(home)
    path.write_text(render(home), encoding="utf-8")
    _systemctl("daemon-reload")
    _systemctl("enable", path.name)
    return path


def remove(home: Home, *, units: Path = UNITS) -> bool:
    """Disable and delete the unit; returns whether there was one."""
    path = units / unit_name(home)
    if not path.exists():
        return False
    if _SYSTEMD.exists():
        _systemctl("disable", path.name)
    path.unlink()
    if _SYSTEMD.exists():
        _systemctl("daemon-reload")
    return True


def _systemctl(*words: str) -> None:
    try:
        run(["/usr/bin/systemctl", *words])
    except EngineError as error:
        raise Refusal("systemd-refuses", f"systemd refuses: {error}.") from error
