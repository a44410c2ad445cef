"""What runs on although a newer program is installed is noticed."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.mailplane.engines.harness import until

from mailstead.home import Home
from mailstead.mailplane.node import renewal


@pytest.fixture
def sleeper(tmp_path: Path) -> Iterator[subprocess.Popen[bytes]]:
    """A process whose program lies in the test's own folder."""
    program = tmp_path / "sleeper"
    shutil.copy("/bin/sleep", program)
    with subprocess.Popen([program, "600"]) as child:
        # The child is there a moment before its program is mapped.
        maps = Path(f"/proc/{child.pid}/maps")
        until(lambda: str(program) in maps.read_text(), "the program is mapped")
        yield child
        child.kill()


def test_a_program_that_was_replaced_is_seen(
    tmp_path: Path, sleeper: subprocess.Popen[bytes]
) -> None:
    below = (str(tmp_path),)
    assert not renewal.replaced(sleeper.pid, below)
    new = tmp_path / "sleeper.dpkg-new"
    shutil.copy("/bin/sleep", new)
    new.replace(tmp_path / "sleeper")
    assert renewal.replaced(sleeper.pid, below)
    assert not renewal.replaced(sleeper.pid, ("/elsewhere",))


def test_a_process_that_is_gone_is_not_old() -> None:
    assert not renewal.replaced(2**22 + 1)


def test_a_change_of_the_settings_is_seen_until_it_is_remembered(tmp_path: Path) -> None:
    home = Home(tmp_path)
    home.run.mkdir()
    home.settings_file.write_text("")
    assert not renewal.is_current(home)
    renewal.remember(home)
    assert renewal.is_current(home)
    home.settings_file.write_text('operator = "a@b.example"\n')
    assert not renewal.is_current(home)


def test_dpkg_at_work_is_seen_and_not_disturbed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lock = tmp_path / "lock"
    lock.touch()
    monkeypatch.setattr(renewal, "DPKG_LOCK", lock)
    assert not renewal.packages_change()
    holder = subprocess.Popen(
        ["python3", "-c", "import fcntl, sys; f = open(sys.argv[1], 'w'); fcntl.lockf(f, 2); "
         "print(flush=True); sys.stdin.read()", str(lock)],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE,
    )  # fmt: skip
    assert holder.stdout is not None
    holder.stdout.readline()
    assert renewal.packages_change()
    holder.communicate()
    assert not renewal.packages_change()
    monkeypatch.setattr(renewal, "DPKG_LOCK", tmp_path / "none")
    assert not renewal.packages_change()
