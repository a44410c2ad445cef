"""`mailstead guard blocks|unblock`, on the machine itself and over the API."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from tests.cli.commands import ok, run
from tests.cli.test_remote import Far
from tests.cli.test_remote import far as far

MADE = """
import datetime as dt, sys
from pathlib import Path
from mailstead.control.project.bootstrap import setup
setup(Path(sys.argv[1]))
from mailstead.control.protection.models import LoginBlock
now = dt.datetime.now(dt.UTC)
for client, account in (("192.0.2.7", "ann@a.example"), ("192.0.2.8", "")):
    LoginBlock.objects.create(
        server="node1", client=client, account=account, reason="passwords", since=now,
        until=now + dt.timedelta(hours=1), count=7)
"""


def prepared(home: Path) -> None:
    """A mailbox and two blocks."""
    ok(home, "mailbox", "add", "ann@a.example", "--password-stdin", stdin="a long password\n")
    subprocess.run([sys.executable, "-c", MADE, str(home)], check=True)


def test_they_are_listed_and_lifted(home: Path) -> None:
    prepared(home)
    assert "192.0.2.7" in ok(home, "guard", "blocks")
    assert "192.0.2.8" not in ok(home, "guard", "blocks", "ann")
    assert "again" in ok(home, "guard", "unblock", "192.0.2.7", "ann@a.example")
    assert "192.0.2.7" not in ok(home, "guard", "blocks")
    assert "lifted" in ok(home, "guard", "blocks", "--which", "ended")
    assert "again" in ok(home, "guard", "unblock", "192.0.2.8")
    for words in (["unblock", "192.0.2.8"], ["blocks", "--which", "x"]):
        done = run("guard", *words, "--home", str(home))
        assert done.returncode == 2 and len(done.stderr.splitlines()) == 1, done


def test_the_same_over_the_api(far: Far) -> None:
    prepared(far.home)
    far.same("guard", "blocks", text=True)
    far.ok("guard", "unblock", "192.0.2.7", "ann@a.example")
    far.same("guard", "blocks", "--which", "ended")
