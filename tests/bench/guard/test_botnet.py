"""The file of published addresses is read as it is, and a wrong one is refused with its reason."""

from __future__ import annotations

import random
from pathlib import Path

import pytest
from bench.guard.botnet import AT_LEAST, read

from mailstead.standards.refusal import Refusal

HEAD = '"IP Address", "AS Number", "AS Name", "CIDR"\n'
ROWS = "".join(
    f'"192.0.2.{n}", "{64496 + n % 3}", "EXAMPLE-{n % 3} Example, Ltd., XX", "192.0.2.0/24"\n'
    for n in range(1, AT_LEAST + 1)
)


def _file(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "bots.csv"
    path.write_text(text, encoding="utf-8")
    return path


def test_addresses_and_networks_are_read_though_names_hold_commas(tmp_path: Path) -> None:
    botnet = read(_file(tmp_path, HEAD + ROWS))
    assert len(botnet.addresses) == AT_LEAST
    assert botnet.addresses[0] == "192.0.2.1"
    assert botnet.networks == 3


def test_a_draw_has_no_address_twice_and_no_more_than_there_are(tmp_path: Path) -> None:
    botnet = read(_file(tmp_path, HEAD + ROWS))
    drawn = botnet.draw(20, random.Random(1))
    assert len(set(drawn)) == 20
    assert len(botnet.draw(10_000, random.Random(1))) == AT_LEAST


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (HEAD + '"192.0.2.1", "64496"\n', "has 2 columns instead of 4 in line 2"),
        (HEAD + '"192.0.2.300", "64496", "X", "Y"\n', "has a wrong value in line 2"),
        (HEAD + '"192.0.2.1", "AS1", "X", "Y"\n', "has a wrong value in line 2"),
        (HEAD, f"has 0 addresses, fewer than {AT_LEAST}"),
        ("", f"has 0 addresses, fewer than {AT_LEAST}"),
    ],
)
def test_a_wrong_file_is_refused_with_its_reason(tmp_path: Path, text: str, words: str) -> None:
    with pytest.raises(Refusal) as refused:
        read(_file(tmp_path, text))
    assert words in refused.value.sentence
    assert "bots.csv" in refused.value.sentence


def test_a_file_that_is_not_there_or_no_text_is_refused(tmp_path: Path) -> None:
    with pytest.raises(Refusal, match="cannot be read"):
        read(tmp_path / "none.csv")
    (tmp_path / "bin.csv").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(Refusal, match="cannot be read"):
        read(tmp_path / "bin.csv")
