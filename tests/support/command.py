"""The `mailstead` command as a process of its own, but with its modules loaded (`lab.warm`)."""

from __future__ import annotations

import atexit
import json
import os
import subprocess
import sys
from pathlib import Path

_ROOT = Path(__file__).resolve().parents[2]
_NAMING = ("DJANGO_SETTINGS_MODULE", "MAILSTEAD_HOME")


class _Warm:
    """The process that is forked for each command; it begins with the first."""

    def __init__(self) -> None:
        self._process: subprocess.Popen[str] | None = None

    def ask(self, words: list[str], stdin: str) -> dict[str, object]:
        """What became of a command."""
        process = self._started()
        assert process.stdin is not None and process.stdout is not None
        process.stdin.write(json.dumps({"argv": words, "stdin": stdin}) + "\n")
        process.stdin.flush()
        line = process.stdout.readline()
        assert line, f"the process ended while it ran mailstead {' '.join(words)}"
        answer: dict[str, object] = json.loads(line)
        return answer

    def _started(self) -> subprocess.Popen[str]:
        if self._process is None:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "lab.warm"],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                text=True,
                cwd=_ROOT,
                # No instance is named before a command names one.
                env={name: value for name, value in os.environ.items() if name not in _NAMING},
            )
            atexit.register(self._end)
        return self._process

    def _end(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.communicate()


_WARM = _Warm()


def mailstead(*words: str, stdin: str = "") -> subprocess.CompletedProcess[str]:
    """Run one command as `subprocess.run` would; what differs is that nothing is imported anew."""
    answer = _WARM.ask(list(words), stdin)
    return subprocess.CompletedProcess(
        ["mailstead", *words], int(str(answer["code"])), str(answer["out"]), str(answer["err"])
    )
