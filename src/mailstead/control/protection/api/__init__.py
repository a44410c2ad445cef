"""Protection for programs."""

from ninja import Router

from mailstead.control.protection.api import breached, cases

routers: tuple[Router, ...] = (cases.router, breached.router)
"""All of them, in the order in which the description tells them."""
