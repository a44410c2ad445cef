"""What was found, with what answers say of its meaning; pure.

DirectAdmin writes the quotas of mailboxes in bytes; where all are so small that they cannot be,
the reader has taken them as MiB, and asks (`quota-unit`). One answer holds for the whole account.
"""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from mailstead.control.moves.plan.items import items
from mailstead.foreign.inventory import Domain, Inventory

UNIT = "quota-unit"
DIVISORS: Mapping[str, int] = {"quota-mib": 1, "quota-kib": 2**10, "quota-bytes": 2**20}
"""What may be answered, and by what a quota that was taken as MiB is divided then."""


def settled(found: Inventory, answers: Mapping[str, str]) -> Inventory:
    """The account as it is to come."""
    named = {one.domain for one in found.remarks if one.code == UNIT}
    if not named:
        return found
    asked = next(one for one in items(found) if one.kind == "remark" and one.thing.code == UNIT)
    divisor = DIVISORS.get(answers.get(asked.key, ""), 1)
    if divisor == 1:
        return found
    domains = tuple(_divided(one, divisor) if one.name in named else one for one in found.domains)
    return msgspec.structs.replace(found, domains=domains)


def _divided(domain: Domain, divisor: int) -> Domain:
    boxes = tuple(
        msgspec.structs.replace(box, quota=box.quota // divisor) for box in domain.mailboxes
    )
    return msgspec.structs.replace(domain, mailboxes=boxes)
