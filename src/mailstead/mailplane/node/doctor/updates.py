"""Security updates: Debian mends the engines; somebody must install the mends."""

from __future__ import annotations

from pathlib import Path

from mailstead.mailplane.engines.files import File, write
from mailstead.mailplane.engines.processes import run
from mailstead.mailplane.node.doctor._finding import Context, Finding

PACKAGE = Path("/usr/bin/unattended-upgrade")
SETTING = Path("/etc/apt/apt.conf.d/20auto-upgrades")


def check(context: Context) -> Finding:
    """unattended-upgrades is installed and switched on."""
    text = SETTING.read_text(encoding="utf-8") if SETTING.exists() else ""
    if PACKAGE.exists() and 'Unattended-Upgrade "1"' in text:
        return Finding("ok", "Security updates are installed by themselves.")
    return Finding(
        "warn",
        "Security updates are not installed by themselves.",
        "Install and switch on unattended-upgrades.",
        mendable=True,
    )


def mend(context: Context) -> None:
    """Install the package and switch it on."""
    if not PACKAGE.exists():
        run(
            ["/usr/bin/apt-get", "install", "-y", "--no-install-recommends", "unattended-upgrades"],
            timeout=600,
        )
    words = ("Update-Package-Lists", "Unattended-Upgrade")
    write([File(SETTING, "".join(f'APT::Periodic::{word} "1";\n' for word in words))])
