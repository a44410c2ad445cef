"""Many rows at once: what stands in the table is what the rows say, on both databases."""

from __future__ import annotations

import datetime as dt

from mailstead.control.delivery.models import Attempt, Message
from mailstead.control.delivery.services.bulk import insert

NOW = dt.datetime(2026, 3, 1, 12, 0, 0, 123456, tzinfo=dt.UTC)
HOSTILE = 'tab\there, line\nthere, back\\slash, "quotes", \\N, \\., ü €'


def test_rows_are_inserted_as_they_are(db: None) -> None:
    messages = [
        Message(server="node1", queue=f"q{number}", at=NOW, sender=HOSTILE, customer=None)
        for number in range(3)
    ]
    insert(Message, messages)
    attempts = [
        Attempt(
            message_id=message.pk,
            at=NOW,
            outcome="sent",
            reply=HOSTILE,
            forwarded=["a@b.example", HOSTILE],
            next_try=NOW if number else None,
        )
        for number, message in enumerate(messages)
    ]
    insert(Attempt, attempts)
    for made in (*messages, *attempts):
        found = type(made).objects.get(pk=made.pk)
        assert found.__dict__ | {"_state": None} == made.__dict__ | {"_state": None}


def test_rows_that_come_later_have_other_numbers(db: None) -> None:
    first = [Message(server="node1", queue="a", at=NOW), Message(server="node1", queue="b", at=NOW)]
    insert(Message, first)
    later = Message.objects.create(server="node1", queue="c", at=NOW)
    assert len({row.pk for row in (*first, later)}) == 3
    later.subject = "changed"
    first[0].subject = "changed"
    first[0].save()
    assert Message.objects.filter(subject="changed", queue="a").count() == 1
    insert(Message, [])
