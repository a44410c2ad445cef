"""What a mailbox that looks stolen is answered: come again, taken and held, or no more.

A mail program tries again by itself after the 4xx; who knows the password from a list goes on to
the next message. What is held is never lost: a person decides (docs/operator/guard.md).
"""

from __future__ import annotations

from mailstead.mailplane.guard.desk import Desk
from mailstead.mailplane.guard.ladder import Step
from mailstead.mailplane.guard.session import Decision
from mailstead.standards.reply import Reply
from mailstead.wire.sending import Page

NAME = "stolen"
_SLOW: Page = "unusual"
_OVER: Page = "stolen"
HELD = "held: the mailbox looks stolen"


def answer(step: Step, mailbox: str, desk: Desk) -> Decision | None:
    """The decision that a step of the ladder demands; None: nothing against the message."""
    if step == "normal":
        return None
    if step == "hold":
        return Decision(NAME, _OVER, hold=HELD)
    page = _SLOW if step == "slow" else _OVER
    desk.store.note_refusal(f"mailbox:{mailbox}", page, desk.now())
    link = desk.link(page)
    if step == "slow":
        words = (
            "This is sent in a way that is unusual for this mailbox: it is taken when your mail "
            f"program sends it again in ten minutes. See {link}"
        )
        return Decision(NAME, page, Reply(450, "4.7.1", words))
    words = (
        "This mailbox sends no more mail, because somebody else seems to know its password: set a "
        f"new one in the panel. Mail still arrives. See {link}"
    )
    return Decision(NAME, page, Reply(554, "5.7.1", words))
