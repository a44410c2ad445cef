"""Files of mail: opened without following links, copied, made safe, and put in place at once.

Whose tree is read may be anybody's, and its owner may change it while it is read: each directory is
opened from the one above it, and nothing but a plain file is ever read.
"""

from __future__ import annotations

import bz2
import ctypes
import errno
import io
import lzma
import os
import stat
import time
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, Any, cast

import zstandard

DIRECTORY = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_READ = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
_MAKE = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
_AT_ONCE = 8 * 2**20
MOST_UNPACKED = 2 * 2**30
"""Octets of one message that was compressed."""
MOST_TEXT = 256 * 2**20
"""Octets of a list beside the messages."""
LOCK_STALE = 120.0
"""Seconds after which Dovecot takes a lock of `dovecot-uidlist` for a dead process's."""
_AT_FDCWD = -100
_RENAME_EXCHANGE = 2
_libc = ctypes.CDLL(None, use_errno=True)
_MAGIC = {b"\x1f\x8b": "gzip", b"\x28\xb5\x2f\xfd": "zstd", b"BZh": "bzip2", b"\xfd7zXZ": "xz"}


class Odd(Exception):
    """What stands there is not a plain file, or cannot be read as a message."""


def open_path(path: Path) -> int:
    """Open a directory, none of whose levels may be a link. Raises `OSError`."""
    at = os.open("/", DIRECTORY)
    for part in path.parts[1:]:
        try:
            below = os.open(part, DIRECTORY, dir_fd=at)
        finally:
            os.close(at)
        at = below
    return at


@contextmanager
def opened(name: str, at: int) -> Iterator[int]:
    """A directory in another; raises `OSError`, also for a link."""
    number = os.open(name, DIRECTORY, dir_fd=at)
    try:
        yield number
    finally:
        os.close(number)


def read_text(name: str, at: int) -> str:
    """A small file's text, octets as `os.fsdecode` has them; empty where it is not there.

    Raises `Odd` for what is no plain file or too large.
    """
    try:
        number = os.open(name, _READ, dir_fd=at)
    except FileNotFoundError:
        return ""
    except OSError as error:
        raise Odd(f"{name} cannot be read: {error.strerror}") from error
    with os.fdopen(number, "rb") as file:
        status = os.fstat(number)
        if not stat.S_ISREG(status.st_mode) or status.st_size > MOST_TEXT:
            raise Odd(f"{name} is not a plain file, or too large")
        return os.fsdecode(file.read(MOST_TEXT))


class Copier:
    """Copies messages as one owner's."""

    def __init__(self, uid: int, gid: int, *, link: bool = False) -> None:
        self._uid, self._gid = uid, gid
        self._link = link
        self._own = os.geteuid() == 0

    def message(self, at: int, name: str, to: int, target: str) -> int:
        """Copy one message with its date; compressed ones are unpacked. Returns its octets.

        Raises `Odd` for what is no message, `FileNotFoundError` where it has gone, `OSError` where
        it cannot be written. What stands at the target is replaced.
        """
        if self._link:
            # Ours, on the same file system, and never written again.
            with _cleared(to, target):
                os.link(name, target, src_dir_fd=at, dst_dir_fd=to, follow_symlinks=False)
            return os.stat(target, dir_fd=to, follow_symlinks=False).st_size
        try:
            source = os.open(name, _READ, dir_fd=at)
        except OSError as error:
            if error.errno in (errno.ELOOP, errno.ENXIO, errno.EACCES):
                raise Odd(str(error.strerror)) from error
            raise
        try:
            status = os.fstat(source)
            if not stat.S_ISREG(status.st_mode):
                raise Odd("not a plain file")
            try:
                made = os.open(target, _MAKE, 0o600, dir_fd=to)
            except FileExistsError:
                os.unlink(target, dir_fd=to)
                made = os.open(target, _MAKE, 0o600, dir_fd=to)
            try:
                octets = _pour(source, made, status.st_size)
                if self._own:
                    os.fchown(made, self._uid, self._gid)
                os.utime(made, ns=(status.st_atime_ns, status.st_mtime_ns))
            except OSError:
                # Where the disk is full, what says so needs room too.
                with suppress(OSError):
                    os.unlink(target, dir_fd=to)
                raise
            finally:
                os.close(made)
            return octets
        finally:
            os.close(source)

    def folder(self, name: str, at: int) -> None:
        """Make a directory of the owner's where there is none."""
        try:
            os.mkdir(name, 0o700, dir_fd=at)
        except FileExistsError:
            return
        if self._own:
            os.chown(name, self._uid, self._gid, dir_fd=at, follow_symlinks=False)

    def own(self, number: int) -> None:
        """Give an open file to the owner."""
        if self._own:
            os.fchown(number, self._uid, self._gid)

    def text(self, name: str, text: str, at: int) -> None:
        """Write a small file by rename, safe on disk before it is seen."""
        part = f"{name}.copying"
        with _cleared(at, part):
            number = os.open(part, _MAKE, 0o600, dir_fd=at)
        with os.fdopen(number, "wb") as file:
            file.write(os.fsencode(text))
            if self._own:
                os.fchown(number, self._uid, self._gid)
            file.flush()
            os.fsync(number)
        os.rename(part, name, src_dir_fd=at, dst_dir_fd=at)


@contextmanager
def _cleared(at: int, name: str) -> Iterator[None]:
    with suppress(FileNotFoundError):
        os.unlink(name, dir_fd=at)
    yield


def is_packed(head: bytes) -> bool:
    """Whether a file that begins so is compressed."""
    return head.startswith(tuple(_MAGIC))


