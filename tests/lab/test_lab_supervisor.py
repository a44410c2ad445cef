"""The lab's view of a node's supervisor, against a real one."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from lab.commands import wait_until
from lab.supervisor import Supervisor

pytestmark = pytest.mark.lab

CONFIGURATION = """\
[supervisord]
nodaemon=true
user=root
logfile=/dev/null
logfile_maxbytes=0
pidfile={folder}/pid
[unix_http_server]
file={folder}/s.sock
[rpcinterface:supervisor]
supervisor.rpcinterface_factory=supervisor.rpcinterface:make_main_rpcinterface
[program:sleeper]
command=sleep 600
startsecs=0
"""


@pytest.fixture
def supervisor(tmp_path: Path) -> Iterator[Supervisor]:
    configuration = tmp_path / "supervisord.conf"
    configuration.write_text(CONFIGURATION.format(folder=tmp_path), encoding="utf-8")
    program = Path(sys.executable).parent / "supervisord"
    process = subprocess.Popen(
        [program, "-c", configuration], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        made = Supervisor(tmp_path / "s.sock")
        wait_until(lambda: "sleeper" in made.pids(), "the sleeper runs")
        yield made
    finally:
        process.terminate()
        process.wait(20)


def test_a_process_can_be_killed_stopped_and_started(supervisor: Supervisor) -> None:
    old = supervisor.kill("sleeper")
    supervisor.wait_back("sleeper", old)
    supervisor.stop("sleeper")
    assert supervisor.states() == {"sleeper": "STOPPED"}
    supervisor.start("sleeper")
    assert supervisor.states() == {"sleeper": "RUNNING"}
