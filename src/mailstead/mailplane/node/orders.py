"""Orders: what the control plane asks of this node, done one after the other.

One function for each order; `_DOERS` is the list, and `Orders` adds what needs more than the home.
What an order names has been checked by its type (`wire.orders`). An order may come again when its
answer was lost: its answer is then sent once more, or, after a restart of the agent, it is done
once more, which harms nobody.
"""

from __future__ import annotations

import os
import shutil
import sqlite3
import time
from collections import OrderedDict
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import closing
from functools import partial
from http.client import HTTPException
from pathlib import Path
from typing import Any
from xmlrpc.client import Fault

import structlog

from mailstead.config import load
from mailstead.home import Home
from mailstead.mailplane.engines.dovecot.control import Doveadm
from mailstead.mailplane.engines.dovecot.rehearsal import rehearse
from mailstead.mailplane.engines.postfix import queue
from mailstead.mailplane.engines.processes import EngineError
from mailstead.mailplane.node import limits, queue_look, supervise, versions
from mailstead.mailplane.node.copies import trial
from mailstead.mailplane.node.guard_feed import GuardFeed
from mailstead.mailplane.node.listings import ListingWatch
from mailstead.mailplane.node.packing.begin import begin_packing
from mailstead.mailplane.sending.door import ask
from mailstead.mailplane.sending.questions import RestNow
from mailstead.standards.refusal import Refusal
from mailstead.wire import codec
from mailstead.wire.orders import (
    AddressOrdered,
    Answered,
    AnyAnswer,
    AnyOrder,
    ComplaintTold,
    DeleteMail,
    EndSessions,
    Folder,
    FoldersListed,
    Given,
    Happening,
    HoldMail,
    LimitsLooked,
    ListedNow,
    ListFolders,
    ListQueue,
    ListSessions,
    ListsLooked,
    LookAtLimits,
    LookAtLists,
    MailMoved,
    MailSession,
    NodeProcess,
    NodeSeenNow,
    NodeState,
    PackMail,
    ReleaseMail,
    RequeueMail,
    RestAddress,
    RulesTested,
    SessionsEnded,
    SessionsListed,
    TellComplaint,
    TestRules,
    TryImap,
)

LARGEST = 2 * 2**20
"""Bytes of an answer."""
MOST_FOLDERS = 1000
MOST_SESSIONS = 1000
_REMEMBERED = 100
"""Answers that are kept in case they must be sent again."""

log = structlog.get_logger("orders")


class Orders:
    """Does orders and remembers their answers."""

    def __init__(self, home: Home, guard: GuardFeed | None = None) -> None:
        self._home = home
        guard = guard or GuardFeed(home)
        self._doers: dict[type[AnyOrder], Callable[[Home, Any], AnyAnswer]] = {
            **_DOERS,
            TellComplaint: partial(_tell_complaint, guard),
        }
        self._answers: OrderedDict[int, Answered] = OrderedDict()

    def do(self, given: Sequence[Given]) -> Iterator[Answered]:
        """The answers, each as soon as it is there."""
        come = time.monotonic()
        for one in given:
            if one.number not in self._answers:
                if time.monotonic() - come > one.left:
                    continue  # the control plane has given it up
                self._answers[one.number] = _bounded(self._answer(one))
                while len(self._answers) > _REMEMBERED:
                    self._answers.popitem(last=False)
            yield self._answers[one.number]

    def _answer(self, given: Given) -> Answered:
        started = time.monotonic()
        try:
            answer = self._doers[type(given.order)](self._home, given.order)
        except (EngineError, OSError, Refusal, Fault, HTTPException, sqlite3.Error) as error:
            words = error.sentence if isinstance(error, Refusal) else str(error)
            log.warning("cannot do", order=type(given.order).__name__, words=words)
            return Answered(number=given.number, words=words[:900] or type(error).__name__)
        seconds = round(time.monotonic() - started, 2)
        log.info("done", order=type(given.order).__name__, seconds=seconds)
        return Answered(number=given.number, answer=answer)


def _bounded(answered: Answered) -> Answered:
    if len(codec.encode(answered)) <= LARGEST:
        return answered
    words = "The answer is too large; ask for less."
    return Answered(number=answered.number, words=words)


# Queue


def _move(how: queue.Move, home: Home, order: HoldMail | ReleaseMail | DeleteMail) -> MailMoved:
    return _moved(order.ids, queue.move(home, how, order.ids))


def _requeue(home: Home, order: RequeueMail) -> MailMoved:
    return _moved(order.ids, queue.try_now(home, order.ids))


