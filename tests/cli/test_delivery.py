"""`mailstead delivery` and `reputation`, on the machine itself and over the API."""

from __future__ import annotations

import json
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


LISTED = """
import datetime as dt, sys
from pathlib import Path
from mailstead.control.project.bootstrap import setup
setup(Path(sys.argv[1]))
from mailstead.control.delivery.models import Listing
now = dt.datetime.now(dt.UTC)
for days, ended in ((1, None), (9, 2), (3, 1), (2, None), (8, 5)):
    Listing.objects.create(
        server="node1", subject=f"192.0.2.{days}", zone="bl.test", words="see us",
        since=now - dt.timedelta(days=days), ended=ended and now - dt.timedelta(days=ended))
"""


def test_the_same_over_the_api(far: Far) -> None:
    ok(far.home, "mailbox", "add", "ann@a.example", "--password-stdin", stdin="a long password\n")
    subprocess.run([sys.executable, "-c", MADE + LISTED, str(far.home)], check=True)
    far.same("delivery", "list", text=True)
    window = ["--since", "2020-01-01", "--until", "2999-01-01T00:00+02:00"]
    far.same("delivery", "list", "--cause", "full", "--limit", "1", *window)
    far.same("delivery", "list", "--trouble", "--domain", "gmail.com")
    (row,) = json.loads(far.ok("delivery", "list", "bob@gmail.com", "--json"))["items"]
    far.same("delivery", "show", str(row["number"]), text=True)
    for words in (["show", "99"], ["list", "--since", "tomorrow"]):
        said = far.ok("delivery", *words, code=2)
        assert said == run("delivery", *words, "--home", str(far.home)).stderr
    far.same("reputation", "receivers", text=True)
    far.same("reputation", "list", text=True)
    far.same("reputation", "list", "--past", "--limit", "4")
    found = json.loads(far.ok("reputation", "list", "--past", "--json"))["items"]
    assert [row["subject"].rpartition(".")[2] for row in found] == ["1", "2", "3", "9", "8"]
    said = far.ok("reputation", "look", code=4)
    assert said == "The node of node1 has not answered yet.\n"
