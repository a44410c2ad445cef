"""Every dialog under this folder goes as its text says, against the real engines."""

from __future__ import annotations

import uuid
from pathlib import Path

import pytest
from tests.dialogs.player import DialogError, Player
from tests.mailplane.engines.harness import Host

pytestmark = pytest.mark.engines
HERE = Path(__file__).parent
DIALOGS = sorted(HERE.glob("*/*.txt"))


@pytest.mark.parametrize("path", DIALOGS, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_dialog(host: Host, path: Path) -> None:
    Player(host, uuid.uuid4().hex[:8]).play(path)


@pytest.mark.parametrize("path", DIALOGS, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_a_dialog_begins_with_its_promise(path: Path) -> None:
    first = path.read_text(encoding="utf-8").splitlines()[0]
    assert first.startswith("# ") and first.endswith(".")


def test_the_player_notices_a_wrong_reply(host: Host, tmp_path: Path) -> None:
    wrong = tmp_path / "wrong.txt"
    wrong.write_text("port smtp\nS: 220\nC: NOOP\nS: 550\n")
    with pytest.raises(DialogError, match=r"wrong\.txt:4"):
        Player(host, "x").play(wrong)


def test_the_player_notices_a_message_too_many(host: Host, tmp_path: Path) -> None:
    word = uuid.uuid4().hex[:8]
    host.deliver(host.add(f"ann-{word}"), "unexpected")
    host.arrives(f"ann-{word}@here.example", b"unexpected")
    wrong = tmp_path / "wrong.txt"
    wrong.write_text("given ann\nmailbox ann 0\n")
    with pytest.raises(DialogError, match="holds 1"):
        Player(host, word).play(wrong)
