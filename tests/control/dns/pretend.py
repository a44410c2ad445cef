"""A DNS that says what a test wants, in the place of a look-up."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from mailstead.control.dns.answers import Answer, Found, Key, Seen
from mailstead.control.dns.lookup import Way
from mailstead.control.dns.services import Look


def dns_of(
    records: Mapping[Key, Sequence[str]],
    *,
    public: Mapping[Key, Sequence[str]] | None = None,
    servers: tuple[str, ...] = ("ns1.cars.example",),
    zone: str = "cars.example",
) -> Look:
    """What the zone's servers say, and where it differs what resolvers say."""

    def look(domain: str, wanted: Sequence[Key], way: Way) -> Seen:
        answers = {
            key: Found(
                (_answer(records.get(key, ())),),
                _answer((records if public is None else public).get(key, ())),
            )
            for key in wanted
        }
        return Seen(zone=zone, servers=servers, answers=answers)

    return look


def dark(domain: str, wanted: Sequence[Key], way: Way) -> Seen:
    """Nothing can be learnt."""
    return Seen(trouble="resolver-silent")


def _answer(values: Sequence[str]) -> Answer:
    return Answer("found", tuple(values)) if values else Answer("empty")
