"""`mailstead suppression` and `complaint`, on the machine itself and over the API."""

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
from mailstead.control.delivery.models import Complaint, Suppression
from mailstead.control.hosting.models import Mailbox
box = Mailbox.objects.select_related("domain__server").get()
now = dt.datetime.now(dt.UTC)
who = {"customer": box.domain.customer_id, "domain": box.domain_id, "mailbox": box.pk}
Suppression.objects.create(
    server="node1", address=box.address, recipient="gone@far.example", since=now,
    until=now + dt.timedelta(days=30), reply="550 5.1.1 User unknown", dsn="5.1.1", **who)
Complaint.objects.create(digest="1", received=now, kind="abuse", reporter="yahoo.example",
                         message_id="m1@x", **who)
"""


def prepared(home: Path) -> None:
    """A mailbox to whom somebody is unreachable and of whom somebody complained."""
    ok(home, "mailbox", "add", "ann@a.example", "--password-stdin", stdin="a long password\n")
    subprocess.run([sys.executable, "-c", MADE, str(home)], check=True)


def test_they_are_listed_and_let_go(home: Path) -> None:
    prepared(home)
    assert "gone@far.example" in ok(home, "suppression", "list")
    assert "gone@far.example" not in ok(home, "suppression", "list", "other@far.example")
    assert "yahoo.example" in ok(home, "complaint", "list", "m1@x")
    assert "again" in ok(home, "suppression", "release", "ann@a.example", "gone@far.example")
    assert "gone@far.example" not in ok(home, "suppression", "list")
    assert "released" in ok(home, "suppression", "list", "--which", "ended")
    for words in (["release", "ann@a.example", "gone@far.example"], ["list", "--which", "x"]):
        done = run("suppression", *words, "--home", str(home))
        assert done.returncode == 2 and len(done.stderr.splitlines()) == 1, done


def test_the_same_over_the_api(far: Far) -> None:
    prepared(far.home)
    far.same("suppression", "list", text=True)
    far.same("complaint", "list", text=True)
    far.ok("suppression", "release", "ann@a.example", "gone@far.example")
    far.same("suppression", "list", "--which", "ended")
