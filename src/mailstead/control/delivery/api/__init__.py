"""The delivery of mail for programs."""

from ninja import Router

from mailstead.control.delivery.api import listings, log, reports, sending, suppression

routers: tuple[Router, ...] = (
    log.router,
    sending.router,
    listings.router,
    suppression.router,
    reports.router,
)
"""All of them, in the order in which the description tells them."""
