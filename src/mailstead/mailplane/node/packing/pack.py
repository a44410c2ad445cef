"""Pack mailboxes into an archive, so that it can be stopped at any time and goes on where it was.

After each piece (`standards.pieces`) the place is noted down beside the archive; who goes on cuts
off what came after it. What a mailbox holds does not change meanwhile (`snapshot`).
"""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import msgspec

from mailstead.home import Home
from mailstead.mailplane.node.copies.files import Odd, open_path, opened, read_text
from mailstead.mailplane.node.packing import snapshot
from mailstead.standards.address import mailbox_address
from mailstead.standards.pieces import Packing, Pieces
from mailstead.standards.refusal import Refusal
from mailstead.wire.exports import Box, Packed

PIECE = 32 * 2**20
"""Octets after which a piece ends, before packing: what is done anew at most."""
TELL_EVERY = 1.0
"""Seconds between two words about how far it is."""
RESERVE = 2**30
"""Octets that stay free on the disk: mail must go on arriving."""
_MAKE = os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC
_READ = os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC

Tell = Callable[[Packed], None]


class Stopped(Exception):
    """It was told to stop; the next one goes on."""


class _Place(msgspec.Struct, frozen=True):
    """Up to where the archive is whole."""

    offset: int = 0
    box: int = 0
    """Index of the mailbox that is packed next."""
    file: int = 0
    """So many of its files are in."""
    octets: int = 0
    messages: int = 0


@dataclass(frozen=True)
class Target:
    """Where the archive is made."""

    archive: Path
    side: Path
    """A directory on the disk of the mail, for what is held still; it goes at the end."""
    packing: Packing
    reserve: int = RESERVE

    @property
    def note(self) -> Path:
        """Where the place is noted down."""
        return self.archive.with_name(self.archive.name + ".place")


def side_of(home: Home, key: str) -> Path:
    """Where mailboxes are held still for one archive."""
    return home.mail / ".exports" / key


def pack(
    home: Home,
    target: Target,
    head: Sequence[tuple[str, bytes]],
    boxes: Sequence[Box],
    *,
    stop: Callable[[], bool],
    tell: Tell,
) -> Packed:
    """Write the archive, from where it was left. Raises `Stopped`, `OSError`, `Refusal`."""
    number = os.open(target.archive, _MAKE, 0o600)
    with os.fdopen(number, "r+b") as file:
        place = _noted(target)
        os.ftruncate(number, place.offset)
        file.seek(place.offset)
        packer = _Packer(home, target, Pieces(file, target.packing), place, stop, tell)
        done = packer.run(head, boxes)
    forget(target)
    return done


def forget(target: Target) -> None:
    """Remove what is only needed to go on."""
    shutil.rmtree(target.side, ignore_errors=True)
    target.note.unlink(missing_ok=True)


def _noted(target: Target) -> _Place:
    """Where to go on; from the beginning where a mailbox that is half packed is held no longer."""
    try:
        place = msgspec.json.decode(target.note.read_bytes(), type=_Place)
    except (OSError, msgspec.MsgspecError):
        return _Place()
    held = (target.side / str(place.box) / snapshot.DONE).exists()
    whole = target.archive.stat().st_size >= place.offset
    return place if whole and (held or not place.file) else _Place()


