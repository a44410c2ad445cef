"""The command itself: exit codes, one sentence for an error, no trace, JSON anywhere."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from tests.cli.commands import ok, run


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["nothing"], "No such command 'nothing'"),
        (["mailbox", "add"], "Missing argument"),
        (["mailbox", "list", "--nothing"], "No such option"),
        (["--home"], "--home needs a directory"),
    ],
)
def test_a_wrong_command_is_answered_with_one_sentence(words: list[str], said: str) -> None:
    done = run(*words)
    assert (done.returncode, done.stdout) == (2, "")
    assert said in done.stderr
    assert len(done.stderr.splitlines()) == 1


@pytest.mark.parametrize(
    "words",
    [["status"], ["mailbox", "list"], ["down"], ["directory", "check"], ["queue", "list"]],
)
def test_without_an_instance_the_way_to_one_is_named(words: list[str], tmp_path: Path) -> None:
    done = run(*words, "--home", str(tmp_path / "none"))
    assert done.returncode == 2, done
    assert "Run 'mailstead up' first, or name another home with --home." in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_every_noun_tells_what_it_can() -> None:
    nouns = "mailbox domain forwarder catchall autoresponder customer server rules directory queue"
    for noun in [*nouns.split(), "service", "audit", "address"]:
        done = run(noun, "--help")
        assert done.returncode == 0
        assert "Usage" in done.stdout


def test_version() -> None:
    assert run("--version").stdout.startswith("mailstead ")


def test_a_mailbox_from_its_birth_to_its_restoration(home: Path) -> None:
    ok(home, "mailbox", "add", "ann@a.example", "--password-stdin", stdin="a long password\n")
    made = json.loads(ok(home, "mailbox", "add", "bob@a.example", "--generate", "--json"))
    assert len(made["password"]) == 20
    rows = json.loads(ok(home, "mailbox", "list", "--search", "ann", "--json"))
    assert [row["address"] for row in rows["items"]] == ["ann@a.example"]
    first = json.loads(ok(home, "--json", "mailbox", "list", "--limit", "1"))
    second = json.loads(ok(home, "mailbox", "list", "--after", str(first["next"]), "--json"))
    assert [r["address"] for r in second["items"]] == ["bob@a.example"]
    ok(home, "mailbox", "suspend", "ann@a.example", "--sending", "--reason", "spam")
    shown = json.loads(ok(home, "mailbox", "show", "ann@a.example", "--json"))
    assert shown["sending_suspended"] == "spam"
    assert "restore" in ok(home, "mailbox", "remove", "ann@a.example")
    ok(home, "mailbox", "show", "ann@a.example", code=2)
    assert "ann@a.example" in ok(home, "mailbox", "list", "--removed")
    ok(home, "mailbox", "restore", "ann@a.example")
    assert "More: add --before " in ok(home, "audit", "list", "--limit", "1")
    verbs = [row["verb"] for row in json.loads(ok(home, "audit", "list", "--json"))["items"]]
    assert "mailbox.restore" in verbs


def test_a_password_is_never_an_argument(home: Path) -> None:
    done = run("--home", str(home), "mailbox", "add", "ann@a.example", "--password", "secret")
    assert done.returncode == 2
    nobody = run("--home", str(home), "mailbox", "add", "ann@a.example")
    assert nobody.returncode == 2
    assert "--password-stdin" in nobody.stderr


HASH = "$6$saltsalt$" + "a" * 86


def test_an_import_says_what_it_refuses_and_goes_on_when_run_again(home: Path) -> None:
    table = home / "in.csv"
    table.write_bytes(
        b"\xef\xbb\xbfaddress;hash;quota\n"
        + f"ann@a.example;{HASH};5G\nbad name@a.example;{HASH};\nbob@b.example;{HASH};\n".encode()
    )
    dry = json.loads(ok(home, "mailbox", "import", str(table), "--dry-run", "--json", code=3))
    assert (dry["made"], dry["refused"]) == (1, 2)
    assert json.loads(ok(home, "mailbox", "list", "--json"))["items"] == []
    refused = home / "refused.csv"
    ok(home, "mailbox", "import", str(table), "--refused", str(refused), code=3)
    lines = refused.read_text().splitlines()
    assert [line.partition(",")[0] for line in lines] == ["3", "4"]
    assert HASH not in refused.read_text()
    again = json.loads(ok(home, "mailbox", "import", str(table), "--json", code=3))
    assert (again["made"], again["present"], again["refused"]) == (0, 1, 2)


def test_forwarders_are_imported_with_everything_that_cpanel_knows(home: Path) -> None:
    table = (
        "address,to,keep_copy\n"
        'info@a.example,"far@far.example, b@far.example",\n'
        "no@a.example,:fail: Nobody here,\n"
        "hole@a.example,:blackhole:,\n"
        "info2@a.example,info2@a.example,\n"
    )
    words = ok(home, "forwarder", "import", "-", stdin=table, code=3)
    assert "3 made, 0 present already, 1 refused" in words
    row = json.loads(ok(home, "forwarder", "show", "no@a.example", "--json"))
    assert (row["action"], row["text"]) == ("fail", "Nobody here")
    again = ok(home, "forwarder", "import", "-", stdin=table, code=3)
    assert "0 made, 3 present already, 1 refused" in again


def test_a_whole_company_is_imported_and_a_second_run_changes_nothing(home: Path) -> None:
    tables = {
        "customer": "name,email,quota,mailboxes\nBea,bea@far.example,20G,50\nCid,,,many\n",
        "domain": "name,customer\nb.example,bea\nc.example,Nobody\n",
        "catchall": "domain,to\nb.example,:fail: No such person\na.example,x@far.example\n"
        "z.example,x@far.example\n",
        "autoresponder": 'address,subject,body,until,html\nann@b.example,Away,"Line\n\nGrüße",'
        "2030-01-01,no\nbob@b.example,Away,,,maybe\n",
    }
    for noun, table in tables.items():
        dry = json.loads(ok(home, noun, "import", "-", "--dry-run", "--json", stdin=table, code=3))
        first = json.loads(ok(home, noun, "import", "-", "--json", stdin=table, code=3))
        again = json.loads(ok(home, noun, "import", "-", "--json", stdin=table, code=3))
        assert (dry["made"], dry["refused"]) == (first["made"], first["refused"]), noun
        assert (again["made"], again["present"]) == (0, first["made"]), noun
        assert first["refused"] == 1, noun
    assert json.loads(ok(home, "customer", "show", "Bea", "--json"))["quota"] == 20 * 2**30
    assert len(json.loads(ok(home, "domain", "show", "b.example", "--json"))["dns"]) == 5
    answer = json.loads(ok(home, "autoresponder", "show", "ann@b.example", "--json"))
    assert (answer["body"], answer["ends"][:10]) == ("Line\n\nGrüße", "2030-01-01")
    other = "domain,to\nb.example,:blackhole:\n"
    assert "0 made, 0 present already, 1 refused" in ok(
        home, "catchall", "import", "-", stdin=other, code=3
    )


def test_add_does_not_overwrite_and_set_changes_what_is_given(home: Path) -> None:
    ok(home, "forwarder", "add", "i@a.example", "--to", "x@far.example", "--keep-copy")
    ok(home, "forwarder", "add", "i@a.example", "--blackhole", code=2)
    ok(home, "forwarder", "set", "i@a.example", "--to", "y@far.example", "--to", "z@far.example")
    row = json.loads(ok(home, "forwarder", "set", "i@a.example", "--json"))
    assert row["destinations"] == ["y@far.example", "z@far.example"]
    assert row["keep_copy"] is True
    row = json.loads(ok(home, "forwarder", "set", "i@a.example", "--no-keep-copy", "--json"))
    assert (row["action"], row["keep_copy"]) == ("deliver", False)
    until = ("--until", "2030-01-01")
    ok(home, "autoresponder", "add", "i@a.example", "--subject", "Away", *until, stdin="Text")
    ok(home, "autoresponder", "add", "i@a.example", "--subject", "Gone", stdin="Text", code=2)
    ok(home, "autoresponder", "set", "i@a.example", "--subject", "Back soon")
    answer = json.loads(ok(home, "autoresponder", "show", "i@a.example", "--json"))
    assert (answer["subject"], answer["body"]) == ("Back soon", "Text")
    assert answer["ends"] is not None
    ended = json.loads(ok(home, "autoresponder", "set", "i@a.example", "--until", "none", "--json"))
    assert ended["ends"] is None


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"name,hash\nx,y\n", "must name the columns address"),
        (b"address,colour\nx,y\n", "it names 'colour'"),
        (b"address,hash\n\xff\xfe@a.example,x\n", "not UTF-8"),
        (b"", "must name the columns"),
    ],
)
def test_a_file_that_is_none_is_refused(home: Path, content: bytes, said: str) -> None:
    (home / "in.csv").write_bytes(content)
    done = run("--home", str(home), "mailbox", "import", str(home / "in.csv"))
    assert done.returncode == 2, done
    assert said in done.stderr
