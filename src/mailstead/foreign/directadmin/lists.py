"""Mailing lists of Majordomo: members, owners, settings (Majordomo 1.94: config files).

`majordomo/lists/NAME` has one member per line, `NAME.config` the settings as `key = value` or
`key << END … END`, and `list.aliases` and `private.aliases` say who owns a list.
"""

from __future__ import annotations

import re

from mailstead.foreign.directadmin.aliases import targets
from mailstead.foreign.directadmin.files import Files, local_part, rows, settings
from mailstead.foreign.inventory import MailingList

_BESIDE = re.compile(r".*\.(config|passwd|info|intro|auto|archive|old|LOCK|new|closed|private)")
_MAX_MEMBERS = 100_000
_MAX_SETTINGS = 200


def lists(files: Files, folder: str, domain: str, account: str) -> tuple[MailingList, ...]:
    """The lists of a domain; `folder` is its `majordomo`."""
    owners = _owners(files, folder, domain, account)
    inside = f"{folder}/lists"
    found = []
    for name in files.names(inside):
        if _BESIDE.fullmatch(name):
            continue
        path = f"{inside}/{name}"
        local = local_part(name)
        if not local:
            files.use(path)
            files.remark("unknown", "list-name", path, "A list of that name cannot be.")
            continue
        config = f"{path}.config"
        files.use(f"{path}.passwd")
        read = tuple(_settings(files.text(config)))
        found.append(
            MailingList(
                address=f"{local}@{domain}",
                software="majordomo",
                members=_members(files, path, domain),
                owners=owners.get(local, ()),
                settings=read,
                archive_octets=_archive(files, f"{path}.archive"),
                place=files.tree.place(path),
            )
        )
    return tuple(found)


def _members(files: Files, path: str, domain: str) -> tuple[str, ...]:
    members: dict[str, None] = {}
    for number, line in enumerate(files.text(path).splitlines(), 1):
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        items, bad = targets(line, domain, "")
        addresses = [item.value for item in items if item.kind == "address"]
        if bad or len(addresses) != len(items) or len(members) >= _MAX_MEMBERS:
            files.remark(
                "unknown",
                "member-unreadable",
                path,
                "This line of the list's members is not understood.",
                line=number,
                text=line,
                domain=domain,
            )
        members |= dict.fromkeys(addresses[: _MAX_MEMBERS - len(members)])
    return tuple(members)


def _owners(files: Files, folder: str, domain: str, account: str) -> dict[str, tuple[str, ...]]:
    """Who owns each list: rows `owner-NAME` and `NAME-owner`; other rows are Majordomo's own."""
    found: dict[str, tuple[str, ...]] = {}
    for name in ("list.aliases", "private.aliases"):
        for _, key, value in rows(files.text(f"{folder}/{name}")):
            local = local_part(key.removesuffix(f"@{domain}"))
            bare = local.removeprefix("owner-").removesuffix("-owner")
            if not local or bare == local:
                continue
            items, _ = targets(value, domain, account)
            people = tuple(
                one.value if one.kind == "address" else f"{account}@{domain}"
                for one in items
                if one.kind in ("address", "account") and not one.value.startswith("owner-")
            )
            found[bare] = tuple(dict.fromkeys((*found.get(bare, ()), *people)))
    return found


def _settings(text: str) -> list[tuple[str, str]]:
    """The settings in their order; passwords stay where they are."""
    plain: list[str] = []
    found: list[tuple[str, str]] = []
    lines = iter(text.splitlines())
    for line in lines:
        several = re.fullmatch(r"\s*([a-z_]+)\s*<<\s*(\S+)\s*", line)
        if several:
            inside = []
            for inner in lines:
                if inner.strip() == several[2]:
                    break
                inside.append(inner)
            found.append((several[1], "\n".join(inside)))
        else:
            plain.append(line)
    found += [(key, value) for _, key, value in settings("\n".join(plain)) if value]
    return [one for one in found if not one[0].endswith(("passwd", "password"))][:_MAX_SETTINGS]


def _archive(files: Files, folder: str) -> int:
    files.use(folder, below=True)
    return sum(one.size for one in files.tree.members(folder))
