"""Making one binary fuse filter of keys: the only place that knows the library which does it.

pyfusefilter's own classes take Python objects one by one and hash each once more; below them is the
C library with its plain arrays, which is what is wanted here (docs/decisions/0034). A test holds
that what it makes is what `index` reads.
"""

from __future__ import annotations

import zlib
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from pyfusefilter._xorfilter import ffi, lib

from mailstead.breached.form import Part

Keys = NDArray[np.uint64]


@dataclass(frozen=True)
class Filter:
    """A filter's array, and the row of the table that describes it."""

    array: bytes
    seed: int
    segment: int
    span: int
    hashes: int

    def part(self, offset: int) -> Part:
        """Its row when it is written at `offset`."""
        check = zlib.crc32(self.array)
        places = len(self.array) // 2
        return Part(offset, self.seed, places, self.segment, self.span, self.hashes, check)


def make(keys: Keys) -> Filter:
    """A filter that has these keys, each of which occurs once.

    Takes some 30 octets of memory for each while it works. The same keys give the same filter.
    """
    if not len(keys):
        return Filter(b"", 0, 0, 0, 0)
    # The library may change the order of what it is given.
    own = np.array(keys, dtype=np.uint64, order="C")
    made = ffi.new("binary_fuse16_t *")
    if not lib.binary_fuse16_allocate(len(own), made):
        raise MemoryError("no memory for a filter")
    try:
        if not lib.binary_fuse16_populate(ffi.from_buffer("uint64_t[]", own), len(own), made):
            raise MemoryError("no memory to make a filter, or no filter for these keys")
        array = bytes(ffi.buffer(made.Fingerprints, 2 * made.ArrayLength))
        segment, span = int(made.SegmentLength), int(made.SegmentCountLength)
        return Filter(array, int(made.Seed), segment, span, len(own))
    finally:
        lib.binary_fuse16_free(made)
