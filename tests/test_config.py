"""Settings: a wrong value dies at once with one sentence that names the field."""

from __future__ import annotations

from pathlib import Path

import pytest

from mailstead.config import FILE_NAME, load, parse
from mailstead.standards.refusal import Refusal


def test_an_empty_file_gives_the_defaults(tmp_path: Path) -> None:
    (tmp_path / FILE_NAME).write_text("")
    settings = load(tmp_path)
    assert settings.home == tmp_path
    assert settings.ports.of("submission") == 587
    assert settings.storage.grace_days == 30


def test_the_offset_moves_every_port() -> None:
    settings = parse({"ports": {"offset": 10000, "imap": 1143}}, Path("/x"))
    assert settings.ports.of("smtp") == 10025
    assert settings.ports.of("imap") == 11143


@pytest.mark.parametrize(
    ("raw", "named"),
    [
        ({"home": "/elsewhere"}, "home"),
        ({"hostnam": "x"}, "hostnam"),
        ({"ports": {"smtp": "25"}}, "ports.smtp"),
        ({"ports": {"offset": -1}}, "ports.offset"),
        ({"ports": {"offset": 60000, "imaps": 9930}}, "65535"),
        ({"ports": {"imap": 25}}, "same port"),
        ({"recipient_delimiter": "++"}, "recipient_delimiter"),
        ({"storage": {"grace_days": -1}}, "grace_days"),
        ({"control": "there"}, "control"),
        ({"storage": {"message_limit": 1}}, "message_limit"),
    ],
)
def test_wrong_values_are_named(raw: dict[str, object], named: str) -> None:
    with pytest.raises(Refusal) as caught:
        parse(raw, Path("/x"))
    assert named in caught.value.words
    assert "\n" not in caught.value.sentence


def test_a_missing_instance_says_how_to_make_one(tmp_path: Path) -> None:
    with pytest.raises(Refusal, match="no instance"):
        load(tmp_path)


def test_broken_toml_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / FILE_NAME).write_text("a = = 1\n")
    with pytest.raises(Refusal) as caught:
        load(tmp_path)
    assert "\n" not in caught.value.sentence
