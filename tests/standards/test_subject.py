"""A subject is found again however it was answered, and not without the key."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailstead.mailplane.engines.rspamd import facts
from mailstead.standards.subject import DIGITS, bare, subject_hash

KEY = b"k" * 64
SUBJECTS = [
    "Offer",
    "  Re: RE: Aw:  Wg: offer\t of  today ",
    "FWD: Re[2]: Ärger mit Größe ÜBER ΣΑΣ",
    "Reply: no prefix",
    "re:re:re:",
    "日本語の件名",
    "x" * 3000,
    "[list] Re: deep",
    "100% %d %s ^$()[]",
    "quotes \" \\ and '",
]


@pytest.mark.parametrize(
    ("subject", "left"),
    [
        ("Offer", "offer"),
        ("  Re: AW:  Wg: Offer\t of  today ", "offer of today"),
        ("Re[2]: Offer", "offer"),
        ("Reply: Offer", "reply: offer"),
        ("Re:", ""),
        ("", ""),
    ],
)
def test_what_is_left_of_a_subject(subject: str, left: str) -> None:
    assert bare(subject) == left


def test_it_is_nothing_without_a_key_and_short() -> None:
    assert subject_hash("Offer", KEY) != subject_hash("Offer", b"x" * 64)
    assert len(subject_hash("Offer", KEY)) == DIGITS
    assert subject_hash("Re: ", KEY) == ""


@given(st.text())
def test_any_text_has_a_hash_and_an_answer_to_it_the_same(text: str) -> None:
    assert subject_hash(f"Re: {text}", KEY) == subject_hash(text, KEY)


@pytest.mark.engines
def test_rspamd_makes_the_same_hashes(tmp_path: Path) -> None:
    key = tmp_path / "key"
    key.write_bytes(KEY)
    script = tmp_path / "facts.lua"
    # Outside of a scanner there is nothing to register with.
    stub = "rspamd_config = {register_symbol = function() end}\n"
    shown = "".join(
        f"print(mailstead_subject([==[{text}]==], [[{KEY.decode()}]]) or '')\n" for text in SUBJECTS
    )
    script.write_text(stub + facts.lua(str(key)) + shown, encoding="utf-8")
    done = subprocess.run(
        ["rspamadm", "lua", "-b", str(script)], capture_output=True, text=True, check=False
    )
    print(done.stderr, file=sys.stderr)
    assert done.stdout.split("\n")[: len(SUBJECTS)] == [subject_hash(s, KEY) for s in SUBJECTS]
