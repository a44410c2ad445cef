"""Cases of stolen mailboxes on another server, over its API; names and arguments are its own."""

from __future__ import annotations

from typing import Any

from mailstead.cli.remote.things import Listed, Thing, thing
from mailstead.cli.session import SESSION
from mailstead.standards.refusal import Refusal


def _case(plain: dict[str, Any]) -> Thing:
    return thing({**plain, "address": plain["mailbox"]})


def cases(actor: object, *, state: str = "", search: str = "") -> Listed:
    """Those that fit, the newest first."""
    return Listed("/cases", _case, state=state, q=search)


def case_numbered(actor: object, number: int) -> Thing:
    """One of them."""
    return _case(SESSION.api().get(f"/cases/{number}"))


def newest_case(actor: object, address: str) -> Thing:
    """The newest of a mailbox's address; raises `Refusal` (`case-of-mailbox-unknown`)."""
    bare = address.strip().lower()
    found = next((one for one in cases(actor, search=bare) if one.address == bare), None)
    if found is None:
        raise Refusal(
            "case-of-mailbox-unknown",
            "There is no case of {address}.",
            remedy="List them: guard cases.",
            address=address,
        )
    return found


def release(*, actor: object, now: object, case: Thing, others: str | None, reason: str) -> None:
    """The mailbox sends again."""
    body = {"others": others, "reason": reason}
    SESSION.api().call("POST", f"/cases/{case.pk}/release", body)


def confirm(*, actor: object, now: object, case: Thing, reason: str) -> None:
    """It sends nothing until it is released."""
    SESSION.api().call("POST", f"/cases/{case.pk}/confirm", {"reason": reason})
