"""Contact addresses: they must reach their owner when the mail hosted here does not."""

from __future__ import annotations

from mailstead.control.hosting.models import Domain
from mailstead.standards.address import destination_address
from mailstead.standards.refusal import Refusal


def outside_address(email: str) -> str:
    """The address in its normal form; raises `Refusal` (`address-inside`) for a hosted one."""
    address = str(destination_address(email.strip())).lower()
    name = address.rpartition("@")[2]
    if Domain.objects.filter(name=name, removed_at=None).exists():
        raise Refusal(
            "address-inside",
            "{email} is in a domain that is hosted here.",
            remedy="Give an address elsewhere: it must reach its owner when mail here does not.",
            email=address,
        )
    return address
