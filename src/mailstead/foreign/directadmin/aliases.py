"""Forwarders: `aliases` of a domain, its catch-all, and `.forward` of the account's own mailbox.

The file is one of Exim's (spec.txt §22 "redirect router", §9 "lsearch"): a row `LHS: item, item`
where an item is an address, a local part, a pipe, a file or `:fail: text` and the like. A row at a
mailbox forwards *besides* delivering; `*` serves what nothing else does.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable

from mailstead.foreign.directadmin.files import Files, domain_name, local_part, rows, settings
from mailstead.foreign.inventory import Alias, Target

_ITEM = re.compile(r'(?:[^,"\\\n]|\\.|"(?:[^"\\]|\\.)*"?|\\\Z)+', re.DOTALL)
_SPECIAL = re.compile(r":(fail|defer|blackhole|unknown|include):\s*(.*)", re.IGNORECASE | re.DOTALL)
_MAX_TARGETS = 5_000


def targets(text: str, domain: str, account: str) -> tuple[list[Target], list[str]]:
    """The items of a row in their order, and those that are none.

    A bare local part is the account if it has its name, otherwise an address of the same domain.
    """
    found: list[Target] = []
    bad: list[str] = []
    rest = text.strip()
    # `:fail:` and `:defer:` take everything after them as their text, commas too.
    said = re.search(r'(?:^|,)\s*"?\s*:(?:fail|defer):', rest, re.IGNORECASE)
    tail = ""
    if said and rest[: said.start()].count('"') % 2 == 0:
        tail = rest[said.start() :].lstrip(", \t")
        rest = rest[: said.start()]
    for item in [*_ITEM.findall(rest)[:_MAX_TARGETS], tail]:
        bare = _bare(item)
        if not bare:
            continue
        target = _target(bare, domain, account)
        if target is None:
            bad.append(bare)
        elif target not in found:
            found.append(target)
    return found, bad


def aliases(
    files: Files, path: str, domain: str, account: str, serves: Callable[[str], bool]
) -> tuple[tuple[Alias, ...], Alias | None]:
    """The forwarders of a domain, and its catch-all as this file has it.

    `serves` says whether a local part of the domain has a mailbox or an automatic answer.
    """
    found: dict[str, Alias] = {}
    default: Alias | None = None
    read = rows(files.text(path))
    known = {key for _, key, _ in read}
    for number, key, value in read:
        items, bad = targets(value, domain, account)
        local = "*" if key == "*" else local_part(key.removesuffix(f"@{domain}"))
        if not local or bad or not items:
            files.remark(
                "unknown",
                "alias-unreadable",
                path,
                "This row of the forwarders, or a part of it, is not understood.",
                line=number,
                text=f"{key}: {value}",
                domain=domain,
            )
        if not local or not items:
            continue
        items = _refusing_alone(files, path, number, domain, items)
        # The row by which the account gets mail at this domain: at a mailbox of that name it means
        # the mailbox itself.
        mine = local == account and items == [Target(kind="account", value=account)]
        if mine and serves(local):
            continue
        address = f"@{domain}" if local == "*" else f"{local}@{domain}"
        alias = Alias(
            address=address, targets=tuple(items), place=f"{files.tree.place(path)}:{number}"
        )
        if (default is not None) if local == "*" else (address in found):
            files.remark(
                "dropped",
                "alias-twice",
                path,
                "There is a row for this address already, which is the one that counts.",
                line=number,
                text=f"{key}: {value}",
                domain=domain,
                address="" if local == "*" else address,
            )
        elif local == "*":
            default = alias
        else:
            found[address] = alias
        _tell_nobody(files, path, number, domain, items, lambda one: one in known or serves(one))
    return tuple(found.values()), default


def _refusing_alone(
    files: Files, path: str, number: int, domain: str, items: list[Target]
) -> list[Target]:
    """The items; beside one that refuses, Exim looks at no other (spec.txt §22.7)."""
    refusing = [item for item in items if item.kind in ("fail", "defer")]
    if not refusing or len(items) == 1:
        return items
    files.remark(
        "dropped",
        "beside-refusal",
        path,
        "Beside the destinations of this row stands a refusal, so all its mail was refused; it"
        " stays so.",
        line=number,
        text=", ".join(item.value for item in items if item not in refusing),
        domain=domain,
    )
    return refusing[:1]


def _tell_nobody(
    files: Files,
    path: str,
    number: int,
    domain: str,
    items: Iterable[Target],
    serves: Callable[[str], bool],
) -> None:
    """A remark for a destination in the same domain that nothing serves."""
    for item in items:
        local, _, at = item.value.rpartition("@")
        if item.kind == "address" and at == domain and not serves(local):
            files.remark(
                "differs",
                "target-unserved",
                path,
                "A forwarder leads to an address of the same domain that is neither a mailbox nor"
                " a forwarder: perhaps another account's user on the old server.",
                line=number,
                text=item.value,
                domain=domain,
            )


def catch_all(files: Files, path: str, domain: str, account: str) -> Alias | None:
    """The catch-all as `email.conf` has it; other settings of that file are told."""
    found: Alias | None = None
    for number, key, value in settings(files.text(path)):
        if key.lower() == "catchall":
            items, bad = targets(value, domain, account)
            if items and not bad:
                items = _refusing_alone(files, path, number, domain, items)
                place = f"{files.tree.place(path)}:{number}"
                found = Alias(address=f"@{domain}", targets=tuple(items), place=place)
            elif bad:
                files.remark(
                    "unknown",
                    "alias-unreadable",
                    path,
                    "The catch-all of this domain is not understood.",
                    line=number,
                    text=value,
                    domain=domain,
                )
        else:
            files.remark(
                "unknown",
                "unknown-setting",
                path,
                "This setting of the domain's mail is not known.",
                line=number,
                text=f"{key}={value}",
                domain=domain,
            )
    return found


def one_default(files: Files, live: Alias | None, saved: Alias | None) -> Alias | None:
    """The catch-all of two places. Where they differ, that which delivered mail counts."""
    if live is None or saved is None:
        return live or saved
    if live.targets != saved.targets:
        files.remark(
            "asks",
            "catch-all-differs",
            "",
            f"The catch-all is one thing in {live.place} and another in {saved.place}; the first"
            " is used.",
            text=f"{words(live)}\n{words(saved)}",
            domain=live.address[1:],
        )
    return live


def words(alias: Alias) -> str:
    """Its destinations as a person reads them."""
    return ", ".join(
        one.value if one.kind in ("address", "account") else f":{one.kind}: {one.value}".strip()
        for one in alias.targets
    )


def _bare(item: str) -> str:
    """An item without the quotes around it and their escapes."""
    bare = item.strip()
    if len(bare) > 1 and bare[0] == bare[-1] == '"':
        return re.sub(r"\\(.)", r"\1", bare[1:-1]).strip()
    return bare


def _target(item: str, domain: str, account: str) -> Target | None:
    if special := _SPECIAL.fullmatch(item):
        kind, value = special[1].lower(), _bare(special[2])
        if kind == "unknown":  # what `:fail:` was called once
            kind = "fail"
        if kind == "blackhole":
            return Target(kind="blackhole")
        if kind == "include":
            return Target(kind="include", value=value)
        return Target(kind="fail" if kind == "fail" else "defer", value=value)
    if item.startswith("|"):
        return Target(kind="pipe", value=_bare(item[1:]))
    if item == "/dev/null":
        return Target(kind="blackhole")
    if item.startswith("/") and "@" not in item:
        return Target(kind="include", value=item)  # mail is appended to a file
    bare = item.removeprefix("\\").strip()
    if found := re.search(r"<([^<>]+)>\Z", bare):
        bare = found[1].strip()
    local, at, host = bare.rpartition("@")
    if not at:
        local = local_part(bare)
        if local == account:
            return Target(kind="account", value=account)
        return Target(kind="address", value=f"{local}@{domain}") if local else None
    name = domain_name(host)
    if not name or not local or re.search(r"[\s\x00-\x1f\x7f,:;<>]", local):
        return None
    # Of an address here the case means nothing; elsewhere it may.
    return Target(kind="address", value=f"{local.lower() if name == domain else local}@{name}")
