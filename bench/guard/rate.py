"""How many messages the guard counts in a second, asked over its socket as Postfix asks."""

from __future__ import annotations

import shutil
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path

from bench.guard.directory import written
from bench.host import HostFailed
from bench.report import Figure
from mailstead.home import Home

CONNECTIONS = 20
AT_LEAST = 1_000.0
"""A second; a node submits less than half of that."""
HOME = "ms-gg"


def measure(work: Path, requests: int) -> list[Figure]:
    """Ask `requests` times over several connections; raises `HostFailed`."""
    home = Home(work / HOME)
    shutil.rmtree(home.root, ignore_errors=True)
    written(home, ["bench.example"])
    words = ["--home", str(home.root), "--pages", "https://bench.example/help/"]
    guard = subprocess.Popen(
        [sys.executable, "-m", "mailstead.mailplane.guard", *words], stderr=subprocess.DEVNULL
    )
    try:
        wait_until_it_listens(home.guard_socket)
        seconds = _ask(home.guard_socket, requests)
    finally:
        guard.terminate()
        guard.wait(10)
        shutil.rmtree(home.root, ignore_errors=True)
    rate = requests / seconds
    detail: dict[str, object] = {"connections": CONNECTIONS, "requests": requests}
    what = "messages counted in a second by mailbox, customer and reseller"
    return [Figure("guard", what, rate, "/s", at_least=AT_LEAST, detail=detail)]


def wait_until_it_listens(path: Path) -> None:
    """Raises `HostFailed` when it does not within 20 s."""
    deadline = time.monotonic() + 20
    while not path.exists():
        if time.monotonic() > deadline:
            raise HostFailed("The guard does not listen.")
        time.sleep(0.02)


def _ask(path: Path, requests: int) -> float:
    """Seconds until all are answered."""
    wrong: list[bytes] = []

    def one(number: int) -> None:
        with socket.socket(socket.AF_UNIX) as connection:
            connection.connect(str(path))
            for turn in range(requests // CONNECTIONS):
                connection.sendall(
                    b"request=smtpd_access_policy\nprotocol_state=DATA\nrecipient_count=1\n"
                    b"sasl_username=m%d@bench.example/1\ninstance=%d.%d\n\n"
                    % (turn % 400, number, turn)
                )
                answer = connection.recv(4096)
                if answer != b"action=DUNNO\n\n":
                    wrong.append(answer)
                    return

    threads = [threading.Thread(target=one, args=(number,)) for number in range(CONNECTIONS)]
    began = time.monotonic()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if wrong:
        raise HostFailed(f"The guard answered {wrong[0]!r}.")
    return time.monotonic() - began
