"""From a request of Postfix to what is to be judged, and from the decision to the answer."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from mailstead.standards import policy
from mailstead.standards.reply import Reply

Stage = Literal["RCPT", "DATA"]
"""Where Postfix asks: about one recipient, about the message as a whole."""
STAGES: tuple[Stage, ...] = ("RCPT", "DATA")


@dataclass(frozen=True)
class Sighting:
    """What a log-in of ours is about to do, as Postfix tells it."""

    stage: str
    """A `Stage`; of others nothing is judged."""
    instance: str
    """The same for all requests about one message, another for the next one."""
    mailbox: str
    """The address that signed in; empty: nobody."""
    credential: str
    """Number of the password that opened the session."""
    sender: str
    recipient: str
    """At RCPT; at DATA only where there is one."""
    recipients: int
    """At DATA: how many; at RCPT 0."""
    client: str
    """Network address."""
    helo: str
    """How the client greets."""
    size: int
    """As the client has announced it, octets; 0: it has not."""
    queue: str = ""
    """The message's number in the queue; at the first RCPT it has none."""


@dataclass(frozen=True)
class Decision:
    """What a rule has decided about a sighting."""

    rule: str
    code: str
    """A stable word: stands in the log, in the link of the reply and in events."""
    reply: Reply | None = None
    """None: the message may go on, or is held."""
    hold: str = ""
    """It is taken, and waits in the hold queue for a person; why, for Postfix's log."""


def read(request: policy.Request) -> Sighting:
    """The sighting that a request tells.

    The SMTP log-in is `address/credential` (docs/develop/contracts.md).
    """
    mailbox, _, credential = request.text("sasl_username").lower().rpartition("/")
    return Sighting(
        stage=request.text("protocol_state"),
        instance=request.text("instance"),
        mailbox=mailbox,
        credential=credential,
        sender=request.text("sender").lower(),
        recipient=request.text("recipient").lower(),
        recipients=request.number("recipient_count"),
        client=request.text("client_address"),
        helo=request.text("helo_name"),
        size=request.number("size"),
        queue=request.text("queue_id"),
    )


def answer(decision: Decision | None) -> bytes:
    """What Postfix is told; nothing decided is nothing against it."""
    if decision is not None and decision.reply is not None:
        return policy.answer(decision.reply)
    if decision is not None and decision.hold:
        return policy.answer(f"{policy.HOLD} {decision.hold}")
    return policy.answer(policy.DUNNO)
