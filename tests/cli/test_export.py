"""`mailstead export`, on the machine itself and over the API: another Mailstead reads it again."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

from tests.cli.commands import ok, run
from tests.cli.test_commands import HASH
from tests.cli.test_remote import Far
from tests.cli.test_remote import far as far

# What the worker does about exports.
WORKER = """
import datetime as dt, sys, time
from pathlib import Path
from mailstead.control.project.bootstrap import setup
setup(Path(sys.argv[1]))
from mailstead.control.moves.services import make_due
while True:
    make_due(dt.datetime.now(dt.UTC))
    time.sleep(0.2)
"""


def filled(home: Path, messages: int = 3) -> None:
    """A mailbox with mail, and a forwarder."""
    ok(home, "mailbox", "add", "ann@a.example", "--hash-stdin", stdin=HASH)
    ok(home, "forwarder", "add", "sales@a.example", "--to", "ann@a.example")
    folder = home / "mail/a.example/ann/Maildir/cur"
    folder.mkdir(parents=True)
    for number in range(messages):
        (folder / f"{number}.m:2,S").write_bytes(b"Subject: hello\n\nhello\n")


def test_an_export_with_its_mail_is_read_again(home: Path, tmp_path: Path) -> None:
    filled(home)
    for name, words in (("all.tar.gz", ["Ann"]), ("one.tar.zst", ["--domain", "a.example"])):
        file = tmp_path / name
        said = ok(home, "export", *words, "--to", str(file), "--with-mail", "--json")
        told = json.loads(said)
        assert (told["mailboxes"], told["messages"], told["domains"]) == (1, 3, 1)
        assert file.stat().st_mode & 0o777 == 0o600
        assert file.stat().st_size == told["size"]
        assert list(tmp_path.glob("*.part*")) == list(tmp_path.glob("*.plan")) == []
        assert not list((home / "mail/.exports").iterdir())
        row = json.loads(ok(home, "move", "add", str(file), "--new-customer", name, "--json"))
        assert row["reading"] == "read"
        plan = json.loads(ok(home, "move", "plan", str(row["number"]), "--json"))["items"]
        by_key = {one["key"]: one for one in plan}
        assert by_key["mail:ann@a.example"]["grade"] != "asks"
        assert not [one for one in plan if one["key"].startswith("remark")]
    trail = json.loads(ok(home, "audit", "list", "--json"))["items"]
    assert [one["verb"] for one in trail].count("export.create") == 2


def test_what_cannot_be_exported_is_refused(home: Path, tmp_path: Path) -> None:
    there = tmp_path / "there.tar"
    there.touch()
    for words in (
        ["Ann", "--domain", "a.example", "--to", str(tmp_path / "x.tar")],
        ["--to", str(tmp_path / "x.tar")],
        ["Ann", "--to", str(tmp_path / "x.zip")],
        ["Ann", "--to", str(there)],
        ["Nobody", "--to", str(tmp_path / "x.tar")],
        ["--domain", "other.example", "--to", str(tmp_path / "x.tar")],
    ):
        refused = run("export", *words, "--home", str(home))
        assert refused.returncode == 2 and len(refused.stderr.splitlines()) == 1, refused
    assert list(tmp_path.glob("x.*")) == []


def test_the_same_over_the_api(far: Far, tmp_path: Path) -> None:
    ok(far.home, "mailbox", "add", "ann@a.example", "--hash-stdin", stdin=HASH)
    worker = subprocess.Popen([sys.executable, "-c", WORKER, str(far.home)])
    try:
        file = tmp_path / "far.tar.zst"
        told = json.loads(far.ok("export", "--domain", "a.example", "--to", str(file), "--json"))
    finally:
        worker.terminate()
        worker.wait(timeout=20)
    assert file.stat().st_size == told["size"]
    assert file.stat().st_mode & 0o777 == 0o600
    row = json.loads(ok(far.home, "move", "add", str(file), "--new-customer", "B", "--json"))
    assert row["reading"] == "read"