def _pour(source: int, made: int, size: int) -> int:
    head = os.pread(source, 6, 0)
    if head[:1] in b"\x1f\x28B\xfd" and head:
        for magic, kind in _MAGIC.items():
            if head.startswith(magic):
                return _unpack(source, made, kind)
    done = 0
    while done < size:
        try:
            count = os.copy_file_range(source, made, min(size - done, _AT_ONCE))
        except OSError as error:
            if error.errno not in (errno.EXDEV, errno.EINVAL, errno.ENOSYS, errno.EOPNOTSUPP):
                raise
            return done + _by_hand(source, made)
        if not count:
            break
        done += count
    return done


def _by_hand(source: int, made: int) -> int:
    done = 0
    while part := os.read(source, _AT_ONCE):
        _write(made, part)
        done += len(part)
    return done


def _write(made: int, part: bytes) -> None:
    view = memoryview(part)
    while view:
        view = view[os.write(made, view) :]


def _reader(source: int, kind: str) -> IO[bytes]:
    raw = io.FileIO(source, closefd=False)
    if kind == "zstd":
        return cast(
            "IO[bytes]", zstandard.ZstdDecompressor().stream_reader(raw, read_across_frames=True)
        )
    if kind == "gzip":
        return cast("IO[bytes]", _Gzip(raw))
    return cast("IO[bytes]", bz2.open(raw) if kind == "bzip2" else lzma.open(raw))


class _Gzip(io.RawIOBase):
    """A gzip stream; unlike gzip.open it asks for no name and no date."""

    def __init__(self, raw: io.FileIO) -> None:
        self._raw = raw
        self._engine: Any = zlib.decompressobj(31)

    def read(self, size: int = -1) -> bytes:
        while True:
            left = self._engine.unconsumed_tail
            if self._engine.eof:
                left = self._engine.unused_data or self._raw.read(65536)
                if not left:
                    return b""
                self._engine = zlib.decompressobj(31)
            data = left or self._raw.read(65536)
            if not data:
                raise EOFError("ends in the middle")
            made = cast(bytes, self._engine.decompress(data, size))
            if made:
                return made


def _unpack(source: int, made: int, kind: str) -> int:
    done = 0
    try:
        with _reader(source, kind) as reader:
            while part := reader.read(2**20):
                done += len(part)
                if done > MOST_UNPACKED:
                    raise Odd(f"unpacks to more than {MOST_UNPACKED} octets")
                _write(made, part)
    except (EOFError, zlib.error, zstandard.ZstdError, lzma.LZMAError) as error:
        raise Odd(f"cannot be unpacked ({kind}): {error}") from error
    return done


def make_safe(at: int) -> None:
    """Have everything on the file system of a directory written to the disk (syncfs(2))."""
    if _libc.syncfs(at):
        raise OSError(ctypes.get_errno(), "syncfs")


def exchange(one: Path, other: Path) -> None:
    """Each directory gets the other's name, in one step (renameat2(2))."""
    done = _libc.renameat2(
        _AT_FDCWD, os.fsencode(one), _AT_FDCWD, os.fsencode(other), _RENAME_EXCHANGE
    )
    if done:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number), str(one))


@contextmanager
def locked(at: int, wait: Callable[[float], object], seconds: float = 150.0) -> Iterator[None]:
    """Hold Dovecot's lock of a folder's list of UIDs: a file beside it that only one can make.

    Raises `TimeoutError`. What a killed process of ours or of Dovecot's left behind is taken away
    after the time that Dovecot itself gives it.
    """
    name, mark = "dovecot-uidlist.lock", f"dovecot-uidlist.copying.{os.getpid()}"
    with _cleared(at, mark):
        os.close(os.open(mark, _MAKE, 0o600, dir_fd=at))
    try:
        deadline = time.monotonic() + seconds
        while True:
            try:
                os.link(mark, name, src_dir_fd=at, dst_dir_fd=at)
                break
            except FileExistsError:
                pass
            try:
                age = time.time() - os.stat(name, dir_fd=at, follow_symlinks=False).st_mtime
                if age > LOCK_STALE:
                    os.unlink(name, dir_fd=at)
            except FileNotFoundError:
                continue
            if time.monotonic() > deadline:
                raise TimeoutError("Dovecot holds the lock of a folder for too long.")
            wait(0.05)
        try:
            yield
        finally:
            os.unlink(name, dir_fd=at)
    finally:
        os.unlink(mark, dir_fd=at)


def chunks(name: str, at: int) -> Iterator[bytes]:
    """A message's text, piece by piece; compressed ones are unpacked.

    Raises `Odd` for what is no message, `FileNotFoundError` where it has gone.
    """
    try:
        number = os.open(name, _READ, dir_fd=at)
    except OSError as error:
        if error.errno in (errno.ELOOP, errno.ENXIO, errno.EACCES):
            raise Odd(str(error.strerror)) from error
        raise
    try:
        if not stat.S_ISREG(os.fstat(number).st_mode):
            raise Odd("not a plain file")
        head = os.pread(number, 6, 0)
        kind = next((one for magic, one in _MAGIC.items() if head.startswith(magic)), "")
        if not kind:
            while part := os.read(number, 2**20):
                yield part
            return
        done = 0
        try:
            with _reader(number, kind) as reader:
                while part := reader.read(2**20):
                    done += len(part)
                    if done > MOST_UNPACKED:
                        raise Odd(f"unpacks to more than {MOST_UNPACKED} octets")
                    yield part
        except (EOFError, zlib.error, zstandard.ZstdError, lzma.LZMAError) as error:
            raise Odd(f"cannot be unpacked ({kind}): {error}") from error
    finally:
        os.close(number)
