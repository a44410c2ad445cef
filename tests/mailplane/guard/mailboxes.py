"""A mailbox with habits, and what strangers do with it, for the detector's tests."""

from __future__ import annotations

from mailstead.mailplane.guard.acts import Content, SignIn, Submission
from mailstead.mailplane.guard.detector import Detector
from mailstead.mailplane.guard.networks import Networks
from mailstead.mailplane.guard.profile import DAY, HOUR

ANN, BOB = "ann@cars.example", "bob@pears.example"
HOME, OFFICE, FAR, FARTHER = "192.0.2.10", "198.51.100.20", "203.0.113.9", "100.64.7.7"
LAPTOP, BOT = "laptop.cars.example", "WIN-4711"
FRIENDS = tuple(f"friend{number}@far.example" for number in range(12))
DAYS = 40
NOW = DAYS * DAY + 10 * HOUR
NETWORKS = Networks(
    [
        "100.64.0.0\t100.64.255.255\t64503\tBR\n",
        "192.0.2.0\t192.0.2.255\t64500\tDE\n",
        "198.51.100.0\t198.51.100.255\t64501\tDE\n",
        "203.0.113.0\t203.0.113.255\t64502\tVN\n",
    ]
)


def strangers(count: int, word: str = "victim") -> tuple[str, ...]:
    """People that nobody here has written to."""
    return tuple(f"{word}{number}@elsewhere.example" for number in range(count))


def message(
    at: float,
    *recipients: str,
    mailbox: str = ANN,
    client: str = HOME,
    helo: str = LAPTOP,
) -> Submission:
    """Something that is submitted."""
    return Submission(at, mailbox, client, helo, mailbox, recipients or FRIENDS[:1], 2000, f"i{at}")


def content(at: float, body: int, mailbox: str = ANN, score: float = 0.0) -> Content:
    """What was in it."""
    return Content(at, mailbox, f"i{at}", mailbox, 0, body, score, score >= 15)


def settled(
    *mailboxes: str, detector: Detector | None = None, client: str = HOME, begin: float = 0.0
) -> Detector:
    """Mailboxes that were read and written with every day for weeks."""
    made = detector or Detector(NETWORKS)
    for mailbox in mailboxes or (ANN,):
        made.opened(mailbox, begin)
        for day in range(DAYS):
            at = begin + day * DAY + 9 * HOUR
            made.note(SignIn(at, mailbox, "imap", client))
            for number in range(4):
                to = FRIENDS[(day + number) % 12]
                one = message(at + number * HOUR, to, mailbox=mailbox, client=client)
                assert made.judge(one) == "normal"
    return made
