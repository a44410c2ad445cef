"""What every command needs: the home, the way to print, the actor, Django on demand."""

from __future__ import annotations

import getpass
import sys
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mailstead.config import Settings, home_from_environment, load
from mailstead.standards import password as passwords
from mailstead.standards.refusal import Refusal

if TYPE_CHECKING:
    from mailstead.cli.remote.client import Client
    from mailstead.control.people.actor import Actor

OK, DEFECT, REFUSED, PARTLY, AWAY, INTERRUPTED = 0, 1, 2, 3, 4, 130
EXIT_CODES = {
    OK: "Done.",
    DEFECT: "A defect in Mailstead; the log holds its trace.",
    REFUSED: "Refused, with one sentence that says why and what to do; nothing was changed.",
    PARTLY: "Done in part: an import with refused rows, a check that found differences.",
    AWAY: "Not now: a process that is needed does not run. Trying again later may help.",
    INTERRUPTED: "Interrupted from the keyboard; what was committed before stays.",
}
"""docs/reference/exit-codes.md is made from it."""

Row = dict[str, Any]


class Unreachable(Exception):
    """The server of `--server` does not answer; trying again later may help."""


@dataclass
class Session:
    """One run of the command."""

    home: Path = field(default_factory=home_from_environment)
    json: bool = False
    client: Client | None = None
    """The server that is asked instead of this machine (`--server`)."""
    _ready: bool = False

    def settings(self) -> Settings:
        """The instance's settings; raises `Refusal` when there is no instance."""
        return load(self.home)

    def api(self) -> Client:
        """The server that is asked; only where there is one."""
        assert self.client is not None
        return self.client

    def refuse_server(self) -> None:
        """Refuse to be asked about another server; for what is done on this machine only."""
        if self.client is not None:
            raise Refusal(
                "server-not-possible",
                "This command is for the machine itself, not for --server.",
                remedy="Run it there.",
            )

    def control(self) -> Settings:
        """Make Django ready and return the settings; of another server, nothing is known here."""
        if self.client is not None:
            return Settings()
        settings = self.settings()
        if not self._ready:
            from mailstead.control.project.bootstrap import setup

            setup(self.home)
            self._ready = True
        return settings

    def actor(self) -> Actor:
        """Whoever sits at the keyboard."""
        from mailstead.control.people.actor import Actor

        return Actor.operator(getpass.getuser())

    def print_row(self, row: Row) -> None:
        """One object."""
        if self.json:
            print(to_json(row))
            return
        width = max((len(name) for name in row), default=0)
        for name, value in row.items():
            print(f"{name.ljust(width)}  {shown(value)}")

    def print_rows(
        self, rows: Sequence[Row], *, next_after: int | str | None = None, option: str = "--after"
    ) -> None:
        """A page of objects; `next_after` is the cursor of the next page, taken by `option`."""
        if self.json:
            print(to_json({"items": rows, "next": next_after}))
            return
        if not rows:
            print("Nothing found.")
            return
        columns = [name for name in rows[0] if name != "id"]
        cells = [[shown(row[name]) for name in columns] for row in rows]
        widths = [max(len(name), *(len(row[i]) for row in cells)) for i, name in enumerate(columns)]
        for line in [columns, *cells]:
            print("  ".join(c.ljust(w) for c, w in zip(line, widths, strict=True)).rstrip())
        if next_after is not None:
            print(f"More: add {option} {next_after}")

    def say(self, words: str) -> None:
        """A sentence for people; with --json nothing."""
        if not self.json:
            print(words, flush=True)

    def done(self, words: str, row: Row) -> None:
        """The end of a write: a sentence, or with --json the object."""
        if self.json:
            print(to_json(row))
        else:
            print(words)


SESSION = Session()
"""The one session of this process."""


def to_json(value: object) -> str:
    """JSON with times in ISO 8601 and everything unknown as text."""
    import json

    def other(item: object) -> str:
        return item.isoformat() if isinstance(item, datetime) else str(item)

    return json.dumps(value, default=other, ensure_ascii=True)


