"""The doctor counts hashes from other servers, and says when nothing renews them."""

from __future__ import annotations

import contextlib
from pathlib import Path

import pytest

from mailstead.config import Settings
from mailstead.home import Home
from mailstead.mailplane.directory import schema
from mailstead.mailplane.node.doctor import Context, passwords
from mailstead.standards.password import rehashed


@pytest.fixture
def context(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Context:
    monkeypatch.setattr(passwords, "hands_over", lambda: True)
    return Context(Home(tmp_path), Settings())


def put(context: Context, *secrets: str, may: int = 1) -> None:
    with contextlib.closing(schema.connect(context.home.directory_database)) as base:
        for number, secret in enumerate(secrets):
            row = (f"x{number}.{may}@a.example", secret, may)
            base.execute("INSERT INTO login VALUES (?, ?, 'x', ?, 1, 0, 0)", row)


def test_before_there_is_anything_all_is_well(context: Context) -> None:
    assert passwords.check(context).state == "ok"


def test_hashes_of_the_house_and_closed_mailboxes_do_not_count(context: Context) -> None:
    put(context, rehashed(b"x"), rehashed(b"y"))
    put(context, "", "{MD5-CRYPT}$1$x", may=0)
    found = passwords.check(context)
    assert (found.state, found.words) == ("ok", "Every password has a hash of the house.")


def test_those_that_will_be_renewed_are_counted(context: Context) -> None:
    put(context, rehashed(b"x"), "{MD5-CRYPT}$1$x", "{CRYPT}$y$x")
    found = passwords.check(context)
    assert (found.state, found.words[:12]) == ("ok", "2 mailboxes ")


def test_it_warns_where_nothing_renews_them(
    context: Context, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(passwords, "hands_over", lambda: False)
    put(context, "{MD5-CRYPT}$1$x")
    found = passwords.check(context)
    assert (found.state, "lua-socket" in found.remedy) == ("warn", True)
