"""`mailstead move`, on the machine itself and over the API."""

from __future__ import annotations

import json
from pathlib import Path

from tests.cli.commands import ok, run
from tests.cli.test_remote import Far
from tests.cli.test_remote import far as far
from tests.support.cpanel_account import everything


def test_an_archive_is_read_decided_and_forgotten(home: Path, tmp_path: Path) -> None:
    archive = str(everything().archive(tmp_path, "gz"))
    add = ("move", "add", archive, "--new-customer", "Acme", "--old-host", "192.0.2.7", "--json")
    made = json.loads(ok(home, *add))
    number = str(made["number"])
    assert (made["state"], made["reading"], made["account"]) == ("planned", "read", "acct")
    rows = json.loads(ok(home, "move", "plan", number, "--json"))["items"]
    assert len({row["key"] for row in rows}) == len(rows) > 20
    asked = [row for row in rows if row["grade"] == "asks"]
    assert len(asked) == made["asks"]
    for row in asked:
        ok(home, "move", "answer", number, row["key"], row["choices"][0])
    assert json.loads(ok(home, "move", "show", number, "--json"))["asks"] == 0
    started = json.loads(ok(home, "move", "start", number, "--reason", "now", "--json"))
    assert started["state"] == "copying"
    for words in (["show", "999"], ["switch", number], ["remove", number], ["verify", number]):
        refused = run("move", *words, "--home", str(home))
        assert refused.returncode == 2 and len(refused.stderr.splitlines()) == 1, refused


def test_the_same_over_the_api(far: Far, tmp_path: Path) -> None:
    archive = str(everything().archive(tmp_path, "gz"))
    made = json.loads(ok(far.home, "move", "add", archive, "--new-customer", "Acme", "--json"))
    number = str(made["number"])
    far.same("move", "list")
    far.same("move", "show", number)
    far.same("move", "plan", number)
    far.same("move", "report", number)
    far.same("move", "redirects", number)
    far.same("move", "returns", number)
    for words in (("return", number), ("end-return", number)):
        said = far.ok("move", *words, code=2)
        assert said == run("move", *words, "--home", str(far.home)).stderr
    for words in (("redirect", number, "cp1.old.example"), ("end-redirect", number, "a.example")):
        said = far.ok("move", *words, code=2)
        assert said == run("move", *words, "--home", str(far.home)).stderr
    said = far.ok("move", "show", "999", code=2)
    assert said == run("move", "show", "999", "--home", str(far.home)).stderr
    far.row("move", "remove", number)
    assert "Nothing found" in ok(far.home, "move", "list")
