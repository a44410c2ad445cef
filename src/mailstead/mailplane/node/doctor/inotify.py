"""inotify: each IMAP client that waits in IDLE holds an instance and watches."""

from __future__ import annotations

from pathlib import Path

from mailstead.mailplane.node.doctor._finding import Context, Finding, sysctl

WANTED = 65535
"""As Dovecot's documentation advises; the kernel's 128 instances end at some 30 mailboxes."""
NAMES = ("max_user_instances", "max_user_watches")


def check(context: Context) -> Finding:
    """Both limits are large enough."""
    for name in NAMES:
        value = int((Path("/proc/sys/fs/inotify") / name).read_text())
        if value < WANTED:
            return Finding(
                "warn",
                f"fs.inotify.{name} is {value}: IDLE stops telling of new mail beyond it.",
                f"Set it to {WANTED}.",
                mendable=True,
            )
    return Finding("ok", "IDLE clients have enough inotify instances and watches.")


def mend(context: Context) -> None:
    """Raise both limits, now and for later starts."""
    sysctl({f"fs.inotify.{name}": WANTED for name in NAMES})
