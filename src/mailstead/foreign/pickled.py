"""Plain values out of a Python pickle of a stranger, by reading it as data (`plain`).

Unpickling runs what a pickle says; here its words (pickletools) are followed by hand, for values
without behaviour only. An object of a class comes out as `OPAQUE`: nothing of it is looked up.
"""

from __future__ import annotations

import pickletools
from typing import Final

from mailstead.standards.refusal import Refusal

MAX_OCTETS = 32 * 2**20
MAX_WORDS = 5_000_000


class _Opaque:
    """Something that is no plain value."""


OPAQUE: Final = _Opaque()
_MARK: Final = object()
_CONSTANTS = {
    "NONE": None,
    "NEWTRUE": True,
    "NEWFALSE": False,
}
_NUMBERS = {"INT", "BININT", "BININT1", "BININT2", "LONG", "LONG1", "LONG4", "FLOAT", "BINFLOAT"}
_TEXTS = {
    *("STRING", "BINSTRING", "SHORT_BINSTRING", "BINBYTES", "SHORT_BINBYTES", "BINBYTES8"),
    *("UNICODE", "BINUNICODE", "SHORT_BINUNICODE", "BINUNICODE8"),
}
_VALUES = _NUMBERS | _TEXTS
_SMALL_TUPLES = {"TUPLE1": 1, "TUPLE2": 2, "TUPLE3": 3}


def plain(data: bytes) -> object:
    """The value; raises `Refusal` (`pickle-unreadable`). Keys of maps are text, octets, numbers."""
    if len(data) > MAX_OCTETS:
        raise _unreadable()
    try:
        return _Reader().read(data)
    except (IndexError, KeyError, ValueError, TypeError, AttributeError, OverflowError):
        # A word where it cannot stand: there is nothing on the stack, or the wrong thing.
        raise _unreadable() from None


def _unreadable() -> Refusal:
    return Refusal("pickle-unreadable", "The file holds more than plain values, or is damaged.")


class _Reader:
    """A stack and a memory, as the words of a pickle want them."""

    def __init__(self) -> None:
        self._stack: list[object] = []
        self._memo: dict[int, object] = {}

    def read(self, data: bytes) -> object:
        for count, (word, argument, _) in enumerate(pickletools.genops(data)):
            if count > MAX_WORDS:
                raise _unreadable()
            if word.name == "STOP":
                return self._stack.pop()
            self._do(word.name, argument)
        raise _unreadable()

    def _do(self, name: str, argument: object) -> None:
        if name in ("PROTO", "FRAME"):
            return
        if name in _VALUES:
            self._stack.append(argument)
        elif name in _CONSTANTS:
            self._stack.append(_CONSTANTS[name])
        elif name == "MARK":
            self._stack.append(_MARK)
        elif name in ("PUT", "BINPUT", "LONG_BINPUT"):
            self._memo[int(argument)] = self._stack[-1]  # type: ignore[call-overload]
        elif name == "MEMOIZE":
            self._memo[len(self._memo)] = self._stack[-1]
        elif name in ("GET", "BINGET", "LONG_BINGET"):
            self._stack.append(self._memo[int(argument)])  # type: ignore[call-overload]
        elif name in ("POP", "POP_MARK", "DUP"):
            self._move(name)
        elif name.startswith(("EMPTY_", "LIST", "DICT", "TUPLE")):
            self._make(name)
        elif name in ("APPEND", "APPENDS", "SETITEM", "SETITEMS"):
            self._fill(name)
        elif name in ("GLOBAL", "STACK_GLOBAL", "INST", "OBJ", "NEWOBJ", "REDUCE", "BUILD"):
            self._object(name)
        else:
            raise _unreadable()

    def _move(self, name: str) -> None:
        if name == "DUP":
            self._stack.append(self._stack[-1])
        elif name == "POP":
            self._stack.pop()
        else:
            self._since_mark()

    def _make(self, name: str) -> None:
        if name == "EMPTY_LIST":
            self._stack.append([])
        elif name == "EMPTY_DICT":
            self._stack.append({})
        elif name == "EMPTY_TUPLE":
            self._stack.append(())
        elif name == "LIST":
            self._stack.append(self._since_mark())
        elif name == "TUPLE":
            self._stack.append(tuple(self._since_mark()))
        elif name == "DICT":
            parts = self._since_mark()
            made: dict[object, object] = {}
            _set(made, parts)
            self._stack.append(made)
        elif name in _SMALL_TUPLES:
            count = _SMALL_TUPLES[name]
            parts = self._stack[-count:]
            del self._stack[-count:]
            self._stack.append(tuple(parts))
        else:
            raise _unreadable()

    def _fill(self, name: str) -> None:
        if name in ("APPEND", "SETITEM"):
            count = 1 if name == "APPEND" else 2
            parts = self._stack[-count:]
            del self._stack[-count:]
        else:
            parts = self._since_mark()
        into = self._stack[-1]
        if into is OPAQUE:
            return
        if isinstance(into, list) and name.startswith("APPEND"):
            into.extend(parts)
        elif isinstance(into, dict) and name.startswith("SETITEM"):
            _set(into, parts)
        else:
            raise _unreadable()

    def _object(self, name: str) -> None:
        if name in ("INST", "OBJ"):
            self._since_mark()
        elif name in ("STACK_GLOBAL", "NEWOBJ", "REDUCE") or name == "BUILD":
            self._stack.pop()
            self._stack.pop()
        self._stack.append(OPAQUE)

    def _since_mark(self) -> list[object]:
        place = len(self._stack) - 1
        while self._stack[place] is not _MARK:
            place -= 1
            if place < 0:
                raise _unreadable()
        parts = self._stack[place + 1 :]
        del self._stack[place:]
        return parts


def _set(into: dict[object, object], parts: list[object]) -> None:
    for key, value in zip(parts[::2], parts[1::2], strict=True):
        # Others have no hash, or one that takes for ever: tuples of tuples of tuples.
        if isinstance(key, (str, bytes, int, float)):
            into[key] = value
