"""Automatic answers that speak of the message they answer, run by Pigeonhole."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from mailstead.mailplane.engines.dovecot.model import MAIL_USER
from mailstead.mailplane.engines.dovecot.rehearsal import SIEVE_TEST
from mailstead.wire.changes import AutoresponderPut
from mailstead.wire.sieve_rules import autoresponder_script

pytestmark = pytest.mark.engines
ME = "away@example.com"
_CONFIG = """\
ssl = no
log_path = /dev/stderr
mail_location = maildir:{folder}/Maildir
postmaster_address = postmaster@localhost
plugin {{
  sieve_extensions = +vacation-seconds
  sieve_vacation_min_period = 60s
}}
"""


def answered(folder: Path, *, sender: str, about: str, **other: object) -> tuple[str, str]:
    """Subject and text of the answer to a message."""
    values = {"subject": "Re: %subject%", "body": "hello", "html": False, **other}
    answer = AutoresponderPut(
        address=ME,
        starts=None,
        ends=None,
        interval=60,
        **values,  # type: ignore[arg-type]
    )
    shutil.chown(folder, MAIL_USER, MAIL_USER)
    (folder / "dovecot.conf").write_text(_CONFIG.format(folder=folder), encoding="utf-8")
    script = autoresponder_script(answer, [ME], keep=True)
    (folder / "answer.sieve").write_text(script, encoding="utf-8")
    message = f"From: {sender}\nTo: {ME}\nSubject: {about}\n\ntext\n"
    (folder / "message").write_text(message, encoding="utf-8")
    words = [SIEVE_TEST, "-c", "dovecot.conf", "-f", "bob@x.example", "-a", ME, "-r", ME]
    done = subprocess.run(
        [*words, "answer.sieve", "message"],
        cwd=folder,
        user=MAIL_USER,
        group=MAIL_USER,
        extra_groups=[],
        capture_output=True,
        timeout=30,
        check=False,
    )
    said = done.stdout.decode().replace("\r\n", "\n")
    assert done.returncode == 0, done.stderr.decode()
    assert "send vacation message" in said, said
    inside = said.split("START MESSAGE\n", 1)[1].split("\nEND MESSAGE", 1)[0]
    subject = next(line for line in said.splitlines() if line.strip().startswith("=> subject"))
    if inside.startswith("MIME-Version"):
        inside = inside.split("\n\n", 1)[1]
    return subject.split(": ", 1)[1].strip(), inside.strip()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """One that the mail user may enter."""
    for parent in (tmp_path, *list(tmp_path.parents)[:3]):
        if parent != Path("/tmp"):
            parent.chmod(parent.stat().st_mode | 0o711)
    return tmp_path


@pytest.mark.parametrize(
    ("sender", "name"),
    [
        ("Bob Ross <bob@x.example>", "Bob Ross"),
        ('"Ross, Bob" <bob@x.example>', "Ross, Bob"),
        ("=?utf-8?q?Bj=C3=B6rn?= <bob@x.example>", "Björn"),
        ("bob@x.example", "bob@x.example"),
    ],
)
def test_the_sender_is_named(folder: Path, sender: str, name: str) -> None:
    subject, body = answered(
        folder, sender=sender, about="=?utf-8?q?=C3=9Cber?=", body="Dear %from% (%email%)"
    )
    assert subject == "Re: Über"
    assert body == f"Dear {name} (bob@x.example)"


def test_what_looks_like_a_variable_is_text(folder: Path) -> None:
    said = answered(folder, sender="b@x.example", about="a", body="costs ${1} and $5, %subject%")
    assert said == ("Re: a", "costs ${1} and $5, a")


def test_a_text_without_tags_is_left_alone(folder: Path) -> None:
    said = answered(folder, sender="b@x.example", about="a", subject="Away", body="${subject}")
    assert said == ("Away", "${subject}")


def test_a_sender_cannot_put_markup_into_an_answer(folder: Path) -> None:
    _, body = answered(
        folder,
        sender="<b@x.example>",
        about='<img src="https://x.example/">',
        body="<p>About %subject% from %email%</p>",
        html=True,
    )
    assert body == "<p>About  from b@x.example</p>"
