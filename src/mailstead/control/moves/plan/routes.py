"""Forwarders and default addresses of elsewhere as routes of ours; pure."""

from __future__ import annotations

from dataclasses import dataclass, replace

import msgspec

from mailstead.foreign.inventory import Alias, Target
from mailstead.standards.address import destination_address
from mailstead.standards.refusal import Refusal
from mailstead.standards.reply import MAX_TEXT
from mailstead.wire.changes import Route

MOST = 500
"""Destinations of one forwarder (hosting's own bound)."""


@dataclass(frozen=True)
class Routed:
    """What a forwarder becomes; without a `route` nothing is made."""

    route: Route | None
    keep: bool = False
    """The mailbox of the same address receives too."""
    code: str = ""
    """What differs, or why there is no route; empty: nothing differs."""
    lost: tuple[str, ...] = ()
    """Targets that cannot come, as found."""


def routed(alias: Alias, *, account: str, has_mailbox: bool) -> Routed:
    """The route of a forwarder; `account` is the address of the account's own mailbox.

    A forwarder at a mailbox delivers to both, as both panels do (migration-formats, A6, B4), unless
    the source says itself how it is (`Alias.keep`).
    """
    if alias.keep is not None:
        said = msgspec.structs.replace(alias, keep=None)
        return replace(routed(said, account=account, has_mailbox=False), keep=alias.keep)
    address = alias.address.lower()
    wanted, lost = _destinations(alias.targets, account)
    others = [one for one in wanted if one != address]
    kinds: set[str] = {target.kind for target in alias.targets}
    if others:
        if len(others) > MOST:
            return Routed(None, code="destinations-many", lost=tuple(others))
        dropped = lost + tuple(
            _shown(one) for one in alias.targets if one.kind in ("fail", "defer", "blackhole")
        )
        route = Route(action="deliver", destinations=tuple(dict.fromkeys(others)))
        code = "targets-lost" if dropped else ""
        return Routed(route, keep=has_mailbox, code=code, lost=dropped)
    if has_mailbox:
        return _at_mailbox(kinds, lost, to_itself=bool(wanted))
    if "fail" in kinds or "defer" in kinds:
        return replace(_refusing(alias), lost=lost)
    if "blackhole" in kinds:
        return Routed(Route(action="blackhole"), lost=lost, code="targets-lost" if lost else "")
    if wanted:
        return Routed(None, code="loop", lost=lost)
    if "account" in kinds:
        return Routed(None, code="account-without-mailbox", lost=lost)
    return Routed(None, code="pipe" if "pipe" in kinds else "target-unknown", lost=lost)


def _at_mailbox(kinds: set[str], lost: tuple[str, ...], *, to_itself: bool) -> Routed:
    """The mailbox receives whatever else stands there: nothing is thrown away that was kept."""
    if lost:
        return Routed(None, code="pipe-at-mailbox", lost=lost)
    if kinds & {"fail", "defer", "blackhole"} and not to_itself:
        return Routed(None, code="mailbox-receives")
    return Routed(None, code="self")


def default_route(alias: Alias, *, account: str) -> Routed:
    """The route of a domain's default address."""
    found = routed(alias, account=account, has_mailbox=False)
    if found.route is None and found.code == "account-without-mailbox":
        return replace(found, code="default-without-mailbox")
    return found


def _destinations(targets: tuple[Target, ...], account: str) -> tuple[list[str], tuple[str, ...]]:
    """Addresses in order, and what is none."""
    wanted: list[str] = []
    lost: list[str] = []
    for target in targets:
        if target.kind in ("pipe", "include"):
            lost.append(_shown(target))
        elif target.kind == "account":
            if account:
                wanted.append(account)
        elif target.kind == "address":
            try:
                wanted.append(str(destination_address(target.value)))
            except Refusal:
                lost.append(_shown(target))
    return wanted, tuple(lost)


def _shown(target: Target) -> str:
    return f":{target.kind}: {target.value}".strip()[:300]


def _refusing(alias: Alias) -> Routed:
    target = next(one for one in alias.targets if one.kind in ("fail", "defer"))
    text = " ".join(target.value.split())
    plain = text.encode("ascii", "replace").decode()[:MAX_TEXT].strip()
    printable = "".join(c if " " <= c <= "~" else " " for c in plain).strip()
    code = "text-changed" if printable != text else ""
    if target.kind == "defer":
        code = "defer-as-fail"
    return Routed(Route(action="fail", text=printable), code=code)
