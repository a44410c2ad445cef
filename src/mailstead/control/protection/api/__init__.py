"""Protection for programs."""

from ninja import Router

from mailstead.control.protection.api import breached

routers: tuple[Router, ...] = (breached.router,)
"""All of them, in the order in which the description tells them."""
