"""An archive as a `Tree`: one pass writes down what is where, further questions are look-ups.

The pass fills an SQLite database in a private temporary directory and keeps aside there the small
files that the reader has asked for (`keep`). Memory does not grow with the archive. A packed
archive is read once more for each `stream` of a file that was not kept, and for each `extract`.
"""

from __future__ import annotations

import io
import shutil
import sqlite3
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import BinaryIO, Self, cast

from mailstead.foreign.archive_tar import Item, Nested, Window, opened, walk
from mailstead.foreign.archive_tree import (
    DEFAULT,
    Extracted,
    Kind,
    Limits,
    Member,
    Oddities,
    Walked,
    excessive,
    missing,
    octets_of,
    too_large,
)
from mailstead.foreign.archive_write import Writer, copy, no_room
from mailstead.standards.refusal import Term

_CODES: tuple[Kind, ...] = ("file", "directory", "symlink")
_SCHEMA = """
PRAGMA journal_mode = OFF;
PRAGMA synchronous = OFF;
PRAGMA locking_mode = EXCLUSIVE;
PRAGMA cache_size = -16000;
PRAGMA temp_store = FILE;
CREATE TABLE folder (id INTEGER PRIMARY KEY, path BLOB NOT NULL UNIQUE);
CREATE TABLE entry (
  folder INTEGER NOT NULL, name BLOB NOT NULL, kind INTEGER NOT NULL, size INTEGER NOT NULL,
  mtime INTEGER NOT NULL, number INTEGER NOT NULL, at INTEGER NOT NULL, target BLOB, head BLOB,
  PRIMARY KEY (folder, name)
) WITHOUT ROWID;
INSERT INTO folder VALUES (1, x'');
"""
_WANT = """
DROP TABLE IF EXISTS temp.wanted;
DROP TABLE IF EXISTS temp.wanted_file;
CREATE TEMP TABLE wanted (folder INTEGER PRIMARY KEY);
CREATE TEMP TABLE wanted_file (folder INTEGER, name BLOB, PRIMARY KEY (folder, name));
"""
_WANTED = (
    "kind = 0 AND (folder IN (SELECT folder FROM wanted)"
    " OR (folder, name) IN (SELECT folder, name FROM wanted_file))"
)
_COLUMNS = "name, kind, size, mtime, target"
_FOLDERS_KNOWN = 20_000


