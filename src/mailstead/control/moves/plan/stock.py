"""An inventory as JSON: as a move keeps what was found."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec

from mailstead.foreign.inventory import Inventory
from mailstead.standards.refusal import Refusal

FILE = "inventory.json"
"""In which the reader leaves what it has found."""


def written(inventory: Inventory) -> str:
    """The inventory as JSON."""
    return msgspec.json.encode(inventory, enc_hook=_plain).decode()


def read(text: str | bytes) -> Inventory:
    """What `written` wrote; raises `Refusal` (`inventory-invalid`)."""
    try:
        return msgspec.json.decode(text, type=Inventory, dec_hook=_value)
    except (msgspec.MsgspecError, UnicodeError) as error:
        raise Refusal(
            "inventory-invalid",
            "What was found cannot be read again: {error}.",
            remedy="Read the source anew.",
            error=error,
        ) from error


def _plain(value: Any) -> str:
    if isinstance(value, Path):
        return str(value)
    raise NotImplementedError(type(value).__name__)


def _value(kind: type, value: Any) -> Any:
    if issubclass(kind, Path):
        return Path(value)
    raise NotImplementedError(kind.__name__)
