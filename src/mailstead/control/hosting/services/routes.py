"""Routes: where mail goes, checked at the border."""

from __future__ import annotations

from collections.abc import Iterable

from mailstead.standards.address import destination_address
from mailstead.standards.refusal import Refusal
from mailstead.standards.reply import reply_text
from mailstead.wire.changes import Route

MAX_DESTINATIONS = 500


def checked_destinations(texts: Iterable[str]) -> tuple[str, ...]:
    """Destinations normalised, each once, in their order; raises `Refusal`."""
    found = tuple(dict.fromkeys(str(destination_address(text)) for text in texts))
    if not found:
        raise Refusal(
            "destinations-empty", "A destination is missing.", remedy="Give at least one address."
        )
    if len(found) > MAX_DESTINATIONS:
        raise Refusal(
            "destinations-many",
            "There are more than {max_destinations} destinations.",
            remedy="Use a mailing list.",
            max_destinations=MAX_DESTINATIONS,
        )
    return found


def checked_route(route: Route) -> Route:
    """The route with what its action needs and nothing else; raises `Refusal`."""
    if route.action == "deliver":
        return Route(action="deliver", destinations=checked_destinations(route.destinations))
    if route.action == "fail":
        return Route(action="fail", text=reply_text(route.text))
    return Route(action="blackhole")
