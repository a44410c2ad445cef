"""What the API answers as things with the fields that rows of the control plane have."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime
from types import SimpleNamespace
from typing import Any

from mailstead.cli.session import SESSION
from mailstead.standards.refusal import Refusal

Make = Callable[[dict[str, Any]], "Thing"]
_TIMES = frozenset(
    {
        *("removed_at", "purge_after", "created_at", "starts", "ends", "at"),
        *("applied_at", "last_seen", "since", "arrived"),
        *("until", "ended", "received", "leaked_at", "leaked_due", "opened", "next_try"),
    }
)
MOST = 500
"""Objects on a page of the API."""


class Thing(SimpleNamespace):
    """One object; `pk` is its number."""

    def take(self, other: Thing) -> None:
        """Become what it is now."""
        self.__dict__.update(other.__dict__)


def thing(plain: dict[str, Any]) -> Thing:
    """An object with times as times."""
    values = {
        key: datetime.fromisoformat(value) if key in _TIMES and value else value
        for key, value in plain.items()
    }
    return Thing(pk=plain.get("id", 0), **values)


def domain(plain: dict[str, Any]) -> Thing:
    """A domain."""
    made = thing(plain)
    made.customer = Thing(pk=plain["customer"], name=plain["customer_name"])
    made.server = Thing(name=plain["server"])
    made.alias_of = Thing(name=plain["alias_of"]) if plain["alias_of"] else None
    caught = plain["catch_all"] or {"action": "", "destinations": [], "text": ""}
    made.catch_all_action = caught["action"]
    made.catch_all_destinations = caught["destinations"]
    made.catch_all_text = caught["text"]
    return made


def forwarder(plain: dict[str, Any]) -> Thing:
    """A forwarder."""
    made = thing(plain)
    rows = [Thing(pk=n, address=text) for n, text in enumerate(plain["destinations"])]
    made.destinations = Thing(all=lambda: rows)
    made.domain = Thing(name=plain["address"].rpartition("@")[2])
    return made


def autoresponder(plain: dict[str, Any]) -> Thing:
    """An automatic answer."""
    made = thing(plain)
    made.domain = Thing(name=plain["address"].rpartition("@")[2])
    return made


class Listed:
    """A list of the server's, asked for page by page."""

    def __init__(self, path: str, make: Make, **params: Any) -> None:
        self.path, self.make, self.params = path, make, params

    def narrowed(self, **params: Any) -> Listed:
        """The same, narrowed further."""
        return Listed(self.path, self.make, **{**self.params, **params})

    def exclude(self, *, catch_all_action: str) -> Listed:
        """Domains with a catch-all."""
        return self.narrowed(catch_all=True)

    def filter(self, *, name: str) -> Listed:
        """Those of that name, where the server cannot be asked for it."""
        found = [item for item in self if item.name == name]
        return _Fixed(found)

    def page(self, limit: int, after: str) -> tuple[list[Thing], str | None]:
        """At most `limit` objects, and the cursor of the next ones."""
        found: list[Thing] = []
        cursor: str | None = after or None
        while True:
            answer = SESSION.api().get(
                self.path, limit=min(limit - len(found), MOST), after=cursor, **self.params
            )
            found += [self.make(item) for item in answer["items"]]
            cursor = answer["next"]
            if cursor is None or len(found) >= limit:
                return found, cursor

    def __getitem__(self, part: slice) -> list[Thing]:
        """The first ones, as `rows[:limit]`."""
        assert part.start is None and part.step is None
        found, _ = self.page(part.stop, "")
        return found[: part.stop]

    def __iter__(self) -> Iterator[Thing]:
        cursor = ""
        while True:
            found, following = self.page(MOST, cursor)
            yield from found
            if following is None:
                return
            cursor = following

    def first(self) -> Thing | None:
        """The first, if there is one."""
        found, _ = self.page(1, "")
        return found[0] if found else None

    def count(self) -> int:
        """How many there are."""
        return sum(1 for _ in self)


class _Fixed(Listed):
    """Objects that are known already."""

    def __init__(self, found: list[Thing]) -> None:
        super().__init__("", thing)
        self.found = found

    def first(self) -> Thing | None:
        """The first, if there is one."""
        return self.found[0] if self.found else None


def one(found: Thing | None, what: str, name: str) -> Thing:
    """The object; raises `Refusal` in the control plane's words."""
    if found is None:
        noun = what.rpartition(" ")[2]
        raise Refusal(
            f"{what.replace(' ', '-')}-unknown",
            f"There is no {what} {name}.",
            remedy=f"List them: {noun} list.",
        )
    return found