class ArchiveTree(Walked):
    """An archive; `Tree` says what it answers."""

    def __init__(
        self,
        path: Path,
        keep: Callable[[str], bool],
        nested: Nested,
        limits: Limits = DEFAULT,
        work: Path | None = None,
    ) -> None:
        """Reads the whole archive once; `work`: where its temporary directory is made."""
        self.oddities = Oddities()
        self._archive, self._nested, self._limits = path, nested, limits
        self._work = Path(tempfile.mkdtemp(prefix="mailstead-archive-", dir=work))
        self._folders: dict[str, int] = {}
        self._kept = 0
        with no_room(), ExitStack() as undo:
            undo.callback(self.close)
            # The control plane may answer from another thread than the one that has opened it.
            self._db = sqlite3.connect(
                self._work / "index.db", isolation_level=None, check_same_thread=False
            )
            self._db.executescript(_SCHEMA)
            self._db.execute("BEGIN")
            for item in walk(path, limits, self.oddities, nested):
                self._enter(item, keep)
            self._db.execute("COMMIT")
            undo.pop_all()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Remove the temporary directory."""
        if hasattr(self, "_db"):
            self._db.close()
        shutil.rmtree(self._work, ignore_errors=True)

    # -- the pass

    def _enter(self, item: Item, keep: Callable[[str], bool]) -> None:
        folder, name = self._where(item.path)
        number, at, size, head = item.number, item.at, item.size, b""
        kind, target = item.kind, ""
        if item.kind == "hardlink":
            found = self._row(item.target)
            if found is None or _CODES[found[1]] != "file":
                self.oddities.add("link", item.path)
                return
            size, number, at, head = found[2], found[5], found[6], found[7] or b""
            kind = "file"
        elif item.kind == "symlink":
            target = item.target
        elif item.data is not None:
            if keep(item.path):
                self._keep(item)
            elif _is_message(item.path):
                head = item.data.read(4)
        row = (
            folder,
            octets_of(name),
            _CODES.index(kind),
            size,
            item.mtime,
            number,
            at,
            octets_of(target),
            head,
        )
        added = self._db.execute("INSERT OR IGNORE INTO entry VALUES (?,?,?,?,?,?,?,?,?)", row)
        if not added.rowcount:
            self._again(item, row)

    def _again(self, item: Item, row: tuple[object, ...]) -> None:
        before = self._row(item.path)
        if before is None or not (item.kind == "directory" == _CODES[before[1]]):
            self.oddities.add("duplicate", item.path)
        self._db.execute("REPLACE INTO entry VALUES (?,?,?,?,?,?,?,?,?)", row)

    def _where(self, path: str) -> tuple[int, str]:
        parent, _, name = path.rpartition("/")
        return self._folder(parent), name

    def _folder(self, path: str) -> int:
        """The number of a folder, which is made with those above it."""
        if not path:
            return 1
        known = self._folders.get(path)
        if known is not None:
            return known
        octets = octets_of(path)
        row = self._db.execute("SELECT id FROM folder WHERE path = ?", (octets,)).fetchone()
        if row is None:
            above, name = self._where(path)
            number = self._db.execute("INSERT INTO folder (path) VALUES (?)", (octets,)).lastrowid
            self._db.execute(
                "INSERT OR IGNORE INTO entry VALUES (?,?,1,0,0,0,-1,NULL,NULL)",
                (above, octets_of(name)),
            )
        else:
            number = row[0]
        if len(self._folders) >= _FOLDERS_KNOWN:
            self._folders.clear()
        self._folders[path] = int(number or 0)
        return self._folders[path]

    def _keep(self, item: Item) -> None:
        if item.size > self._limits.kept_each or item.data is None:
            return
        self._kept += item.size
        if self._kept > self._limits.kept:
            raise excessive(Term("its settings take more room than they may"))
        with (self._work / str(item.number)).open("wb") as file:
            copy(item.data, file, item.size)

    # -- questions

    def _row(self, path: str) -> tuple[bytes, int, int, int, bytes, int, int, bytes] | None:
        parent, _, name = path.rpartition("/")
        found: tuple[bytes, int, int, int, bytes, int, int, bytes] | None = self._db.execute(
            f"SELECT {_COLUMNS}, number, at, head FROM entry WHERE name = ? AND folder ="
            " (SELECT id FROM folder WHERE path = ?)",
            (octets_of(name), octets_of(parent)),
        ).fetchone()
        return found

    def find(self, path: str) -> Member | None:
        """What lies there."""
        if not path:
            return Member("", "directory", 0, 0)
        row = self._row(path)
        return None if row is None else _member(path.rpartition("/")[0], *row[:5])

    def children(self, under: str = "") -> Iterator[Member]:
        """What lies directly in a directory, by name."""
        rows = self._db.execute(
            f"SELECT {_COLUMNS} FROM entry WHERE folder = (SELECT id FROM folder WHERE path = ?)"
            " ORDER BY name",
            (octets_of(under),),
        )
        for row in rows:
            yield _member(under, *row)

    def read(self, path: str, limit: int = 2**20) -> bytes:
        """A small file's octets; raises `Refusal`."""
        row = self._file(path)
        if row[2] > limit:
            raise too_large(path, limit)
        with self.stream(path) as file:
            return file.read()

    def head(self, path: str) -> bytes:
        """A file's first four octets."""
        row = self._file(path)
        if row[7] or not row[2]:
            return row[7] or b""
        with self.stream(path) as file:
            return file.read(4)

    @contextmanager
    def stream(self, path: str) -> Iterator[BinaryIO]:
        """A file of any size, from front to back."""
        row = self._file(path)
        size, number, at = row[2], row[5], row[6]
        kept = self._work / str(number)
        if kept.exists():
            with kept.open("rb") as file:
                yield file
        elif at >= 0:
            with opened(self._archive) as archive:
                archive.seek(at)
                with io.BufferedReader(Window(archive, size)) as window:
                    yield cast(BinaryIO, window)
        else:
            for item in self._pass():
                if item.number == number and item.data is not None:
                    yield item.data
                    return
            raise missing(path)

    def place(self, path: str) -> str:
        """The path itself."""
        return path

    def extract(self, under: Sequence[str], into: Path, *, limit: int) -> Extracted:
        """Bring files and all below directories to the same paths in `into` (`Tree`)."""
        self._want(under)
        files, octets = self._db.execute(
            "SELECT count(*), coalesce(sum(size), 0) FROM"
            f" (SELECT max(size) AS size FROM entry WHERE {_WANTED} GROUP BY number)"
        ).fetchone()
        writer = Writer(into, limit, self.oddities)
        writer.expect(octets)
        rows = self._db.execute(
            "SELECT number, path, name, size, mtime FROM entry"
            f" JOIN folder ON folder.id = entry.folder WHERE {_WANTED} ORDER BY number"
        )
        if files:
            self._write(rows, writer)
        return Extracted(writer.files, writer.octets)

    def _want(self, under: Sequence[str]) -> None:
        """Note which folders and which single files are wanted."""
        self._db.executescript(_WANT)
        for path in under:
            octets = octets_of(path)
            # What lies below sorts between `path/` and `path0`, the sign after the slash.
            self._db.execute(
                "INSERT OR IGNORE INTO wanted SELECT id FROM folder"
                " WHERE path = ? OR ? = x'' OR (path > ? AND path < ?)",
                (octets, octets, octets + b"/", octets + b"0"),
            )
            parent, _, name = path.rpartition("/")
            self._db.execute(
                "INSERT OR IGNORE INTO wanted_file SELECT id, ? FROM folder WHERE path = ?",
                (octets_of(name), octets_of(parent)),
            )

    def _write(self, rows: sqlite3.Cursor, writer: Writer) -> None:
        """Write files in the order in which the archive has them; equal numbers are one file."""
        items = self._pass()
        here: Item | None = None
        first, number = "", 0
        for found, folder, name, size, mtime in rows:
            path = _text(folder + b"/" + name if folder else name)
            if found == number and first:
                writer.link(first, path)
                continue
            first, number = path, found
            if writer.has(path, size, mtime):
                continue
            while here is None or here.number < found:
                here = next(items, None)
                if here is None:
                    raise missing(path)
            if here.number == found and here.data is not None:
                writer.write(path, here.data, size, mtime)

    def _file(self, path: str) -> tuple[bytes, int, int, int, bytes, int, int, bytes]:
        row = self._row(path)
        if row is None or _CODES[row[1]] != "file":
            raise missing(path)
        return row

    def _pass(self) -> Iterator[Item]:
        return walk(self._archive, self._limits, Oddities(), self._nested)


def _is_message(path: str) -> bool:
    folder = path.rsplit("/", 2)[-2:-1]
    return folder in (["cur"], ["new"])


def _text(octets: bytes) -> str:
    return octets.decode("utf-8", "surrogateescape")


def _member(
    parent: str, name: bytes, kind: int, size: int, mtime: int, target: bytes | None
) -> Member:
    path = f"{parent}/{_text(name)}" if parent else _text(name)
    return Member(path, _CODES[kind], size, mtime, _text(target or b""))
