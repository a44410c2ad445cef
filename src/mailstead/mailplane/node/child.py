"""Processes of ours that do one long thing beside the agent."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

from mailstead.home import Home

_OWN = Path(__file__).parents[3]
"""Where our packages are."""


def begin(home: Home, module: str, *words: str, log: str, **more: Any) -> subprocess.Popen[bytes]:
    """Start `python -m MODULE --home HOME WORDS`, knowing nothing of the agent's environment.

    What it says goes to `<home>/log/LOG`, unless `more`, which are of Popen, says otherwise. Raises
    `OSError`.
    """
    with (home.log / log).open("ab") as said:
        return subprocess.Popen(
            [sys.executable, "-m", module, "--home", str(home.root), *words],
            cwd="/",
            env={
                "PATH": "/usr/sbin:/usr/bin:/sbin:/bin",
                "PYTHONPATH": str(_OWN),
                "LANG": "C.UTF-8",
            },
            **{"stdout": said, "stderr": said, **more},
        )
