"""The delivery log: how fast a node reads it, how fast it is recorded, how fast it is searched.

On PostgreSQL, with as many rows as are asked for; the reading on the node in a home of its own.
"""

from __future__ import annotations

import datetime as dt
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

import msgspec

from bench.host import HostFailed
from bench.load.run import ROOT
from bench.log_rows import Found
from bench.machine import percentile
from bench.pgsql import database_server
from bench.report import Figure
from mailstead.home import Home
from mailstead.mailplane.node.deliveries import DeliveryBook
from mailstead.mailplane.node.event_spool import EventSpool

INGEST_TARGET = 2_000.0
SEARCH_TARGET = 300.0
SERVER = ("shared_buffers=4GB", "max_wal_size=16GB", "checkpoint_timeout=30min")
"""What the operator's guide advises for a large host (docs/operator/install.md)."""
HOME = "ms-gl"
MESSAGES = 8_000
"""Of the logs that a node reads."""
FULL_ROWS = 30_000_000
"""The targets are for so many; fewer are told, and which."""
_POSTFIX = """\
{at} mail postfix/smtpd[7]: connect from mx.far.example[192.0.2.1]
{at} mail postfix/smtpd[7]: {queue}: client=mx.far.example[192.0.2.1]
{at} mail postfix/cleanup[8]: {queue}: message-id=<{queue}@far.example>
{at} mail postfix/qmgr[9]: {queue}: from=<far@far.example>, size=4000, nrcpt=1 (queue active)
{at} mail postfix/smtpd[7]: disconnect from mx.far.example[192.0.2.1] ehlo=1 mail=1 rcpt=1 data=1
{at} mail postfix/lmtp[6]: {queue}: to=<ann@here.example>, relay=node.example[/srv/run/lmtp], \
delay=0.05, delays=0.01/0.01/0.02/0.02, dsn=2.0.0, status=sent \
(250 2.0.0 <ann@here.example> {queue} Saved)
{at} mail postfix/qmgr[9]: {queue}: removed
"""
_DOVECOT = (
    "2026-11-24T10:00:00 lmtp(ann@here.example)<77><{queue}>: Info: sieve: "
    "msgid=<{queue}@far.example>: stored mail into mailbox 'INBOX'\n"
)


def measure(work: Path, rows: int, events: int, trials: int) -> list[Figure]:
    """All figures; raises `HostFailed`."""
    return [_reading(work), *_database(work, rows, events, trials)]


def _reading(work: Path) -> Figure:
    home = Home(work / HOME)
    shutil.rmtree(home.root, ignore_errors=True)
    try:
        home.log.mkdir(parents=True)
        for name in ("postfix", "dovecot"):
            (home.log / f"{name}.log").touch()
        spool = EventSpool(home.event_spool)
        book = DeliveryBook(home, spool)
        now = dt.datetime.now(dt.UTC)
        at = now.astimezone().strftime("%b %e %H:%M:%S")
        queues = [f"4jYsp{number:010}" for number in range(MESSAGES)]
        for name, line in (("postfix", _POSTFIX), ("dovecot", _DOVECOT)):
            text = "".join(line.format(at=at, queue=queue) for queue in queues)
            (home.log / f"{name}.log").write_text(text, encoding="ascii")
        begun = time.perf_counter()
        for _ in range(3):
            book.read(now)
        seconds = time.perf_counter() - begun
        left = spool.room()
        spool.close()
    finally:
        shutil.rmtree(home.root, ignore_errors=True)
    return Figure(
        "delivery",
        "lines of the engines' logs to events in the node's spool",
        2 * MESSAGES / seconds,
        "events/s",
        at_least=INGEST_TARGET,
        detail={"room_left": left},
    )


def _database(work: Path, rows: int, events: int, trials: int) -> list[Figure]:
    # Says when the rows are in, for whoever wants a quiet machine from then on.
    said = work / "log-rows.said"
    with database_server(work, *SERVER) as url, said.open("w", encoding="utf-8") as words:
        done = subprocess.run(
            [sys.executable, "-m", "bench.log_rows", str(rows), str(events), str(trials)],
            cwd=ROOT,
            env={**os.environ, "MAILSTEAD_TEST_DATABASE_URL": url},
            stdout=subprocess.PIPE,
            stderr=words,
            text=True,
            check=False,
        )
    if done.returncode != 0:
        end = said.read_text(encoding="utf-8").strip()[-600:]
        raise HostFailed(f"The delivery log was not measured: {end}")
    said.unlink()
    found = msgspec.json.decode(done.stdout, type=Found)
    full = rows >= FULL_ROWS
    place = f"{rows:,} rows, PostgreSQL"
    return [
        Figure(
            "delivery",
            f"events recorded ({place})",
            found.ingest,
            "events/s",
            at_least=INGEST_TARGET if full else None,
            detail={"fill_seconds": found.fill},
        ),
        *(
            Figure(
                "delivery",
                f"{kind}, p95 ({place})",
                percentile(times, 0.95),
                "ms",
                at_most=SEARCH_TARGET if full else None,
                detail={"p50": percentile(times, 0.5)},
            )
            for kind, times in found.searches.items()
        ),
        Figure("delivery", f"old rows dropped ({place})", found.prune, "rows/s"),
    ]
