"""`mailstead breached`: built from what is published, asked without showing anything."""

from __future__ import annotations

import hashlib
import json
import os
import pty
import shutil
import subprocess
import time
from pathlib import Path

import pytest
from tests.cli.commands import COMMAND, ok, run

LEAKED = "sunshine and rain 77"


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """An instance as far as these commands look at one."""
    (tmp_path / "mailstead.toml").write_text('hostname = "mx.example.net"\n')
    return tmp_path


@pytest.fixture
def ordered(tmp_path: Path) -> Path:
    path = tmp_path / "hashes.txt"
    digests = sorted(hashlib.sha1(b"%d" % n).hexdigest() for n in range(1_000))
    path.write_text("".join(f"{digest.upper()}:7\r\n" for digest in digests))
    return path


@pytest.fixture
def combos(tmp_path: Path) -> Path:
    path = tmp_path / "combos.txt"
    path.write_text(f"ann@a.example:{LEAKED}\nbroken line\nbob@a.example;other:one\n")
    return path


def test_an_index_from_lists_to_answers(home: Path, ordered: Path, combos: Path) -> None:
    said = ok(home, "breached", "build", str(ordered), str(combos), code=3)
    assert "1 of 1,003 lines were left out, being of no known form: combos.txt line 2." in said
    assert "1,002 hashes are in" in said
    assert LEAKED not in said
    info = json.loads(ok(home, "breached", "info", "--verify", "--json"))
    assert (info["hashes"], info["verified"]) == (1_002, True)
    assert info["path"] == str(home / "breached" / "index")
    known = ok(home, "breached", "check", stdin=f"{LEAKED}\n", code=3)
    assert known == "This password is known from leaks: do not use it.\n"
    assert "not among" in ok(home, "breached", "check", stdin="nobody has this one\n")
    plain = json.loads(ok(home, "breached", "check", "--json", stdin="other:one\n", code=3))
    assert plain == {"breached": True}


def test_the_kind_of_a_list_can_be_said(home: Path, ordered: Path, tmp_path: Path) -> None:
    words = tmp_path / "words.txt"
    words.write_bytes(b"123456\r\nletmein\n")
    done = run("--home", str(home), "breached", "build", str(words))
    assert done.returncode == 2
    assert "Say it: --plain FILE" in done.stderr
    folder = tmp_path / "ranges"
    folder.mkdir()
    digits = hashlib.sha1(b"in a range").hexdigest().upper()
    (folder / f"{digits[:5]}.txt").write_text(f"{digits[5:]}:3\r\n")
    pairs = tmp_path / "pairs.txt"
    pairs.write_text("root:toor\n")
    named = ["--plain", words, "--ranges", folder, "--ordered", ordered, "--combos", pairs]
    out = tmp_path / "out"
    said = ok(home, "breached", "build", *map(str, named), "--out", str(out), "--json", code=3)
    made = json.loads(said)
    assert (made["hashes"], made["wrong_lines"], made["missing_ranges"]) == (1_004, 0, 16**5 - 1)
    for word in ("123456", "letmein", "in a range", "toor", "999"):
        ok(home, "breached", "check", "--index", str(out), stdin=f"{word}\n", code=3)
    assert not (home / "breached").exists()


def test_without_an_index_the_way_to_one_is_named(home: Path) -> None:
    for words in (["check"], ["info"]):
        done = run("--home", str(home), "breached", *words, stdin="word\n")
        assert done.returncode == 2
        assert "Build it: mailstead breached build." in done.stderr
    (home / "breached").mkdir()
    (home / "breached" / "index").write_bytes(b"not one")
    done = run("--home", str(home), "breached", "info")
    assert done.returncode == 2
    assert "cannot be used" in done.stderr


def test_nothing_given_is_refused(home: Path, combos: Path) -> None:
    assert "No list was given" in run("--home", str(home), "breached", "build").stderr
    ok(home, "breached", "build", str(combos), code=3)
    done = run("--home", str(home), "breached", "check", stdin="\n")
    assert (done.returncode, done.stdout) == (2, "")
    assert "No password was given" in done.stderr


def test_a_typed_password_is_not_shown(home: Path, combos: Path) -> None:
    ok(home, "breached", "build", str(combos), code=3)
    master, slave = pty.openpty()
    words = [str(COMMAND), "--home", str(home), "breached", "check"]
    with subprocess.Popen(words, stdin=slave, stdout=slave, stderr=slave, start_new_session=True):
        os.close(slave)
        seen = b""
        deadline = time.monotonic() + 60
        while b"Password: " not in seen and time.monotonic() < deadline:
            seen += os.read(master, 1_000)
        os.write(master, LEAKED.encode() + b"\n")
        while b"do not use it" not in seen and time.monotonic() < deadline:
            seen += os.read(master, 1_000)
    os.close(master)
    assert b"do not use it" in seen
    assert LEAKED.encode() not in seen


def test_a_mailbox_gets_its_warning_on_the_command_line(
    home: Path, bare_home: Path, combos: Path
) -> None:
    shutil.copytree(bare_home, home, dirs_exist_ok=True)
    ok(home, "server", "add", "node1", "--hostname", "mx.example.net")
    ok(home, "customer", "add", "Ann")
    ok(home, "domain", "add", "a.example", "--customer", "Ann", "--no-dkim")
    ok(home, "breached", "build", str(combos), code=3)
    said = ok(home, "mailbox", "add", "ann@a.example", "--password-stdin", stdin=f"{LEAKED}\n")
    assert "known from leaks" in said
    fresh = ["mailbox", "password", "ann@a.example", "--password-stdin", "--json"]
    assert json.loads(ok(home, *fresh, stdin="no list has this one\n"))["breached"] is False
    (home / "mailstead.toml").write_text('[passwords]\nbreached = "refuse"\n')
    done = run("--home", str(home), *fresh, stdin=f"{LEAKED}\n")
    assert done.returncode == 2
    assert "Choose one that you use nowhere else" in done.stderr