def shown(value: object) -> str:
    """A value for a terminal: nothing in it can move the cursor or change colours."""
    if value is None or value == "":
        return "-"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, datetime):
        return value.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%SZ")
    if isinstance(value, list | tuple):
        return ", ".join(shown(item) for item in value) or "-"
    text = str(value)
    return "".join(c if c.isprintable() else "�" for c in text)


def moment(text: str | None) -> datetime | None:
    """A time from ISO 8601, UTC where it names no zone; raises `Refusal`."""
    if not text:
        return None
    try:
        found = datetime.fromisoformat(text)
    except ValueError as error:
        raise Refusal(
            "time-invalid",
            f"{text!a} is not a time.",
            remedy="Give it as 2026-12-24 or 2026-12-24T18:00:00+01:00.",
        ) from error
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def duration(text: str) -> int:
    """Seconds from `45m`, `12h`, `7d`; raises `Refusal`."""
    digits, unit = text.strip()[:-1], text.strip()[-1:].lower()
    seconds = {"m": 60, "h": 3600, "d": 86400}.get(unit)
    if seconds is None or not digits.isascii() or not digits.isdigit() or len(digits) > 6:
        raise Refusal(
            "duration-invalid",
            f"{text!a} is not a length of time.",
            remedy="Give minutes, hours or days: 45m, 12h, 7d.",
        )
    return int(digits) * seconds


def now() -> datetime:
    """The clock that commands hand to services."""
    return datetime.now(UTC)


@dataclass(frozen=True)
class Secret:
    """A password or a hash found elsewhere; `made` is a generated one that must be shown."""

    password: str | None = None
    hashed: str | None = None
    made: str | None = None


def ask_secret(*, generate: bool, password_stdin: bool, hash_stdin: bool) -> Secret:
    """A password by the way that was chosen: generated, from stdin, or typed twice.

    Never from the command line, where every user of the machine could read it.
    """
    if generate + password_stdin + hash_stdin > 1:
        raise Refusal(
            "password-ways",
            "More than one way to give the password was named.",
            remedy="Use one of --generate, --password-stdin and --hash-stdin.",
        )
    if generate:
        made = passwords.generate()
        return Secret(password=made, made=made)
    if password_stdin or hash_stdin:
        line = sys.stdin.readline().rstrip("\r\n")
        return Secret(hashed=line) if hash_stdin else Secret(password=line)
    if not sys.stdin.isatty():
        raise Refusal(
            "password-missing",
            "There is no terminal to ask for the password.",
            remedy="Use --password-stdin, --hash-stdin or --generate.",
        )
    first = getpass.getpass("Password: ")
    if first != getpass.getpass("Once more: "):
        raise Refusal("password-differs", "The two passwords differ.", remedy="Try again.")
    return Secret(password=first)


def page(query: Any, limit: int, after: str, row: Callable[[Any], Row]) -> None:
    """Print one page of a query that is ordered by its key, or of a list of another server."""
    if not 1 <= limit <= 10_000:
        raise Refusal("limit-invalid", "--limit must be from 1 to 10000.", remedy="Change it.")
    if SESSION.client is not None:
        items, cursor = query.page(limit, after)
        SESSION.print_rows([row(item) for item in items], next_after=cursor)
        return
    found = list(query.filter(pk__gt=place(after))[: limit + 1])
    rows = [row(item) for item in found[:limit]]
    following = found[limit - 1].pk if len(found) > limit else None
    SESSION.print_rows(rows, next_after=following)


def place(cursor: str) -> int:
    """Where a page begins, from the cursor that the page before has printed."""
    if not cursor:
        return 0
    if not (cursor.isascii() and cursor.isdigit() and len(cursor) < 19):
        raise Refusal(
            "cursor-invalid",
            "{cursor} is no cursor.",
            remedy="Take it from the page before.",
            cursor=ascii(cursor[:60]),
        )
    return int(cursor)


def kept_days(row: Any) -> int:
    """Days for which what was just removed can be restored."""
    return (row.purge_after - row.removed_at).days  # type: ignore[no-any-return]


def lines(items: Iterable[str]) -> str:
    """Items as one cell."""
    return ", ".join(items)
