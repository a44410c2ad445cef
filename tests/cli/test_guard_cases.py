"""`mailstead guard cases`, `release` and `confirm`, on the machine itself and over the API."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

from tests.cli.commands import ok, run
from tests.cli.test_remote import Far
from tests.cli.test_remote import far as far

ANN = "ann@a.example"
MADE = """
import datetime as dt, sys
from pathlib import Path
from mailstead.control.project.bootstrap import setup
setup(Path(sys.argv[1]))
from mailstead.control.hosting.models import Server
from tests.control.protection.tales import case_seen, kept, queue_id, tell
now = dt.datetime.now(dt.UTC)
tell(now, case_seen("ann@a.example", now), kept("ann@a.example", now, queue_id(1)),
     server=Server.objects.get().name)
"""


def test_a_case_is_listed_confirmed_and_released(home: Path) -> None:
    ok(home, "mailbox", "add", ANN, "--password-stdin", stdin="a long password\n")
    assert "Nothing found" in ok(home, "guard", "cases")
    subprocess.run([sys.executable, "-c", MADE, str(home)], check=True)
    (row,) = json.loads(ok(home, "guard", "cases", "--json"))["items"]
    assert (row["mailbox"], row["state"], row["waiting"]) == (ANN, "open", 1)
    assert row["evidence"] == "11.5 of 9.2"
    ok(home, "guard", "confirm", ANN.upper(), "--reason", "it is spam")
    assert "it is spam" in ok(home, "guard", "cases", "--state", "confirmed")
    done = json.loads(ok(home, "guard", "release", str(row["number"]), "--send-all", "--json"))
    assert (done["state"], done["waiting"]) == ("released", 0)
    for words in (
        ["release", "nobody@a.example"],
        ["release", "999"],
        ["release", ANN, "--send-all", "--delete-all"],
        ["cases", "--state", "x"],
    ):
        refused = run("guard", *words, "--home", str(home))
        assert refused.returncode == 2 and len(refused.stderr.splitlines()) == 1, refused


def test_the_same_over_the_api(far: Far) -> None:
    ok(far.home, "mailbox", "add", ANN, "--password-stdin", stdin="a long password\n")
    subprocess.run([sys.executable, "-c", MADE, str(far.home)], check=True)
    far.same("guard", "cases", text=True)
    confirmed = far.row("guard", "confirm", ANN.upper(), "--reason", "it is spam")
    assert (confirmed["mailbox"], confirmed["state"]) == (ANN, "confirmed")
    assert confirmed["evidence"] == "11.5 of 9.2"
    far.same("guard", "cases", "ann", "--state", "confirmed")
    number = str(confirmed["number"])
    reading = ["--token-file", str(far.home / "reading")]
    refused = run("guard", "release", number, *far.options, *reading)
    assert refused.returncode == 2 and "not for case.release" in refused.stderr
    done = far.row("guard", "release", number, "--delete-all", "--reason", "was me")
    assert (done["state"], done["waiting"]) == ("released", 0)
    far.same("guard", "cases", "--state", "all")
    for words in (["release", "nobody@a.example"], ["release", "999"], ["cases", "--state", "x"]):
        said = far.ok("guard", *words, code=2)
        assert said == run("guard", *words, "--home", str(far.home)).stderr
    assert "for the machine itself" in far.ok("guard", "list", code=2)
