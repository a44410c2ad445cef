"""The load generator counts what a server takes, and says when a server refuses."""

from __future__ import annotations

import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from bench.load.__main__ import source_of
from bench.load.run import LoadFailed, Shape, run
from bench.load.session import Target
from bench.population import Population, traffic
from lab.commands import wait_until

from tests.support.ports import free_port

pytestmark = pytest.mark.engines
LETTERS = traffic(Population(10), 40, 1, inside=False)


@contextmanager
def sink(*options: str) -> Iterator[Target]:
    """Postfix's own sink, which takes everything and keeps nothing."""
    port = free_port()
    child = subprocess.Popen(["smtp-sink", "-u", "nobody", *options, f"127.0.0.1:{port}", "100"])

    def greets() -> bool:
        try:
            with socket.create_connection(("127.0.0.1", port), timeout=1):
                return True
        except OSError:
            return False

    try:
        wait_until(greets, "the sink listens", seconds=10)
        yield Target(port)
    finally:
        child.kill()
        child.wait()


@pytest.mark.parametrize("processes", [1, 2])
def test_every_message_is_counted_once(processes: int) -> None:
    shape = Shape(concurrency=4, per_session=5, processes=processes)
    with sink() as target:
        outcome = run(target, LETTERS, shape, "count")
    assert outcome.accepted == 40
    assert outcome.sessions == 8
    assert outcome.ended > outcome.began


def test_a_refusal_makes_the_run_worthless() -> None:
    with sink("-r", "data") as target, pytest.raises(LoadFailed, match="Accepted 0 of 40"):
        run(target, LETTERS, Shape(concurrency=2), "refused")


def test_a_server_that_is_not_there_is_a_failure_not_a_hang() -> None:
    with sink() as target:
        pass
    with pytest.raises(LoadFailed):
        run(target, LETTERS, Shape(concurrency=2), "absent")


def test_every_session_comes_from_another_client() -> None:
    assert len({source_of(number) for number in range(5000)}) == 5000
