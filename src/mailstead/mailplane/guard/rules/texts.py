"""What is sent: the filter's verdict, one text to many, the same text from others, whose name."""

from __future__ import annotations

from collections.abc import Iterator

from mailstead.mailplane.guard.acts import Content
from mailstead.mailplane.guard.crowd import Crowd, alike
from mailstead.mailplane.guard.evidence import SIGNALS, Finding
from mailstead.mailplane.guard.profile import DAY, MOST_TEXTS, Record, Text

SOME, MUCH = 3.5, 9.5
"""Scores between which a text is ever more suspicious, though not spam yet."""
TEMPLATE = 3 * DAY
"""A text that is known for so long is a template."""
_NATS_SHARED = (0.0, 2.8, 3.8, 4.5)
_MANY, _EACH = 4, 0.35


def find(act: Content, record: Record, crowd: Crowd, *, at_home: bool) -> Iterator[Finding]:
    """What speaks from the content; notes the text."""
    told = f"{act.score:.1f} {act.why}".rstrip()
    if act.spam:
        yield Finding("spam", SIGNALS["spam"].most, told)
    elif act.score > SOME:
        share = min((act.score - SOME) / (MUCH - SOME), 1.0)
        yield Finding("spam", SIGNALS["spam"].most * share, told)
    own = act.mailbox.rpartition("@")[2]
    if act.foreign:
        yield Finding("author-foreign", SIGNALS["author-foreign"].most, act.author)
    if not act.body:
        return
    text = note(record, act.body, act.at)
    template = act.at - text.first > TEMPLATE
    if not template and not at_home and text.count >= _MANY:
        nats = min(_EACH * text.count, SIGNALS["same-text"].most) * record.sureness(act.at)
        yield Finding("same-text", nats, str(text.count))
    if crowd.listener is not None and not template and not at_home:
        crowd.listener.wrote(act.at, act.mailbox, own, act.body)
    if crowd.is_stolen_text(act.body, act.at):
        yield Finding("campaign", SIGNALS["campaign"].most)
        return
    others = crowd.wrote(act.mailbox, own, act.body, act.at)
    if others and not template and not at_home:
        yield Finding("text-shared", _NATS_SHARED[min(others, 3)], str(others + 1))


def note(record: Record, body: int, at: float) -> Text:
    """Remember a text; the one that was sent longest ago makes room."""
    texts = record.profile.texts
    for text in texts:
        if alike(text.body, body):
            text.count += 1
            text.last = at
            return text
    if len(texts) >= MOST_TEXTS:
        texts.remove(min(texts, key=lambda one: (one.count > 1, one.last)))
    made = Text(body, at, at)
    texts.append(made)
    return made
