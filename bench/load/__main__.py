"""A load process: reads a job, says `ready`, waits for `go`, sends, prints the outcome.

Started by `load.run`; prepares every message before it says `ready`, so that only sending is
timed.
"""

from __future__ import annotations

import asyncio
import ssl
import sys
import time
from collections import deque
from dataclasses import dataclass, field

import msgspec

from bench.load.job import Job, Outcome
from bench.load.session import Session, Target, Unexpected, context

LINE = b"All work and no play makes a benchmark that says little of life.\r\n"
MAX_REFUSALS = 5


@dataclass
class _State:
    job: Job
    tls: ssl.SSLContext
    batches: deque[list[tuple[str, str, bytes]]]
    accepted: int = 0
    sessions: int = 0
    refusals: list[str] = field(default_factory=list)


def source_of(number: int) -> str:
    """The client's address, another for each session: no limit per client is in the way.

    A loopback address of its own (127.64.0.0/10) stands for each of 60,000 clients.
    """
    return f"127.{64 + number // 62_500 % 64}.{number // 250 % 250}.{1 + number % 250}"


def _body(job: Job, sender: str, recipient: str, number: int) -> bytes:
    head = (
        f"From: <{sender}>\r\nTo: <{recipient}>\r\nSubject: load {number}\r\n"
        "Date: Mon, 05 Jan 2026 10:00:00 +0000\r\n"
        f"Message-ID: <{job.run}.{number}@load.example>\r\n"
        "MIME-Version: 1.0\r\nContent-Type: text/plain; charset=us-ascii\r\n\r\n"
    ).encode()
    return head + LINE * max(1, (job.size - len(head)) // len(LINE)) + b".\r\n"


def _batches(job: Job) -> deque[list[tuple[str, str, bytes]]]:
    """Sessions' worth of messages; a submission session belongs to the first one's sender."""
    batches: deque[list[tuple[str, str, bytes]]] = deque()
    for start in range(0, len(job.letters), job.per_session):
        some = job.letters[start : start + job.per_session]
        owner = some[0][0]
        batches.append(
            [
                (owner if job.password else sender, to, _body(job, owner, to, number))
                for sender, to, number in some
            ]
        )
    return batches


async def _worker(state: _State) -> None:
    target = Target(state.job.port, state.job.password)
    while state.batches and len(state.refusals) < MAX_REFUSALS:
        batch = state.batches.popleft()
        state.sessions += 1
        session = Session(target, batch[0][0], source_of(state.sessions))
        try:
            await session.open(state.tls)
            for sender, recipient, body in batch:
                await session.send(sender, recipient, body)
                state.accepted += 1
            await session.quit()
        except (Unexpected, OSError, TimeoutError, asyncio.IncompleteReadError) as error:
            state.refusals.append(str(error) or type(error).__name__)
        finally:
            session.close()


async def _send(state: _State) -> None:
    async with asyncio.TaskGroup() as group:
        for _ in range(state.job.concurrency):
            group.create_task(_worker(state))


def main() -> None:
    """Run the job that the first line of standard input holds."""
    job = msgspec.json.decode(sys.stdin.buffer.readline(), type=Job)
    state = _State(job, context(), _batches(job))
    print("ready", flush=True)
    if sys.stdin.buffer.readline() != b"go\n":
        return
    began, cpu = time.monotonic(), time.process_time()
    asyncio.run(_send(state))
    outcome = Outcome(
        began=began,
        ended=time.monotonic(),
        accepted=state.accepted,
        cpu=time.process_time() - cpu,
        refusals=state.refusals,
        sessions=state.sessions,
    )
    print(msgspec.json.encode(outcome).decode(), flush=True)


if __name__ == "__main__":
    main()
