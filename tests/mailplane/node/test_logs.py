"""The engines' logs: a new file each day, nothing lost in between, old ones kept for a time."""

from __future__ import annotations

import datetime as dt
import gzip
import os
from pathlib import Path

import pytest
from tests.mailplane.engines.harness import Host, until

from mailstead.home import Home
from mailstead.mailplane.node import logs

NOW = dt.datetime.now(dt.UTC)
DAY = dt.timedelta(days=1)
KEEP = dt.timedelta(days=14)


def test_a_log_is_rotated_on_another_day_or_when_it_is_large(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = Home(tmp_path)
    home.log.mkdir()
    log = home.log / "redis.log"
    log.write_text("1:M # one\n")
    log.chmod(0o640)
    pids = {"redis": os.getpid(), "agent": 1}
    assert logs.rotate_due(home, pids, NOW, KEEP) == []
    assert logs.rotate_due(home, pids, NOW + DAY, KEEP) == ["redis"]
    assert (log.read_text(), log.stat().st_mode & 0o777) == ("", 0o640)
    # An empty log stays what it is.
    assert logs.rotate_due(home, pids, NOW + 2 * DAY, KEEP) == []
    log.write_text("1:M # two\n")
    assert logs.rotate_due(home, pids, NOW + DAY, KEEP) == []
    monkeypatch.setattr(logs, "LARGEST", 5)
    assert logs.rotate_due(home, pids, NOW + DAY + dt.timedelta(seconds=1), KEEP) == ["redis"]


def test_old_logs_are_compressed_and_then_thrown_away(tmp_path: Path) -> None:
    home = Home(tmp_path)
    home.log.mkdir()
    old = home.log / "postfix.log.20260101-000000"
    old.write_text("what happened\n")
    os.utime(old, (NOW.timestamp(), NOW.timestamp()))
    old.chmod(0o600)
    assert logs.rotate_due(home, {}, NOW, KEEP) == []
    assert old.exists(), "somebody may still write to it"
    logs.rotate_due(home, {}, NOW + logs.SETTLED * 2, KEEP)
    (packed,) = home.log.glob("postfix.log.*")
    assert gzip.decompress(packed.read_bytes()) == b"what happened\n"
    assert packed.stat().st_mode & 0o777 == 0o600
    logs.rotate_due(home, {}, NOW + KEEP - DAY, KEEP)
    assert packed.exists()
    logs.rotate_due(home, {}, NOW + KEEP + DAY, KEEP)
    assert list(home.log.glob("postfix.log.*")) == []


def test_trouble_is_found_in_the_current_logs(tmp_path: Path) -> None:
    home = Home(tmp_path)
    home.log.mkdir()
    assert list(logs.troubles(home)) == []
    bad = "2026-11-24T10:00:00 auth: Error: sqlite: disk I/O error"
    (home.log / "dovecot.log").write_text(f"2026-11-24T09:00:00 imap: Info: fine\n{bad}\n")
    assert list(logs.troubles(home)) == [("dovecot", bad)]


@pytest.mark.engines
def test_postfix_and_dovecot_go_on_in_a_new_log(own_host: Host) -> None:
    host, ann = own_host, own_host.add("ann")
    host.deliver(ann, "before")
    host.arrives(ann, b"before")
    pids = {name: host.pid(name) for name in ("postfix", "dovecot")}
    logs.rotate_due(host.home, pids, NOW, KEEP)
    assert set(logs.rotate_due(host.home, pids, NOW + DAY, KEEP)) == {"postfix", "dovecot"}
    old = {path.name.split(".")[0]: path for path in host.home.log.glob("*.log.*")}
    assert "status=sent" in old["postfix"].read_text()
    host.deliver(ann, "after")
    host.arrives(ann, b"after")
    until(lambda: "status=sent" in host.log("postfix"), "Postfix writes to the new log")
    until(lambda: ann in host.log("dovecot"), "Dovecot writes to the new log")
