"""What a node has room for is told as the system says it."""

from __future__ import annotations

import os
from pathlib import Path

from mailstead.home import Home
from mailstead.mailplane.node import limits


def test_limits_are_those_of_the_system(tmp_path: Path) -> None:
    home = Home(tmp_path)
    (tmp_path / "mailstead.toml").write_text('hostname = "mail.node.example"\n')
    found = limits.look(home, (5, 7))
    instances = Path("/proc/sys/fs/inotify/max_user_instances")
    assert found.inotify_instances == int(instances.read_text())
    assert found.inotify_watches > 0 <= found.inotify_watches_used
    assert 0 < found.processes_used <= found.processes
    assert 0 < found.open_files_used <= found.open_files
    assert (found.imap_sessions, found.pop3_sessions) == (5000, 500)
    system = os.statvfs(tmp_path)
    assert found.disk_total == system.f_blocks * system.f_frsize >= found.disk_free > 0
    assert found.inodes_total == system.f_files
    assert (found.memory_available, found.memory_total, found.mailboxes) == (5, 7, 0)
    # No Dovecot runs here.
    assert found.open_files_process == 0
