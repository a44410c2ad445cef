"""A node in a thread: takes the orders that pages give and answers them, as an agent does."""

from __future__ import annotations

import datetime as dt
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from django.db import connection

from mailstead.control.feed import services
from mailstead.control.feed.models import FeedHead
from mailstead.wire.orders import Answered, AnyAnswer, AnyOrder

Answer = Callable[[AnyOrder], AnyAnswer | str]
"""From an order to its answer, or to the words why there is none."""


@contextmanager
def node(server: str, answer: Answer) -> Iterator[list[AnyOrder]]:
    """While it lasts the server is here and answers; gives the orders that it got."""
    got: list[AnyOrder] = []
    over = threading.Event()
    FeedHead.objects.filter(server=server).update(last_seen=dt.datetime.now(dt.UTC))

    def work() -> None:
        while not over.wait(0.01):
            for given in services.hand_out(server, dt.datetime.now(dt.UTC)).orders:
                got.append(given.order)
                said = answer(given.order)
                answered = (
                    Answered(number=given.number, words=said)
                    if isinstance(said, str)
                    else Answered(number=given.number, answer=said)
                )
                services.record_answers(
                    server=server, answers=[answered], now=dt.datetime.now(dt.UTC)
                )
        connection.close()

    thread = threading.Thread(target=work)
    thread.start()
    try:
        yield got
    finally:
        over.set()
        thread.join()
