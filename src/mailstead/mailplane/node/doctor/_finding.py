"""What a check is given and what it answers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from mailstead.config import Settings
from mailstead.home import Home
from mailstead.mailplane.engines.files import File, write
from mailstead.mailplane.engines.processes import run
from mailstead.standards.refusal import Refusal

SYSCTL_FILE = "/etc/sysctl.d/60-mailstead.conf"


@dataclass(frozen=True)
class Context:
    """The instance that is asked about."""

    home: Home
    settings: Settings


@dataclass(frozen=True)
class Finding:
    """What a check saw."""

    state: Literal["ok", "warn", "fail"]
    words: str
    remedy: str = ""
    mendable: bool = False


def no_mend(context: Context) -> None:
    """For checks that only a person can mend."""
    raise Refusal("no-mend", "This cannot be mended by itself.")


def sysctl(values: dict[str, int]) -> None:
    """Set kernel values now and for later starts (sysctl.d(5))."""
    from pathlib import Path

    path = Path(SYSCTL_FILE)
    kept = {}
    if path.exists():
        for line in path.read_text(encoding="ascii").splitlines():
            name, equals, value = line.partition("=")
            if equals:
                kept[name.strip()] = value.strip()
    kept |= {name: str(value) for name, value in values.items()}
    text = "".join(f"{name} = {value}\n" for name, value in sorted(kept.items()))
    write([File(path, text)])
    for name, number in values.items():
        run(["/usr/sbin/sysctl", "-q", "-w", f"{name}={number}"])
