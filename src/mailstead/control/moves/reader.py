"""The reader's own process: from a source to an inventory in a file, within bounds.

`python -m mailstead.control.moves.reader SOURCE STAGING [ACCOUNT]` writes `STAGING/inventory.json`,
and last `STAGING/result.json`: the directory below which the mail lies, or the sentence that
refuses the source.
"""

from __future__ import annotations

import json
import resource
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path

from mailstead.control.moves.plan import stock
from mailstead.foreign import ours
from mailstead.foreign.archive import Tree
from mailstead.foreign.cpanel import reader as cpanel
from mailstead.foreign.cpanel import source as cpanel_source
from mailstead.foreign.directadmin import reader as directadmin
from mailstead.foreign.directadmin import source as directadmin_source
from mailstead.foreign.inventory import Inventory, Store
from mailstead.standards.refusal import Refusal

MEMORY = 2 * 2**30
"""Bytes of address space: more is a bomb or a defect."""


READERS: tuple[tuple[Callable[[Path], object], Callable[..., Inventory]], ...] = (
    (ours.detect, ours.read),
    (cpanel_source.detect, cpanel.read),
    (directadmin_source.detect, directadmin.read),
)
"""Whether a source is one of a panel's, and what reads it."""
MAIL = "mail"
"""Where in the staging directory the mail of an archive is unpacked."""
SPARE = 2 * 2**30
"""Bytes that an archive's mail may be larger than what the inventory says."""


def _unpack(tree: Tree, inventory: Inventory, staging: Path) -> None:
    """The mail of an archive, unpacked where the node reads it."""
    stores = [store for box in inventory.mailboxes() for store in box.stores]
    into = staging / MAIL
    into.mkdir(mode=0o700, exist_ok=True)
    under = [str(store.path) for store in stores]
    tree.extract(under, into, limit=sum(store.octets for store in stores) + SPARE)
    for store in stores:
        _make_folders(tree, store, into)


def _make_folders(tree: Tree, store: Store, into: Path) -> None:
    """The folders in which no message lies: they come too."""
    for one in tree.children(str(store.path)) if store.kind == "maildir" else ():
        for path in (one.path, f"{one.path}/cur"):
            found = tree.find(path)
            if found is not None and found.kind == "directory" and found.name == "cur":
                (into / path).mkdir(mode=0o700, parents=True, exist_ok=True)


def read(source: Path, staging: Path, account: str = "") -> tuple[Inventory, Path]:
    """The account in a source, and the directory below which its mail lies; raises `Refusal`."""
    if not source.exists():
        raise Refusal(
            "source-missing", "There is nothing at {source}.", remedy="Put it there.", source=source
        )
    for detect, reader in READERS:
        if detect(source):
            if source.is_dir():
                return reader(source, account, work=staging), source
            # While it is open: what lies where in a packed archive takes a whole pass to find out.
            then = partial(_unpack, staging=staging)
            return reader(source, account, work=staging, then=then), staging / MAIL
    raise Refusal(
        "source-unknown",
        "{source} is no archive or tree of a known panel.",
        remedy="Give a cPanel or DirectAdmin archive, or a live tree.",
        source=source,
    )


def main(arguments: list[str]) -> int:
    """Read one source; the answer is in the file."""
    source, staging = Path(arguments[0]), Path(arguments[1])
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    result: dict[str, object]
    try:
        inventory, root = read(source, staging, "".join(arguments[2:3]))
        (staging / stock.FILE).write_text(stock.written(inventory), encoding="utf-8")
        result = {"root": str(root)}
    except Refusal as refusal:
        result = {"refused": refusal.sentence}
    target = staging / "result.json"
    target.with_suffix(".new").write_text(json.dumps(result), encoding="utf-8")
    target.with_suffix(".new").replace(target)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
