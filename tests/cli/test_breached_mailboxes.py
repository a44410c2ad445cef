"""`mailstead breached mailboxes` and `customer passwords`, on the machine and over the API."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

from tests.cli.commands import ok, run
from tests.cli.test_remote import Far
from tests.cli.test_remote import far as far

MARKED = """
import datetime as dt, sys
from pathlib import Path
from mailstead.control.project.bootstrap import setup
setup(Path(sys.argv[1]))
from mailstead.control.hosting.models import Mailbox
box = Mailbox.objects.get()
box.leaked_credential, box.leaked_at = box.credential, dt.datetime.now(dt.UTC)
box.save()
"""


def marked(home: Path) -> None:
    """A mailbox that was opened with a leaked password."""
    ok(home, "mailbox", "add", "ann@a.example", "--password-stdin", stdin="a long password\n")
    subprocess.run([sys.executable, "-c", MARKED, str(home)], check=True)


def test_mailboxes_with_leaked_passwords_are_listed(home: Path) -> None:
    assert "ann@a.example" not in ok(home, "breached", "mailboxes")
    marked(home)
    assert "ann@a.example" in ok(home, "breached", "mailboxes")
    assert "ann@a.example" not in ok(home, "breached", "mailboxes", "--search", "bob")
    ok(home, "mailbox", "password", "ann@a.example", "--password-stdin", stdin="another one\n")
    assert "ann@a.example" not in ok(home, "breached", "mailboxes")


def test_a_customer_gets_a_rule_of_its_own(home: Path) -> None:
    (row,) = json.loads(ok(home, "customer", "list", "--json"))["items"]
    name = row["name"]
    assert "are refused" in ok(home, "customer", "passwords", name, "refuse")
    assert "as the house says" in ok(home, "customer", "passwords", name, "house")
    done = run("customer", "passwords", name, "never", "--home", str(home))
    assert done.returncode == 2 and "no such rule" in done.stderr


def test_the_same_over_the_api(far: Far) -> None:
    marked(far.home)
    far.same("breached", "mailboxes", text=True)
    far.ok("customer", "passwords", "Ann", "refuse")
    far.same("customer", "show", "Ann")
