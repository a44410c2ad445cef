"""From Dovecot's JSON to an answer in words, and to what the guard learns."""

from __future__ import annotations

import datetime as dt
import json
from pathlib import Path
from typing import Any

import pytest

from mailstead.mailplane.guard.acts import SignIn
from mailstead.mailplane.guard.logins.clients import Trusted
from mailstead.mailplane.guard.logins.desk import LoginDesk
from mailstead.mailplane.guard.logins.detector import LoginDetector
from mailstead.mailplane.guard.logins.http import Request
from mailstead.mailplane.guard.logins.memory import LoginMemory
from mailstead.wire.changes import BlockLiftPut

NOW = 1_800_000_000.0
ANN, THIEF = "ann@here.example", "198.51.100.5"
PAGE = "https://panel.example/blocked/"


class Lifts:
    """The node's directory, as far as it matters here."""

    def __init__(self) -> None:
        self.said: list[tuple[str, BlockLiftPut]] = []

    def all(self) -> list[tuple[str, BlockLiftPut]]:
        return self.said


class Desk:
    def __init__(self, path: Path, *, blocking: bool = True) -> None:
        self.at = NOW
        self.learned: list[SignIn] = []
        self.lifts = Lifts()
        self.desk = LoginDesk(
            detector=LoginDetector(Trusted()),
            memory=LoginMemory(path / "logins.db"),
            lifts=self.lifts,  # type: ignore[arg-type]
            key="k",
            page=PAGE,
            blocking=blocking,
            now=lambda: self.at,
            signed_in=self.learned.append,
        )

    def post(self, command: str, body: object, key: str = "k") -> tuple[int, Any]:
        raw = body if isinstance(body, bytes) else json.dumps(body).encode()
        made = Request("POST", f"/?command={command}", f"Bearer {key}", raw)
        response = self.desk.answer(made)
        return response.status, json.loads(response.body) if response.body else None

    def login(
        self, password: int = 1, *, right: bool = False, client: str = THIEF, **more: object
    ) -> Any:
        """What Dovecot asks, and reports if it may go on."""
        asked = {
            "login": ANN, "password": f"{password:04x}", "client": client, "service": "imap",
            "session": "s", "device": "", "tls": True, **more,
        }  # fmt: skip
        status, verdict = self.post("allow", asked)
        assert status == 200
        refused = verdict["status"] < 0
        report = {**asked, "success": right and not refused, "policy_reject": refused}
        if asked["service"] == "smtp":
            # The name has become another one, and the hash with it.
            report["password"] = f"{(password * 7919 + int(self.at)) % 65536:04x}"
        assert self.post("report", report) == (200, None)
        self.at += 1
        return verdict


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path)


def test_a_refusal_says_why_how_long_and_where(desk: Desk) -> None:
    assert [desk.login(number)["status"] for number in range(11)] == [0] * 10 + [-1]
    words = desk.login(99)["msg"]
    assert words == (
        "Too many different wrong passwords from your network for this mailbox. "
        f"Try again in 10 minutes, or sign in at {PAGE}"
    )
    assert words.isascii() and not set(words) & set('\r\n"\\')


def test_it_says_no_more_of_an_account_that_is_there_than_of_another(desk: Desk) -> None:
    desk.login(500, right=True, client="192.0.2.1")
    told = [desk.login(n, login=name) for name in (ANN, "x@here.example") for n in range(12)]
    assert told[:12] == told[12:]


def test_the_same_wrong_password_counts_once_over_smtp_too(desk: Desk) -> None:
    for _ in range(50):
        assert desk.login(7, service="smtp", session="")["status"] == 0


def test_a_client_that_was_refused_is_not_counted_for_it(desk: Desk) -> None:
    ends = [desk.login(number) for number in range(200)][10:]
    assert {one["status"] for one in ends} == {-1}
    desk.at = NOW + 10 + 600
    assert desk.login(500, right=True)["status"] == 0


def test_the_guard_hears_of_every_log_in_that_succeeds(desk: Desk) -> None:
    device = '"name" "Thunderbird" "version" "115.0"'
    desk.login(right=True, device=device, login="Ann@Here.Example")
    desk.login(right=True, service="smtp", session="")
    desk.login(right=True, service="sieve")
    desk.login(right=True, service="pop3")
    desk.login(right=False)
    # doveadm is nobody's client.
    desk.login(right=True, service="doveadm")
    assert desk.learned == [
        SignIn(NOW, ANN, "imap", THIEF, "Thunderbird"),
        SignIn(NOW + 1, ANN, "smtp", THIEF, ""),
        SignIn(NOW + 2, ANN, "sieve", THIEF, ""),
        SignIn(NOW + 3, ANN, "pop3", THIEF, ""),
    ]


def test_who_only_watches_lets_everybody_in(tmp_path: Path) -> None:
    desk = Desk(tmp_path, blocking=False)
    assert {desk.login(number)["status"] for number in range(40)} == {0}


@pytest.mark.parametrize(
    ("command", "body", "key", "status"),
    [
        ("allow", {}, "k", 400),
        ("allow", b"{", "k", 400),
        ("allow", b"\xff\xfe", "k", 400),
        ("allow", b"[]", "k", 400),
        ("allow", {"login": 5, "password": "00", "client": ""}, "k", 400),
        ("allow", {"login": "a", "password": "zz", "client": ""}, "k", 400),
        ("allow", {"login": "a", "password": "00", "client": ""}, "wrong", 401),
        ("report", {"login": "a", "password": "00", "client": ""}, "", 401),
        ("drop", {"login": "a", "password": "00", "client": ""}, "k", 404),
    ],
)
def test_what_is_not_dovecots_is_refused(
    desk: Desk, command: str, body: object, key: str, status: int
) -> None:
    assert desk.post(command, body, key) == (status, None)
    assert desk.learned == []


def test_a_very_long_name_and_a_client_that_is_none_do_no_harm(desk: Desk) -> None:
    for number in range(30):
        assert desk.login(number, login="x" * 5_000, client="nobody")["status"] == 0
        desk.login(number, login="y" * 5_000)


def test_a_word_of_the_control_plane_is_followed_once(desk: Desk) -> None:
    for number in range(12):
        desk.login(number)
    said = dt.datetime.fromtimestamp(desk.at, dt.UTC)
    desk.lifts.said = [(f"{THIEF} {ANN}", BlockLiftPut(client=THIEF, account=ANN, at=said))]
    desk.desk.follow()
    assert desk.login(50)["status"] == 0
    for number in range(60, 72):
        desk.login(number)
    desk.desk.follow()
    assert desk.login(80)["status"] == -1