class _Packer:
    def __init__(
        self,
        home: Home,
        target: Target,
        pieces: Pieces,
        place: _Place,
        stop: Callable[[], bool],
        tell: Tell,
    ) -> None:
        self._home, self._target, self._pieces, self._place = home, target, pieces, place
        self._stop, self._tell = stop, tell
        self._octets, self._messages = place.octets, place.messages
        self._cut_at = 0
        self._told = 0.0

    def run(self, head: Sequence[tuple[str, bytes]], boxes: Sequence[Box]) -> Packed:
        if not self._place.offset:
            for name, data in head:
                self._pieces.text(name, data)
        for index in range(self._place.box, len(boxes)):
            box = boxes[index]
            first = self._place.file if index == self._place.box else 0
            self._box(box, index, first)
            self._cut(_Place(box=index + 1))
            # Only now: who goes on in the middle of a mailbox needs it as it was.
            shutil.rmtree(self._target.side / str(index), ignore_errors=True)
        size = self._pieces.finish()
        return Packed(
            state="done", octets=self._octets, messages=self._messages, size=size, at=time.time()
        )

    def _box(self, box: Box, index: int, first: int) -> None:
        maildir = _home_of(self._home, box.address) / "Maildir"
        held = snapshot.take(maildir, self._target.side / str(index))
        for number, (inside, path) in enumerate(_files(held)):
            if number < first:
                continue
            self._look(box.address)
            name = f"{box.place}/{inside}"
            if path is None:
                self._pieces.folder(name)
            else:
                self._file(name, path)
            if self._pieces.octets - self._cut_at > PIECE:
                self._cut(_Place(box=index, file=number + 1))
        self._scripts(box)

    def _file(self, name: str, path: Path) -> None:
        with os.fdopen(os.open(path, _READ), "rb") as file:
            there = os.fstat(file.fileno())
            self._pieces.add(name, file, there.st_size, int(there.st_mtime))
        if path.parent.name in ("cur", "new"):
            self._octets += there.st_size
            self._messages += 1

    def _scripts(self, box: Box) -> None:
        """The Sieve scripts that the user has made, and which one is in force."""
        home = _home_of(self._home, box.address)
        with suppress(FileNotFoundError, NotADirectoryError):
            root = open_path(home)
            try:
                with opened("sieve", root) as at:
                    found = sorted(one.name for one in os.scandir(at) if one.is_file())
                    for name in (one for one in found if one.endswith(".sieve")):
                        with suppress(Odd):
                            text = os.fsencode(read_text(name, at))
                            self._pieces.text(f"{box.sieve_place}/{name}", text)
                active = os.readlink(".dovecot.sieve", dir_fd=root)
                name = active.rpartition("/")[2].removesuffix(".sieve")
                self._pieces.text(f"{box.sieve_place}/active", os.fsencode(name))
            except OSError:
                return  # none of them is in force
            finally:
                os.close(root)

    def _look(self, address: str) -> None:
        now = time.time()
        if self._stop():
            raise Stopped
        if now - self._told >= TELL_EVERY:
            self._told = now
            self._tell(self._packed(address, now))

    def _packed(self, address: str, now: float) -> Packed:
        return Packed(
            state="packing",
            octets=self._octets,
            messages=self._messages,
            address=address,
            size=self._place.offset,
            at=now,
        )

    def _cut(self, place: _Place) -> None:
        offset = self._pieces.cut()
        self._cut_at = self._pieces.octets
        self._place = msgspec.structs.replace(
            place, offset=offset, octets=self._octets, messages=self._messages
        )
        fresh = self._target.note.with_suffix(".new")
        fresh.write_bytes(msgspec.json.encode(self._place))
        fresh.replace(self._target.note)
        if shutil.disk_usage(self._target.archive.parent).free < self._target.reserve:
            raise Refusal(
                "no-room",
                "The disk is nearly full: less than {room} MiB are left, which mail needs.",
                remedy="Make room, and let the export go on.",
                room=self._target.reserve // 2**20,
                permanent=False,
            )


def _home_of(home: Home, address: str) -> Path:
    """The home of a mailbox; raises `Refusal` for what is no address."""
    checked = mailbox_address(address)
    return home.mail / checked.domain / checked.local


def _files(held: Path) -> Iterator[tuple[str, Path | None]]:
    """What is packed of a mailbox, in the same order each time; None: a directory."""
    folders = [held, *sorted(one for one in held.iterdir() if one.name.startswith("."))]
    for folder in folders:
        within = "" if folder == held else f"{folder.name}/"
        yield f"{within}cur", None
        for name in (*snapshot.LISTS, snapshot.SUBSCRIPTIONS):
            if (folder / name).is_file():
                yield f"{within}{name}", folder / name
        for part in ("cur", "new"):
            if (folder / part).is_dir():
                for name in sorted(one.name for one in (folder / part).iterdir()):
                    yield f"{within}{part}/{name}", folder / part / name
