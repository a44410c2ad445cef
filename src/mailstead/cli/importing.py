"""Importing from CSV: streamed, in batches, with a line for each refused row.

A batch is one transaction. Rows that are there already are counted as present, so an import that
was interrupted is resumed by running it again.
"""

from __future__ import annotations

import csv
import itertools
import signal
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Protocol, TextIO, TypeVar

from rich.progress import Progress

from mailstead.cli.progress import progress_bar
from mailstead.cli.session import INTERRUPTED, OK, PARTLY, SESSION, now, shown, to_json
from mailstead.standards.refusal import Refusal

if TYPE_CHECKING:
    from mailstead.control.people.actor import Actor

BATCH = 500
STDIN = Path("-")
Fields = dict[str, str]
Result = Refusal | str
T = TypeVar("T")
T_contra = TypeVar("T_contra", contravariant=True)


class Write(Protocol[T_contra]):
    """A service that imports a batch of rows, in one transaction."""

    def __call__(
        self, *, actor: Actor, now: datetime, rows: Sequence[T_contra], dry_run: bool
    ) -> list[Result]:
        """What became of each row."""


@dataclass(frozen=True)
class Columns:
    """The columns that the first line must and may name."""

    needed: set[str]
    optional: set[str] = field(default_factory=set)


class _Interrupt:
    """Ctrl-C ends the import after the batch that is under way."""

    def __init__(self) -> None:
        self.asked = False

    def __call__(self, number: int, frame: FrameType | None) -> None:
        self.asked = True


def _open(path: Path) -> TextIO:
    try:
        if path == STDIN:
            return open(sys.stdin.fileno(), encoding="utf-8-sig", newline="", closefd=False)
        # A byte order mark is what spreadsheets write first.
        return path.open(encoding="utf-8-sig", newline="")
    except OSError as error:
        raise Refusal(
            "file-unreadable",
            f"{path} cannot be read: {error.strerror}.",
            remedy="Give the path of a CSV file.",
        ) from error


def _rows(text: TextIO, columns: Columns) -> Iterator[tuple[int, Fields]]:
    """Line number and fields of each row; raises `Refusal` for what is no such file."""
    needed, optional = columns.needed, columns.optional
    try:
        head = text.readline()
        delimiter = ";" if head.count(";") > head.count(",") else ","
        names = [name.strip().lower() for name in next(csv.reader([head], delimiter=delimiter))]
        unknown = set(names) - needed - optional
        if needed - set(names) or unknown:
            raise Refusal(
                "columns-wrong",
                f"The first line must name the columns {', '.join(sorted(needed))}"
                + (f" and may name {', '.join(sorted(optional))}" if optional else "")
                + (f"; it names {', '.join(map(ascii, sorted(unknown)))}." if unknown else "."),
                remedy="Correct the first line.",
            )
        reader = csv.reader(text, delimiter=delimiter)
        for fields in reader:
            if any(field.strip() for field in fields):
                padded = itertools.zip_longest(names, fields[: len(names)], fillvalue="")
                yield reader.line_num + 1, dict(padded)
    except (csv.Error, StopIteration) as error:
        raise Refusal(
            "csv-invalid", f"The file is not CSV: {error}.", remedy="Correct it."
        ) from error
    except UnicodeDecodeError as error:
        raise Refusal(
            "encoding-wrong",
            "The file is not UTF-8.",
            remedy="Save it as UTF-8; rows before the wrong one are imported already.",
        ) from error


def run(
    path: Path,
    columns: Columns,
    read: Callable[[Fields], T],
    write: Write[T],
    refused_path: Path | None,
    *,
    dry_run: bool,
) -> int:
    """Import a file; returns the exit code: 3 when rows were refused, 130 when interrupted.

    `read` makes a row of the fields of a line; `write` commits many and says what became of each.
    """

    def batch(rows: list[T]) -> list[Result]:
        return write(actor=actor, now=now(), rows=rows, dry_run=dry_run)

    actor = SESSION.actor()
    counts = {"made": 0, "present": 0, "refused": 0}
    interrupt = _Interrupt()
    before = signal.signal(signal.SIGINT, interrupt)
    last_line = 1
    try:
        with ExitStack() as stack:
            text = stack.enter_context(_open(path))
            writer = _refused_writer(stack, refused_path)
            bar = stack.enter_context(progress_bar())
            # How long a pipe is, nobody knows.
            size = None if path == STDIN else max(1, path.stat().st_size)
            task = bar.add_task("importing", total=size)
            lines = _rows(text, columns)
            while chunk := list(itertools.islice(lines, BATCH)):
                results = _import(chunk, read, batch)
                for (number, fields), result in zip(chunk, results, strict=True):
                    _count(counts, number, fields, result, writer, bar)
                last_line = chunk[-1][0]
                bar.update(task, completed=None if size is None else _position(text))
                if interrupt.asked:
                    break
            else:
                bar.update(task, completed=size)
    finally:
        signal.signal(signal.SIGINT, before)
    return _summary(counts, last_line, interrupt.asked, dry_run)


def _import(
    chunk: list[tuple[int, Fields]],
    read: Callable[[Fields], T],
    batch: Callable[[list[T]], list[Result]],
) -> list[Result]:
    """What became of each line, those that cannot be read among them."""
    results: dict[int, Result] = {}
    good: dict[int, T] = {}
    for place, (_, fields) in enumerate(chunk):
        try:
            good[place] = read(fields)
        except Refusal as refusal:
            results[place] = refusal
    results.update(zip(good, batch(list(good.values())), strict=True))
    return [results[place] for place in range(len(chunk))]


def truth(text: str) -> bool:
    """A yes or no of a CSV file; empty is no. Raises `Refusal`."""
    word = text.strip().lower()
    if word in ("1", "y", "yes", "true"):
        return True
    if word in ("", "0", "n", "no", "false"):
        return False
    raise Refusal("truth-invalid", f"{text!a} is not yes or no.", remedy="Write yes or no.")


def _position(text: TextIO) -> int:
    """How many bytes have been read, a buffer's length ahead of the rows."""
    return text.buffer.tell()


def _refused_writer(stack: ExitStack, path: Path | None) -> Callable[[list[str]], object]:
    if path is None:
        return lambda _: None
    return csv.writer(stack.enter_context(path.open("w", encoding="utf-8", newline=""))).writerow


def _count(
    counts: dict[str, int],
    number: int,
    row: Fields,
    result: Result,
    writer: Callable[[list[str]], object],
    bar: Progress,
) -> None:
    if not isinstance(result, Refusal):
        counts[result] += 1
        return
    counts["refused"] += 1
    secret = {"password", "hash"}
    plain = [value for name, value in row.items() if name not in secret]
    writer([str(number), *plain, result.sentence])
    bar.console.print(
        f"line {number}: {shown(result.sentence)}", markup=False, highlight=False, soft_wrap=True
    )


def _summary(counts: dict[str, int], last_line: int, interrupted: bool, dry_run: bool) -> int:
    if SESSION.json:
        print(to_json(counts | {"dry_run": dry_run, "interrupted": interrupted}))
    else:
        made = "would be made" if dry_run else "made"
        print(
            f"{counts['made']} {made}, {counts['present']} present already, "
            f"{counts['refused']} refused."
        )
        if interrupted:
            print(f"Interrupted after line {last_line}; run it again to go on from there.")
    if interrupted:
        return INTERRUPTED
    return PARTLY if counts["refused"] else OK
