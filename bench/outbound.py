"""Outbound mail through sending addresses beside the same Postfix without them.

One Postfix of ours, and a sink that takes everything; the plan is put in and taken out in turn, so
both run on the same queue, disk and minute. Every recipient is another one: Postfix would else
remember the way of the one before.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from statistics import median

from bench.host import HostFailed
from bench.report import Figure
from mailstead.config import FILE_NAME, Ports, Settings, child_environment, load
from mailstead.home import Home
from mailstead.mailplane.engines import files
from mailstead.mailplane.engines.postfix import control, queue, render
from mailstead.mailplane.engines.postfix.model import from_settings
from mailstead.mailplane.engines.tlspolicy import control as tlspolicy_control
from mailstead.mailplane.engines.tlspolicy import model as tlspolicy_model
from mailstead.mailplane.node import launch, sending
from mailstead.mailplane.node.users import POSTFIX
from mailstead.wire.pools import SendingAddress, SendingPlan

TARGET = 0.95
HOME = "ms-go"
OFFSET = 21_000
SINK = "127.0.77.25"
ADDRESSES = 4
SESSIONS = 20
_SECONDS = 120.0
_PLAN = SendingPlan(
    addresses=tuple(
        SendingAddress(
            number=number,
            ipv4=f"127.0.77.{100 + number}",
            helo=f"out{number}.node.example",
            classes=("own",),
        )
        for number in range(1, ADDRESSES + 1)
    )
)


def measure(
    work: Path, messages: int, rounds: int, progress: Callable[[str], None]
) -> list[Figure]:
    """The ratio and both rates; raises `HostFailed`."""
    with _host(work / HOME) as (settings, home):
        rates: dict[str, list[float]] = {"plain": [], "pools": []}
        for number in range(rounds + 1):
            for name in ("plain", "pools") if number % 2 else ("pools", "plain"):
                sending.follow(settings, home, _PLAN if name == "pools" else SendingPlan())
                found = _round(settings, home, messages if number else messages // 4)
                if number:  # the first is to warm up
                    rates[name].append(found)
                    progress(f"round {number} of {rounds}, {name}: {found:.0f} messages/s")
    ratios = [a / b for a, b in zip(rates["pools"], rates["plain"], strict=True)]
    return [
        Figure(
            "outbound",
            f"through {ADDRESSES} sending addresses ÷ without",
            median(ratios),
            at_least=TARGET,
            detail={"rounds": [round(one, 3) for one in ratios]},
        ),
        *(
            Figure("outbound", f"delivered, {name}", median(values), "msg/s")
            for name, values in rates.items()
        ),
    ]


def _round(settings: Settings, home: Home, messages: int) -> float:
    """Messages a second, from the first that is handed in to the last that is taken."""
    log = home.log / "postfix.log"
    start = log.stat().st_size
    begun = time.monotonic()
    words = ["-N", "-s", str(SESSIONS), "-m", str(messages), "-l", "4096", "-f", "a@here.example"]
    done = subprocess.run(
        ["smtp-source", *words, "-t", f"b@[{SINK}]", f"127.0.0.1:{settings.ports.of('reinject')}"],
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise HostFailed(f"The load was not taken: {done.stderr.strip()[-300:]}")
    while _sent(log, start) < messages:
        if time.monotonic() - begun > _SECONDS:
            raise HostFailed(f"{queue.counts(home)} are still queued; look into {home.log}.")
        time.sleep(0.1)
    return messages / (time.monotonic() - begun)


def _sent(log: Path, start: int) -> int:
    with log.open("rb") as lines:
        lines.seek(start)
        return lines.read().count(b"status=sent")


@contextlib.contextmanager
def _host(root: Path) -> Iterator[tuple[Settings, Home]]:
    shutil.rmtree(root, ignore_errors=True)
    home = Home(root)
    running: list[subprocess.Popen[bytes]] = []
    try:
        settings = _prepare(home)
        with (root / "said").open("wb") as out:
            running = [
                subprocess.Popen(
                    words,
                    env=child_environment(root),
                    stdout=out,
                    stderr=out,
                    start_new_session=True,
                )
                for words in (
                    ["smtp-sink", "-u", "nobody", f"{SINK}:25", "500"],
                    [sys.executable, "-m", launch.__name__, "router", "--home", str(root)],
                    [sys.executable, "-m", launch.__name__, "tlspolicy", "--home", str(root)],
                    control.command(from_settings(settings, home)),
                )
            ]
        _await(lambda: _listens(SINK, 25))
        _await(lambda: _listens("127.0.0.1", settings.ports.of("reinject")))
        _await(home.route_socket.exists)
        _await(lambda: tlspolicy_control.answers(tlspolicy_model.from_settings(settings, home)))
        yield settings, home
    finally:
        for process in running:
            with contextlib.suppress(ProcessLookupError):
                process.send_signal(signal.SIGTERM)
                process.wait(20)
        for number in control.leftovers(home):
            with contextlib.suppress(ProcessLookupError):
                os.kill(number, signal.SIGKILL)
        shutil.rmtree(root, ignore_errors=True)


def _prepare(home: Home) -> Settings:
    home.root.mkdir(parents=True)
    home.root.chmod(0o755)
    text = f'hostname = "mail.node.example"\n[ports]\noffset = {OFFSET}\n[spam]\nscan = false\n'
    (home.root / FILE_NAME).write_text(text, encoding="ascii")
    settings = load(home.root)
    assert settings.ports == Ports(offset=OFFSET)
    home.event_spool.parent.mkdir()
    home.sending.mkdir()
    shutil.chown(home.sending, POSTFIX, POSTFIX)
    tlspolicy_control.prepare(tlspolicy_model.from_settings(settings, home))
    model = from_settings(settings, home)
    files.write(render.render(model))
    for name in ("main.cf", "master.cf"):
        # Postfix waits when its files may still be being written.
        os.utime(home.postfix / name, (0, 0))
    control.prepare(model)
    control.Postmap(home).update("classes", {"@here.example": "smtp:"}, ())
    return settings


def _listens(host: str, port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex((host, port)) == 0


def _await(ready: Callable[[], object]) -> None:
    deadline = time.monotonic() + 20
    while True:
        with contextlib.suppress(OSError):
            if ready():
                return
        if time.monotonic() > deadline:
            raise HostFailed("A part of the outbound host did not start.")
        time.sleep(0.05)


if __name__ == "__main__":
    for figure in measure(Path("/tmp"), int(sys.argv[1]), int(sys.argv[2]), print):
        print(f"{figure.what}: {figure.shown} {figure.verdict}")
