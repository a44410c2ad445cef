"""A password's hash comes through with its locks told apart."""

from __future__ import annotations

import pytest
from tests.support.cpanel import HASHES

from mailstead.foreign.cpanel.secrets import Secret, read_secret


@pytest.mark.parametrize("kind", HASHES)
@pytest.mark.parametrize(
    ("front", "account", "login"),
    [("", False, False), ("*LOCKED*", True, False), ("!!", False, True), ("!", False, True)],
)
def test_hashes_behind_locks(kind: str, front: str, account: bool, login: bool) -> None:
    assert read_secret(front + HASHES[kind]) == Secret(HASHES[kind], account, login, True)


@pytest.mark.parametrize("text", ["!!", "!", "!!*", "*LOCKED*!!"])
def test_a_lock_without_a_hash_leaves_no_password(text: str) -> None:
    found = read_secret(text)
    assert (found.hash, found.login_locked, found.known) == ("", True, True)


@pytest.mark.parametrize("text", ["", "*", "x"])
def test_no_password_is_no_lock(text: str) -> None:
    assert read_secret(text) == Secret("", False, False, True)


@pytest.mark.parametrize(
    "text",
    ["{SSHA}abc", "$6$short", "$9$a$b", "plain text", "$6$a$" + "x" * 85, "$2y$05$x", "a:b"],
)
def test_what_is_no_hash_does_not_come(text: str) -> None:
    found = read_secret(text)
    assert (found.hash, found.known) == ("", False)
