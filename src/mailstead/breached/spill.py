"""Keys on disk between reading the lists and making the filters: 256 files by first octet.

What is in them are the first 8 octets of hashes, never a word of plain text. They make the memory
that a build needs independent of how long the lists are.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType

import numpy as np

from mailstead.breached.fuse import Keys

FILES = 256
BITS = 8
_EDGES = np.arange(FILES, dtype=np.uint64) << np.uint64(64 - BITS)


def path_of(folder: Path, number: int) -> Path:
    """Where the keys lie whose first octet is `number`."""
    return folder / f"keys-{number:02x}"


class Spill:
    """The files, open for more; `lengths` of an earlier run cut off what came after them."""

    def __init__(self, folder: Path, lengths: Sequence[int]) -> None:
        self.lengths = list(lengths) or [0] * FILES
        self._files: list[int] = []
        with ExitStack() as undo:
            for number, length in enumerate(self.lengths):
                flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC
                descriptor = os.open(path_of(folder, number), flags, 0o600)
                undo.callback(os.close, descriptor)
                os.ftruncate(descriptor, length)
                self._files.append(descriptor)
            self._close = undo.pop_all().close

    def add(self, keys: Keys) -> None:
        """Write keys to their files."""
        keys = np.sort(keys)
        edges = [*np.searchsorted(keys, _EDGES).tolist(), len(keys)]
        for number, descriptor in enumerate(self._files):
            some = keys[edges[number] : edges[number + 1]]
            if len(some):
                _write(descriptor, some.tobytes())
                self.lengths[number] += some.nbytes

    def sync(self) -> None:
        """Come back when everything is on the disk."""
        for descriptor in self._files:
            os.fdatasync(descriptor)

    def __enter__(self) -> Spill:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._close()


def _write(descriptor: int, octets: bytes) -> None:
    rest = memoryview(octets)
    while rest:
        rest = rest[os.write(descriptor, rest) :]


def load(folder: Path, numbers: Sequence[int]) -> Keys:
    """The keys of some files, sorted, each once."""
    parts = [np.fromfile(path_of(folder, number), dtype=np.uint64) for number in numbers]
    keys = np.sort(np.concatenate(parts))
    if len(keys) > 1:
        new = np.empty(len(keys), dtype=np.bool_)
        new[0] = True
        np.not_equal(keys[1:], keys[:-1], out=new[1:])
        keys = keys[new]
    return keys
