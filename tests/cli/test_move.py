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


def test_a_roundcube_that_is_not_there_is_named(home: Path, tmp_path: Path) -> None:
    ok(home, "move", "add", str(everything().archive(tmp_path, "gz")), "--customer", "Ann")
    nothing = tmp_path / "roundcube.db"
    done = run("move", "webmail", "1", "--into", str(nothing), "--home", str(home))
    assert done.returncode == 2 and f"no Roundcube's file at {nothing}" in done.stderr


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


LIST = "ann@imap.example,her secret\nbob@imap.example,his secret,bob\n"


def test_a_move_from_an_imap_server_from_elsewhere(far: Far, tmp_path: Path) -> None:
    boxes = tmp_path / "boxes.csv"
    boxes.write_text(LIST)
    add = ("move", "add-imap", "mail.old.example", "--new-customer", "Acme")
    made = far.row(*add, "--csv", str(boxes), "--tls", "starttls", "--port", "143")
    number = str(made["number"])
    assert (made["place"], made["reading"]) == ("mail.old.example:143", "asked")
    far.same("move", "show", number)
    far.same("move", "plan", number)
    boxes.write_text("ann@imap.example,x\nnobody,y\n")
    said = far.ok(*add, "--csv", str(boxes), code=2)
    assert "Line 2" in said
    assert said == run(*add, "--csv", str(boxes), "--home", str(far.home)).stderr
    # A master user's password comes first, then the list.
    far.ok(*add, "--csv", "-", "--master-user", "admin", stdin="the key\ncarl@imap.example\n")
    far.ok("move", "logins", number, "--csv", "-", stdin="ann@imap.example,other\n")
    assert "does not belong" in far.ok(
        "move", "logins", number, "--csv", "-", stdin="eve@imap.example,other\n", code=2
    )
    assert "nothing" in far.ok("move", "logins", number, code=2).lower()


def test_what_was_asked_and_the_pace_are_changed_from_elsewhere(far: Far, tmp_path: Path) -> None:
    boxes = tmp_path / "boxes.csv"
    boxes.write_text(LIST)
    add = ("move", "add-imap", "mail.old.example", "--new-customer", "Acme", "--csv", str(boxes))
    number = str(json.loads(ok(far.home, *add, "--json"))["number"])
    far.ok("move", "batch", "London", "--at-once", "4")
    far.ok("move", "batch", "London", "--at-once", "5")
    far.same("move", "batch")
    told = far.row(
        "move", "set", number, "--batch", "London", "--octets-per-second", "5M", "--note", "Soon",
        "--old-host", "192.0.2.7", "--new-customer", "Acme Ltd",
    )  # fmt: skip
    assert (told["batch"], told["octets_per_second"], told["note"]) == ("London", 5 * 2**20, "Soon")
    assert (told["old_host"], told["customer_name"]) == ("192.0.2.7", "Acme Ltd")
    assert far.row("move", "set", number, "--batch", "")["batch"] == ""
    far.ok("move", "pace", "node1", "--at-once", "3", "--octets-per-second", "20M")
    far.same("move", "pace")
    rows = json.loads(ok(far.home, "move", "pace", "--json"))["items"]
    assert (rows[0]["at_once"], rows[0]["octets_per_second"]) == (3, 20 * 2**20)
    assert "between 1 and 64" in ok_not(far.home, "move", "pace", "node1", "--at-once", "99")


def ok_not(home: Path, *words: str) -> str:
    refused = run(*words, "--home", str(home))
    assert refused.returncode == 2 and len(refused.stderr.splitlines()) == 1, refused
    return refused.stderr.lower()
