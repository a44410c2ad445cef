"""Begin to pack an export, in a process of its own that outlives the agent."""

from __future__ import annotations

import subprocess
import threading

from mailstead.home import Home
from mailstead.mailplane.node import child
from mailstead.wire.orders import PackingBegun, PackMail


def begin_packing(home: Home, order: PackMail) -> PackingBegun:
    """Start the process; one that runs already goes on alone. Raises `OSError`."""
    process = child.begin(
        home,
        "mailstead.mailplane.node.packing",
        str(order.export),
        log="exports.log",
        stdin=subprocess.DEVNULL,
        start_new_session=True,
    )
    threading.Thread(target=process.wait, name="packing", daemon=True).start()
    return PackingBegun()
