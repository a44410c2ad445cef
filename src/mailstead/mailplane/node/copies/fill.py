"""Bring one folder of a source over into one folder here.

While the mailbox is still beside its place (`live` is false) nobody else looks at the folder, and
files are written where they stay. In its place each change is made under Dovecot's lock of the
folder: messages come in by rename, and the list of UIDs with them.

Without `merge` the folder becomes what the source is; mail that it got otherwise stays, with new
UIDs where its own are needed. With `merge` only what the source has got since the last time comes
in, and flags that were changed there since; what was deleted there stays here, and what was deleted
here does not come again.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

from mailstead.mailplane.node.copies import scan
from mailstead.mailplane.node.copies.book import Flags
from mailstead.mailplane.node.copies.crew import Crew
from mailstead.mailplane.node.copies.files import Copier, Odd, locked, make_safe, opened
from mailstead.mailplane.node.copies.pace import Progress, Stopped
from mailstead.mailplane.node.copies.scan import Message
from mailstead.mailplane.node.copies.words import Words, canonical, merged
from mailstead.standards import maildir
from mailstead.standards.maildir import Uid, UidList

_INDEXES = ("dovecot.index", "dovecot.index.log", "dovecot.index.log.2", "dovecot.index.cache")
_SYNC_ALL = 100
"""From so many messages on the whole file system is written to the disk, and not each by itself:
that waits for what others have written too, but once."""
CREW_FROM = 200
"""From so many messages in a folder on they are copied by several processes."""

_Task = tuple[str, Message, str, str]
"""A message to copy: its name without flags, where it is, and directory and name here."""

Lost = Callable[[int, Message], bool]
"""The folder of the source that is open, and a message in it."""


@dataclass
class Origin:
    """A folder of the source as it was just read."""

    at: int
    messages: dict[str, Message]
    uids: UidList
    keywords: dict[str, str]
    uidl: str = ""
    """How its POP3 names messages, where that is another way than the house's and POP3 sees the
    folder; else empty."""

    def canonical(self) -> Flags:
        """The flags of each message, whatever letters its keywords have."""
        known = {
            flags: canonical(flags, self.keywords)
            for flags in {one.flags for one in self.messages.values()}
        }
        return {base: known[one.flags] for base, one in self.messages.items()}


@dataclass
class Outcome:
    """What became of it."""

    copied: int = 0
    changed: bool = False
    renumbered: bool = False
    """Messages had to get other UIDs."""
    kick: bool = False
    """What clients knew of the folder does not hold any more."""
    missing: set[str] = field(default_factory=set)
    """Went away while it was copied; the next round looks again."""
    remarks: list[str] = field(default_factory=list)


class Filler:
    """Fills folders of one mailbox."""

    def __init__(self, copier: Copier, progress: Progress, *, threads: int = 2) -> None:
        self._copier, self._progress = copier, progress
        self._pool = ThreadPoolExecutor(threads)
        self._threads = threads
        self._ahead = ThreadPoolExecutor(1)
        self._crew: Crew | None = None
        self._closed = False

    def close(self) -> None:
        """End its threads and processes, whatever they do."""
        self._closed = True
        self._ahead.shutdown(cancel_futures=True)
        self._pool.shutdown(cancel_futures=True)
        if self._crew:
            self._crew.close()
            self._crew = None

    def stage(self, origin: Origin, to: int, *, again: bool) -> Callable[[], Outcome]:
        """Begin to make a folder that nobody looks at what the source is; returns what ends it.

        `again`: it was begun before. Both directories stay open until then. Both steps raise
        `Stopped`; what is there then is found at the next time.
        """
        outcome = Outcome()
        self._directories(to)
        have = scan.messages(to) if again else {}
        for base, message in have.items():
            known = origin.messages.get(base)
            if known is None or not self._whole(origin.at, known, to, message):
                os.unlink(f"{message.part}/{message.name}", dir_fd=to)
        have = scan.messages(to) if again else {}
        jobs: list[_Task] = []
        for base, message in origin.messages.items():
            name = _file_name(base, message)
            mine = have.get(base)
            if mine is None:
                jobs.append((base, message, message.part, name))
            elif (mine.part, mine.name) != (message.part, name):
                _rename(to, f"{mine.part}/{mine.name}", f"{message.part}/{name}")
        copying = self._ahead.submit(self._copy, origin, to, jobs, outcome)

        def end() -> Outcome:
            copying.result()
            if origin.uids.validity:
                there = origin.messages.keys() - outcome.missing
                self._write_lists(to, _kept(origin, there), origin.keywords)
            outcome.changed = True
            return outcome

        return end

    def live(
        self,
        origin: Origin,
        to: int,
        before: Flags | None,
        *,
        merge: bool,
        lost: Lost | None = None,
    ) -> Outcome:
        """Bring what is new into a folder of the mailbox, safe on disk when this returns.

        `lost` says of a message that came before and is not in the folder any more whether it is
        to come again. Raises `Stopped`, `TimeoutError`.
        """
        outcome = Outcome()
        self._directories(to)
        self._sweep(to)
        have = scan.messages(to)
        known = before if merge and before is not None else {}
        fresh = {
            base: message
            for base, message in origin.messages.items()
            if base not in have and (base not in known or (lost and lost(origin.at, message)))
        }
        jobs: list[_Task] = [(base, message, "tmp", base) for base, message in fresh.items()]
        self._copy(origin, to, jobs, outcome)
        come = fresh.keys() - outcome.missing
        if len(come) > _SYNC_ALL:
            make_safe(to)
        else:
            for base in come:
                _fsync(to, f"tmp/{base}")
        with locked(to, self._progress.wait):
            self._settle(origin, to, come, before, outcome, merge)
        if outcome.changed:
            for name in ("cur", "new", "."):
                _fsync(to, name)
        return outcome

    # Parts

    def _directories(self, to: int) -> None:
        for name in ("cur", "new", "tmp"):
            self._copier.folder(name, to)

    def _sweep(self, to: int) -> None:
        """Leftovers of a run that was ended are not mail: they were never in `cur` or `new`."""
        mark = "dovecot-uidlist.copying"
        for name in os.listdir(to):
            if name.startswith(mark):
                with contextlib.suppress(FileNotFoundError):
                    os.unlink(name, dir_fd=to)

    def _whole(self, at: int, theirs: Message, to: int, ours: Message) -> bool:
        """Whether a message that an ended run left is all of it."""
        try:
            there = os.stat(f"{theirs.part}/{theirs.name}", dir_fd=at, follow_symlinks=False)
            here = os.stat(f"{ours.part}/{ours.name}", dir_fd=to, follow_symlinks=False)
        except FileNotFoundError:
            return False
        # The date is set last.
        return (there.st_size, there.st_mtime_ns) == (here.st_size, here.st_mtime_ns)

    def _copy(self, origin: Origin, to: int, jobs: list[_Task], outcome: Outcome) -> None:
        with contextlib.ExitStack() as stack:
            parts = {}
            for part in ("cur", "new"):
                with contextlib.suppress(OSError):
                    parts[part] = stack.enter_context(opened(part, origin.at))
            goals = {part: stack.enter_context(opened(part, to)) for part in ("cur", "new", "tmp")}

            # In the order of the inodes, which is nearly that of the disk.
            jobs.sort(key=lambda job: job[1].inode)
            left = self._by_crew(jobs, parts, goals) if len(jobs) >= CREW_FROM else jobs

            def some(first: int) -> tuple[list[str], list[str]]:
                gone, odd = [], []
                for base, message, part, name in left[first :: self._threads]:
                    try:
                        octets = self._copier.message(
                            parts[message.part], message.name, goals[part], name
                        )
                    except FileNotFoundError:
                        gone.append(base)
                        continue
                    except Odd as error:
                        gone.append(base)
                        odd.append(f"The message {message.name!a} {error}; left out.")
                        with contextlib.suppress(FileNotFoundError):
                            os.unlink(name, dir_fd=goals[part])
                        continue
                    self._progress.done(octets)
                    if self._closed:
                        raise Stopped
                return gone, odd

            if len(left) < 8:
                work = [some(first) for first in range(self._threads)]
            else:
                work = list(self._pool.map(some, range(self._threads)))
            for gone, odd in work:
                outcome.missing.update(gone)
                outcome.remarks += odd
            outcome.copied += len(jobs) - len(outcome.missing)

    def _by_crew(
        self, jobs: list[_Task], parts: dict[str, int], goals: dict[str, int]
    ) -> list[_Task]:
        """Copy what is no trouble by the crew; returns what is left."""
        progress = self._progress
        progress.check()
        if progress.rate:
            return jobs  # several processes would not keep to it
        if self._crew is None:
            self._crew = Crew(self._copier.message)
        directories = (*parts.values(), *goals.values())
        at = {part: number for number, part in enumerate(parts)}
        to = {part: number for number, part in enumerate(goals, len(parts))}
        left = self._crew.do(
            directories,
            [(at[message.part], message.name, to[part], name) for _, message, part, name in jobs],
            lambda count, octets: progress.done(octets, count),
            on=lambda: not progress.rate and not self._closed,
        )
        return [jobs[number] for number in left]

    def _write_lists(self, to: int, uids: UidList, keywords: dict[str, str]) -> None:
        if keywords:
            self._copier.text("dovecot-keywords", maildir.render_keywords(keywords), to)
        self._copier.text("dovecot-uidlist", uids.render(), to)

    def _settle(
        self,
        origin: Origin,
        to: int,
        fresh: set[str],
        before: Flags | None,
        outcome: Outcome,
        merge: bool,
    ) -> None:
        """Under the lock: let the new ones in, and bring flags and UIDs in order."""
        have, current = scan.messages(to), scan.uid_list(to)
        words = Words(scan.keywords(to))
        theirs = origin.canonical()
        if merge:
            uids = self._appended(origin, current, fresh, outcome)
        else:
            for base in (before or {}).keys() - origin.messages.keys():
                gone = have.pop(base, None)
                if gone:
                    os.unlink(f"{gone.part}/{gone.name}", dir_fd=to)
                    outcome.changed = True
            uids = self._mirrored(origin, current, have, outcome)
        for base, message in have.items():
            there = theirs.get(base)
            if there is None:
                continue
            here = canonical(message.flags, words.words)
            was = (before or {}).get(base, there)
            wished = merged(was, there, here) if merge else there
            if wished != here:
                _rename(to, f"{message.part}/{message.name}", f"cur/{words.name(base, wished)}")
                outcome.changed = True
        for base in fresh:
            message = origin.messages[base]
            name = base if message.part == "new" else words.name(base, theirs[base])
            _rename(to, f"tmp/{base}", f"{message.part}/{name}")
            outcome.changed = True
        if words.beyond:
            listed = ", ".join(ascii(word) for word in words.beyond[:20])
            name = self._progress.folder
            outcome.remarks.append(
                f"The folder {name!a} has 26 keywords here; these did not come: {listed}."
            )
        if words.changed:
            self._copier.text("dovecot-keywords", maildir.render_keywords(words.words), to)
        if uids is not None and uids.render() != current.render():
            self._copier.text("dovecot-uidlist", uids.render(), to)
            outcome.changed = True
        if outcome.kick:
            for name in _INDEXES:
                with contextlib.suppress(FileNotFoundError):
                    os.unlink(name, dir_fd=to)

    def _mirrored(
        self, origin: Origin, current: UidList, have: dict[str, Message], outcome: Outcome
    ) -> UidList | None:
        """The list that the folder gets when it becomes what the source is."""
        if not origin.uids.validity:
            outcome.renumbered = outcome.renumbered or bool(origin.messages)
            return None
        made = _kept(origin, origin.messages.keys() - outcome.missing)
        made.guid = current.guid or made.guid
        same = current.validity in (0, made.validity)
        for base, uid in made.uids.items():
            known = current.uids.get(base)
            if known is None:
                same = same and (not current.validity or uid.uid >= current.next_uid)
            else:
                same = same and known.uid == uid.uid
        taken = {uid.uid for uid in made.uids.values()}
        own = {base: uid for base, uid in current.uids.items() if base not in made.uids}
        own = {base: uid for base, uid in own.items() if base in have}
        same = same and not any(uid.uid in taken for uid in own.values())
        if same:
            made.uids.update(own)
            made.next_uid = max(made.next_uid, current.next_uid)
        elif current.validity:
            # Dovecot gives own mail new UIDs, above all of the source's.
            outcome.kick = True
        return made

    def _appended(
        self, origin: Origin, current: UidList, fresh: set[str], outcome: Outcome
    ) -> UidList | None:
        """The folder's own list with the new ones at its end."""
        if not current.validity:
            if origin.uids.validity and not current.uids:
                return _kept(origin, fresh)
            outcome.renumbered = outcome.renumbered or bool(fresh)
            return None
        made = UidList(current.validity, current.next_uid, current.guid, dict(current.uids))
        called = {
            uid.word("P") or maildir.uidl(maildir.HOUSE_UIDL, uid.uid, made.validity)
            for uid in made.uids.values()
        }
        order = sorted(
            fresh, key=lambda base: origin.uids.uids.get(base, Uid(maildir.MOST_UID)).uid
        )
        for base in order:
            if base in made.uids:
                continue  # its file was lost, and Dovecot has not seen that yet
            known = origin.uids.uids.get(base)
            more = known.more if known else ()
            number = made.next_uid
            if known and origin.uids.validity == made.validity and known.uid >= number:
                number = known.uid
            elif known and origin.uids.validity:
                outcome.renumbered = True
                name = known.word("P") or maildir.uidl(
                    origin.uidl or maildir.HOUSE_UIDL, known.uid, origin.uids.validity, base
                )
                if not known.word("P") and name not in called:
                    more = (f"P{name}", *more)
                    called.add(name)
            made.uids[base] = Uid(number, more)
            made.next_uid = number + 1
        return made


def _kept(origin: Origin, there: set[str]) -> UidList:
    """The source's own list, of the messages that have come."""
    made = UidList(origin.uids.validity, origin.uids.next_uid, origin.uids.guid)
    for base, uid in origin.uids.uids.items():
        if base not in there:
            continue
        if origin.uidl and not uid.word("P"):
            name = maildir.uidl(origin.uidl, uid.uid, origin.uids.validity, base)
            uid = Uid(uid.uid, (f"P{name}", *uid.more))
        made.uids[base] = uid
    return made


def _file_name(base: str, message: Message) -> str:
    return base if message.part == "new" else maildir.join(base, message.flags)


def _fsync(at: int, name: str) -> None:
    number = os.open(name, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC, dir_fd=at)
    try:
        os.fsync(number)
    finally:
        os.close(number)


def _rename(at: int, one: str, other: str) -> None:
    os.rename(one, other, src_dir_fd=at, dst_dir_fd=at)
