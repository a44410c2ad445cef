"""Begin to pack an export, in a process of its own that outlives the agent."""

from __future__ import annotations

import subprocess
import sys
import threading
from pathlib import Path

from mailstead.home import Home
from mailstead.wire.orders import PackingBegun, PackMail


def begin_packing(home: Home, order: PackMail) -> PackingBegun:
    """Start the process; one that runs already goes on alone. Raises `OSError`."""
    own = Path(__file__).parents[4]
    with (home.log / "exports.log").open("ab") as errors:
        process = subprocess.Popen(
            [sys.executable, "-m", "mailstead.mailplane.node.packing", "--home", str(home.root),
             str(order.export)],
            stdin=subprocess.DEVNULL,
            stdout=errors,
            stderr=errors,
            cwd="/",
            env={"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "PYTHONPATH": str(own),
                 "LANG": "C.UTF-8"},
            start_new_session=True,
        )  # fmt: skip
    threading.Thread(target=process.wait, name="packing", daemon=True).start()
    return PackingBegun()
