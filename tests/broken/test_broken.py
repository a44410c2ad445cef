"""One wrong configuration a folder: the command dies with one line, and nothing has been made.

`mailstead.toml` is wrong, `says.txt` is what the operator reads (HOME stands for the folder).
"""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.support.command import mailstead

HERE = Path(__file__).parent
CASES = sorted(path.parent for path in HERE.glob("*/mailstead.toml"))


@pytest.mark.parametrize("case", CASES, ids=lambda path: path.name)
def test_a_wrong_setting_stops_the_start_with_its_line(case: Path, tmp_path: Path) -> None:
    home = tmp_path / "home"
    home.mkdir()
    text = (case / "mailstead.toml").read_bytes()
    (home / "mailstead.toml").write_bytes(text)
    done = mailstead("--home", str(home), "status")
    said = done.stderr.strip().replace(str(home), "HOME")
    assert said == (case / "says.txt").read_text(encoding="utf-8").strip()
    assert (done.returncode, done.stdout) == (2, "")
    assert [path.name for path in home.iterdir()] == ["mailstead.toml"]
