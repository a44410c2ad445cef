"""Running the command: as the operator's shell does, or with its modules loaded already."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from tests.support.command import mailstead

COMMAND = Path(sys.executable).with_name("mailstead")


def run(*words: str, stdin: str = "") -> subprocess.CompletedProcess[str]:
    """What the installed program does."""
    return subprocess.run(
        [str(COMMAND), *words], input=stdin, capture_output=True, text=True, check=False
    )


def ok(home: Path, *words: str, stdin: str = "", code: int = 0) -> str:
    """What a command prints; it must end with the code."""
    done = mailstead("--home", str(home), *words, stdin=stdin)
    assert done.returncode == code, done
    assert "Traceback" not in done.stderr
    return done.stdout
