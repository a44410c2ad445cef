"""Building the index: lists → keys on disk → one filter after the other → one file, renamed.

    1. Every list is read; its keys go to 256 files (`spill`).
    2. Part by part they are sorted, made unique and become a filter (`fuse`), appended to the file.
    3. Header and table are written before them, the file is synced and takes the old one's place.

Memory stays bounded: a stretch of text in step 1, the keys of one part in step 2 (some 100 MB up to
a thousand million hashes). Everything lies in a folder beside the index, with a note of how far the
build has come; a build that was interrupted, even by power, goes on from its last note. Lists that
are no longer what they were begin a new one.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import msgspec
import numpy as np

from mailstead.breached import form, fuse, lists, spill
from mailstead.breached.index import Index
from mailstead.standards.refusal import Refusal

NOTE_EVERY = 20.0
"""Seconds of work that an interruption may cost."""
KEYS_OF_A_PART = 2_000_000
"""At most so many on average: 2.26 octets a hash, and 60 MB of memory to make the filter."""
NAMED = 3
"""Wrong lines of which the number is told."""
_STATE_VERSION = 1

Progress = Callable[[str, int, int], None]
"""Told what is done (`reading`, `building`), how much of it, and of how much."""


class Input(msgspec.Struct, frozen=True):
    """A list as it was when the build began."""

    path: str
    kind: str
    stamp: str


class State(msgspec.Struct):
    """How far a build has come; what an interrupted one goes on from."""

    inputs: tuple[Input, ...]
    version: int = _STATE_VERSION
    source: int = 0
    """The input that is being read; as many as there are: all are read."""
    position: int = 0
    source_lines: int = 0
    octets: int = 0
    """Read of all inputs."""
    lines: int = 0
    wrong: int = 0
    named: list[str] = []
    lengths: list[int] = []
    """Of the files of keys."""
    bits: int = -1
    """Of the index; -1 while lists are read."""
    parts: list[tuple[int, ...]] = []
    end: int = 0
    """Octets of the new index that are written."""


class Outcome(msgspec.Struct, frozen=True):
    """What a build has made of what."""

    path: Path
    hashes: int
    size: int
    parts: int
    lines: int
    wrong: int
    """Lines that were no such lines."""
    named: tuple[str, ...]
    """Where the first of them are."""
    went_on: bool
    """Whether an interrupted build was continued."""
    began_anew: bool
    """Whether an interrupted build of other lists was given up."""


def work_folder(out: Path) -> Path:
    """Where a build of this index keeps what it needs until it is done."""
    return out.with_name(out.name + ".work")


def build(
    sources: Sequence[lists.Source],
    out: Path,
    *,
    progress: Progress = lambda stage, done, total: None,
    clock: Callable[[], float] = time.time,
    note_every: float = NOTE_EVERY,
) -> Outcome:
    """Make the index `out` of lists; raises `Refusal` (`breached-…`).

    `clock` gives the moment that the index tells as its birth, in seconds since 1970.
    """
    if not sources:
        raise Refusal("breached-no-input", "No list was given.", remedy="Name one or several.")
    folder = work_folder(out)
    inputs = tuple(Input(str(s.path.absolute()), s.kind.value, s.stamp) for s in sources)
    with _alone(folder):
        state, began_anew = _state_of(folder, inputs)
        went_on = state is not None
        work = _Build(folder, state or State(inputs), progress, note_every)
        if work.state.bits < 0:
            work.read(sources)
        work.make_parts()
        hashes = work.finish(out, int(clock()))
        state = work.state
        shutil.rmtree(folder)
    return Outcome(
        path=out,
        hashes=hashes,
        size=out.stat().st_size,
        parts=1 << state.bits,
        lines=state.lines,
        wrong=state.wrong,
        named=tuple(state.named),
        went_on=went_on,
        began_anew=began_anew,
    )


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """Hold the folder of a build; raises `Refusal` (`breached-busy`) when another one does."""
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    except OSError as error:
        raise _not_written(folder, error) from error
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        os.close(descriptor)
        raise Refusal(
            "breached-busy",
            "Another build of this index is running.",
            remedy="Wait for its end.",
            permanent=False,
        ) from error
    try:
        yield
    except OSError as error:
        raise _not_written(folder, error) from error
    finally:
        os.close(descriptor)


def _not_written(folder: Path, error: OSError) -> Refusal:
    return Refusal(
        "breached-out",
        "The index cannot be made in {folder}: {why}.",
        remedy="Make room there, or name another place with --out; what is done is kept.",
        folder=folder.parent,
        why=error.strerror or "unknown fault",
    )


def _state_of(folder: Path, inputs: tuple[Input, ...]) -> tuple[State | None, bool]:
    """The state to go on from, and whether there was one of other lists."""
    path = folder / "state.json"
    try:
        state = msgspec.json.decode(path.read_bytes(), type=State)
    except FileNotFoundError:
        state = None
    except msgspec.DecodeError:
        state = State(())
    if state is not None and state.parts and not (folder / "index").exists():
        # It was killed after its very last step.
        state = None
    if state is not None and state.version == _STATE_VERSION and state.inputs == inputs:
        return state, False
    # The folder itself stays: it is what is locked.
    for found in folder.iterdir():
        found.unlink()
    return None, state is not None


class _Build:
    """One build under way in its folder."""

    def __init__(self, folder: Path, state: State, progress: Progress, note_every: float) -> None:
        self.folder = folder
        self.state = state
        self.progress = progress
        self.note_every = note_every
        self.index = folder / "index"
        self._noted = time.monotonic()

    def _is_due(self) -> bool:
        return time.monotonic() - self._noted >= self.note_every

    def _note(self) -> None:
        """Write down how far it is; what the note speaks of is on the disk already."""
        fresh = self.folder / "state.new"
        with fresh.open("wb") as file:
            file.write(msgspec.json.encode(self.state))
            file.flush()
            os.fsync(file.fileno())
        fresh.replace(self.folder / "state.json")
        _sync_folder(self.folder)
        self._noted = time.monotonic()

    def read(self, sources: Sequence[lists.Source]) -> None:
        """Step 1."""
        state = self.state
        total = sum(source.size for source in sources)
        with spill.Spill(self.folder, state.lengths) as keys:

            def note() -> None:
                keys.sync()
                state.lengths = list(keys.lengths)
                self._note()

            self.progress("reading", state.octets, total)
            while state.source < len(sources):
                source = sources[state.source]
                for batch in lists.read(source, state.position):
                    keys.add(batch.keys)
                    self._count(source, batch)
                    self.progress("reading", state.octets, total)
                    if self._is_due():
                        note()
                state.source, state.position, state.source_lines = state.source + 1, 0, 0
            count = sum(keys.lengths) // form.KEY_OCTETS
            if not count:
                shutil.rmtree(self.folder)
                raise _nothing(state)
            state.bits = min(form.MAX_BITS, max(0, (count - 1) // KEYS_OF_A_PART).bit_length())
            state.end = form.table_octets(state.bits)
            note()

    def _count(self, source: lists.Source, batch: lists.Batch) -> None:
        state = self.state
        for name, line in batch.wrong:
            if len(state.named) < NAMED:
                number = line if source.kind is lists.Kind.RANGES else state.source_lines + line
                state.named.append(f"{name} line {number}")
        state.position = batch.position
        state.octets += batch.octets
        state.lines += batch.lines
        state.source_lines += batch.lines
        state.wrong += batch.wrong_count

    def make_parts(self) -> None:
        """Step 2: several parts of one file of keys, or one part of several, as it comes."""
        state = self.state
        parts, files = 1 << state.bits, spill.FILES
        at_once, together = max(1, parts // files), max(1, files // parts)
        total = sum(state.lengths) // form.KEY_OCTETS
        descriptor = os.open(self.index, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
        try:
            os.ftruncate(descriptor, state.end)
            for first in range(len(state.parts), parts, at_once):
                numbers = range(first * files // parts, first * files // parts + together)
                done = sum(state.lengths[: numbers.start]) // form.KEY_OCTETS
                self.progress("building", done, total)
                keys = spill.load(self.folder, numbers)
                for part in range(first, first + at_once):
                    self._append(descriptor, fuse.make(_between(keys, part, state.bits)))
                os.fdatasync(descriptor)
                self._note()
                # Not before the note: until then they may be needed once more.
                for number in numbers:
                    spill.path_of(self.folder, number).unlink(missing_ok=True)
            self.progress("building", total, total)
        finally:
            os.close(descriptor)

    def _append(self, descriptor: int, made: fuse.Filter) -> None:
        part = made.part(self.state.end)
        rest = memoryview(made.array)
        offset = part.offset
        while rest:
            written = os.pwrite(descriptor, rest, offset)
            rest, offset = rest[written:], offset + written
        fields = (part.offset, part.seed, part.places, part.segment, part.span, part.hashes)
        self.state.parts.append((*fields, part.check))
        self.state.end = form.aligned(offset)

    def finish(self, out: Path, made: int) -> int:
        """Step 3; returns the count of hashes."""
        state = self.state
        parts = tuple(form.Part(*fields) for fields in state.parts)
        hashes = sum(part.hashes for part in parts)
        header = form.Header(state.bits, hashes, made, state.end, parts)
        with self.index.open("r+b") as file:
            file.write(form.pack(header))
            file.truncate(state.end)
            file.flush()
            os.fchmod(file.fileno(), 0o644)
            os.fsync(file.fileno())
        # What cannot be read must not take the place of what can.
        Index.open(self.index).close()
        self.index.replace(out)
        _sync_folder(out.parent)
        return hashes


def _between(keys: fuse.Keys, part: int, bits: int) -> fuse.Keys:
    """Those of sorted keys that belong to a part."""
    if not bits:
        return keys
    first = part << (64 - bits)
    last = first + (1 << (64 - bits)) - 1
    left = keys.searchsorted(np.uint64(first), side="left")
    right = keys.searchsorted(np.uint64(last), side="right")
    return keys[left:right]


def _nothing(state: State) -> Refusal:
    return Refusal(
        "breached-nothing",
        "The lists hold no line that can be used: {wrong} of {lines} lines are of no known form.",
        remedy="Say what they are with --plain, --combos or --ordered.",
        wrong=state.wrong,
        lines=state.lines,
    )


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
