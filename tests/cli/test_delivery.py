"""`mailstead delivery`: what became of a message, in words."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

from tests.cli.commands import ok, run

MADE = """
import datetime as dt, sys
from pathlib import Path
from mailstead.control.project.bootstrap import setup
setup(Path(sys.argv[1]))
from mailstead.control.delivery import services
from mailstead.wire.events import AttemptSeen, MessageSeen
now = dt.datetime.now(dt.UTC)
ann = "ann@a.example"
services.record("node1", [
    MessageSeen(id="1", at=now, queue="Q1", direction="submitted", login=ann, sender=ann,
                message_id="m1@a.example", client="192.0.2.9", size=700),
    AttemptSeen(id="2", at=now, queue="Q1", outcome="deferred", recipient="bob@gmail.com",
                relay="gmail-smtp-in.l.google.com", dsn="4.2.2", source="direct",
                reply="452 4.2.2 mailbox full", next_try=now + dt.timedelta(minutes=5)),
    AttemptSeen(id="3", at=now, queue="Q1", outcome="sent", recipient="eve@gmail.com",
                relay="gmail-smtp-in.l.google.com", dsn="2.0.0", source="direct",
                reply="250 2.0.0 OK"),
], now)
"""


def test_it_is_found_and_each_attempt_is_shown(home: Path) -> None:
    ok(home, "mailbox", "add", "ann@a.example", "--password-stdin", stdin="a long password\n")
    subprocess.run([sys.executable, "-c", MADE, str(home)], check=True)
    assert "Google accepted it" in ok(home, "delivery", "list", "m1@a.example")
    trouble = ok(home, "delivery", "list", "--trouble")
    assert "mailbox is full" in trouble and "eve@gmail.com" not in trouble
    (row,) = json.loads(ok(home, "delivery", "list", "bob@gmail.com", "--json"))["items"]
    assert (row["state"], row["cause"]) == ("deferred", "full")
    shown = ok(home, "delivery", "show", str(row["number"]))
    assert "452 4.2.2 mailbox full" in shown and "the server itself" in shown
    assert "gmail" not in ok(home, "delivery", "list", "--since", "2999-01-01")
    (answers,) = json.loads(ok(home, "reputation", "receivers", "--json"))["items"]
    assert (answers["receiver"], answers["accepted"], answers["other"]) == ("google", 1, 1)
    for words in (["show", "99"], ["list", "--since", "tomorrow"]):
        done = run("delivery", *words, "--home", str(home))
        assert done.returncode == 2 and len(done.stderr.splitlines()) == 1, done
