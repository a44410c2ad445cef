"""The doctor says when leaked passwords are not looked at though they should be."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from mailstead.breached import lists
from mailstead.breached.build import build
from mailstead.config import Passwords, Settings
from mailstead.home import Home
from mailstead.mailplane.node.doctor import Context, breached


@pytest.fixture
def context(tmp_path: Path) -> Context:
    text = tmp_path / "list.txt"
    text.write_text(hashlib.sha1(b"sunshine").hexdigest() + ":3\n")
    build([lists.source(text)], Home(tmp_path).breached_index)
    return Context(Home(tmp_path), Settings())


def test_a_good_index_is_counted(context: Context) -> None:
    found = breached.check(context)
    assert (found.state, found.words) == ("ok", "1 leaked passwords are known.")


def test_without_an_index_all_is_well(context: Context) -> None:
    context.home.breached_index.unlink()
    assert breached.check(context).state == "ok"


def test_a_damaged_index_is_told(context: Context) -> None:
    context.home.breached_index.write_bytes(b"x" * 500)
    found = breached.check(context)
    assert (found.state, "breached build" in found.remedy) == ("warn", True)


def test_a_missing_package_is_told(context: Context, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(breached, "LUA_PLUGIN", Path("/nowhere/lua.so"))
    found = breached.check(context)
    assert (found.state, "dovecot-auth-lua" in found.remedy) == ("warn", True)


def test_where_nobody_looks_nothing_is_missed(context: Context) -> None:
    settings = Settings(passwords=Passwords(breached="off"))
    assert breached.check(Context(context.home, settings)).state == "ok"