def _moved(ids: Iterable[str], done: set[str]) -> MailMoved:
    return MailMoved(
        done=tuple(number for number in ids if number in done),
        missing=tuple(number for number in ids if number not in done),
    )


# Mailboxes


def _list_folders(home: Home, order: ListFolders) -> FoldersListed:
    rows = Doveadm(home).folders(order.address)
    folders = [
        Folder(
            name=row["mailbox"],
            bytes=int(row["vsize"]),
            messages=int(row["messages"]),
            unseen=int(row["unseen"]),
        )
        for row in rows[:MOST_FOLDERS]
    ]
    return FoldersListed(folders=tuple(folders), cut=len(rows) > MOST_FOLDERS)


def _list_sessions(home: Home, order: ListSessions) -> SessionsListed:
    found = Doveadm(home).sessions(order.address)
    sessions = [
        MailSession(address=address, protocol=protocol, ip=ip, pid=pid)
        for address, protocol, ip, pid in found[:MOST_SESSIONS]
    ]
    return SessionsListed(
        sessions=tuple(sessions), total=len(found), cut=len(found) > MOST_SESSIONS
    )


def _end_sessions(home: Home, order: EndSessions) -> SessionsEnded:
    doveadm = Doveadm(home)
    count = len(doveadm.sessions(order.address))
    doveadm.kick([order.address])
    return SessionsEnded(count=count)


def _test_rules(home: Home, order: TestRules) -> RulesTested:
    outcome = rehearse(order.script, order.message, order.sender, order.recipient)
    happenings = tuple(
        Happening(do=deed.do, value=deed.value[:2000], flags=deed.flags) for deed in outcome.deeds
    )
    return RulesTested(happenings=happenings, error=outcome.error)


def _rest_address(home: Home, order: RestAddress) -> AddressOrdered:
    ask(home, RestNow(address=order.address, receiver=order.receiver, until=order.until))
    return AddressOrdered()


def _tell_complaint(guard: GuardFeed, home: Home, order: TellComplaint) -> ComplaintTold:
    guard.complained(order.mailbox, order.at)
    return ComplaintTold()


# The node


def _node_state(home: Home, order: NodeState) -> NodeSeenNow:
    disk = shutil.disk_usage(home.root)
    available, total = memory()
    return NodeSeenNow(
        processes=tuple(
            NodeProcess(name=one.name, state=one.state, pid=one.pid, seconds=one.seconds)
            for one in supervise.status(home)
        ),
        disk_free=disk.free,
        disk_total=disk.total,
        load=os.getloadavg(),
        cores=os.cpu_count() or 1,
        memory_available=available,
        memory_total=total,
        versions=versions.installed(),
        revision=revision(home),
    )


def memory() -> tuple[int, int]:
    """Bytes of memory that can be had, and all of it (proc(5), meminfo)."""
    found = {"MemAvailable": 0, "MemTotal": 0}
    for line in Path("/proc/meminfo").read_text(encoding="ascii").splitlines():
        name, _, rest = line.partition(":")
        if name in found:
            found[name] = int(rest.split()[0]) * 1024
    return found["MemAvailable"], found["MemTotal"]


def revision(home: Home) -> int:
    """What the directory answers as of; 0 where there is none yet. Raises `sqlite3.Error`."""
    if not home.directory_database.exists():
        return 0
    path = f"file:{home.directory_database}?mode=ro"
    with closing(sqlite3.connect(path, uri=True, timeout=5)) as reader:
        row = reader.execute("SELECT value FROM meta WHERE name = 'revision'").fetchone()
    return int(row[0])


def _look_at_lists(home: Home, order: LookAtLists) -> ListsLooked:
    looked = ListingWatch(load(home.root), home).once()
    listed = tuple(
        ListedNow(subject=one.subject, zone=one.zone, words=one.words) for one in looked.listed
    )
    return ListsLooked(listed=listed, silent=looked.silent)


def _look_at_limits(home: Home, order: LookAtLimits) -> LimitsLooked:
    return limits.look(home, memory())


_DOERS: dict[type[AnyOrder], Callable[[Home, Any], AnyAnswer]] = {
    ListQueue: queue_look.look,
    HoldMail: partial(_move, "hold"),
    ReleaseMail: partial(_move, "release"),
    DeleteMail: partial(_move, "delete"),
    RequeueMail: _requeue,
    ListFolders: _list_folders,
    ListSessions: _list_sessions,
    EndSessions: _end_sessions,
    TestRules: _test_rules,
    NodeState: _node_state,
    LookAtLimits: _look_at_limits,
    LookAtLists: _look_at_lists,
    RestAddress: _rest_address,
    TryImap: trial.look,
    PackMail: begin_packing,
}
