"""Which hashes are the house's, as Python and SQLite say alike; one can be made of any password."""

from __future__ import annotations

import sqlite3
from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from mailstead.mailplane.engines.dovecot import render
from mailstead.standards import password as passwords
from mailstead.standards.refusal import Refusal

LONG = "a" * 86
OF_HOUSE = [
    "{SHA512-CRYPT}$6$saltsalt$" + LONG,
    "{SHA512-CRYPT}$6$rounds=5000$saltsalt$" + LONG,
    "{SHA512-CRYPT}$6$rounds=10000$saltsalt$" + LONG,
    "{SHA512-CRYPT}$6$rounds=400000$saltsalt$" + LONG,
]
FOUND = [
    "{SHA512-CRYPT}$6$rounds=1000$saltsalt$" + LONG,
    "{SHA512-CRYPT}$6$rounds=4999$saltsalt$" + LONG,
    "{SHA512-CRYPT}$6$rounds=9$saltsalt$" + LONG,
    "{SHA256-CRYPT}$5$saltsalt$" + "a" * 43,
    "{MD5-CRYPT}$1$saltsalt$" + "a" * 22,
    "{BLF-CRYPT}$2y$05$" + "a" * 53,
    "{CRYPT}$y$j9T$saltsalt$" + "a" * 43,
    "{CRYPT}aaaaaaaaaaaaa",
    "{SSHA512}" + LONG,
    "",
]


def by_sqlite(secret: str) -> bool:
    """What Dovecot's question says."""
    base = sqlite3.connect(":memory:")
    (found,) = base.execute(f"SELECT {render._FOUND_HASH} FROM (SELECT ? AS secret)", (secret,))
    base.close()
    assert found[0] in (None, "Y")
    return found[0] is None


@pytest.mark.parametrize("secret", OF_HOUSE + FOUND)
def test_the_houses_scheme_with_enough_rounds_is_the_houses(secret: str) -> None:
    assert passwords.is_of_house(secret) is (secret in OF_HOUSE)


@given(
    st.one_of(
        st.text(max_size=60),
        st.builds(
            "{{SHA512-CRYPT}}$6$rounds={}$s$h".format, st.integers(0, 10**9) | st.text(max_size=6)
        ),
        st.builds("{{SHA512-CRYPT}}$6${}".format, st.text("$=0123456789rounds[]*?", max_size=30)),
    ).filter(lambda text: "\0" not in text)
)
@example("{sha512-crypt}$6$salt$x")
def test_dovecots_question_says_the_same(secret: str) -> None:
    assert by_sqlite(secret) is passwords.is_of_house(secret)


@pytest.mark.parametrize(
    "password", [b"x", b"short", b"caf\xe9 in latin-1", "密码".encode(), b"a" * 511]
)
def test_whatever_somebody_has_as_password_can_be_hashed_anew(password: bytes) -> None:
    made = passwords.rehashed(password)
    assert passwords.is_made_here(made)
    assert passwords.is_of_house(made)
    assert passwords.verify(password, made)
    assert not passwords.verify(password + b"x", made)
    assert made != passwords.rehashed(password), "each has a salt of its own"


def test_what_crypt_does_not_take_is_an_error() -> None:
    with pytest.raises(RuntimeError):
        passwords.rehashed(b"a" * 600)


def test_a_new_password_must_still_be_a_good_one() -> None:
    with pytest.raises(Refusal):
        passwords.hashed("short")


@pytest.mark.parametrize("secret", [*OF_HOUSE, passwords.rehashed(b"x") + "\n"])
def test_what_looks_like_ours_and_is_not_is_not_ours(secret: str) -> None:
    assert not passwords.is_made_here(secret)


def test_threads_that_hash_at_once_do_not_get_each_others() -> None:
    some = [f"password {number}".encode() for number in range(60)]
    with ThreadPoolExecutor(8) as pool:
        made = list(pool.map(passwords.rehashed, some))
        right = list(pool.map(passwords.verify, some, made))
    assert all(right)
