"""What is known against the mailbox from elsewhere: its password, complaints."""

from __future__ import annotations

from collections.abc import Iterator

from mailstead.mailplane.guard.acts import Complaint, SignIn
from mailstead.mailplane.guard.evidence import SIGNALS, Finding


def of_sign_in(act: SignIn) -> Iterator[Finding]:
    """A breached password was used."""
    if act.breached:
        yield Finding("breached", SIGNALS["breached"].most)


def of_complaint(_: Complaint) -> Iterator[Finding]:
    """Somebody took it for spam."""
    yield Finding("complaint", SIGNALS["complaint"].most)
