"""Protection for programs."""

from ninja import Router

from mailstead.control.protection.api import blocks

routers: tuple[Router, ...] = (blocks.router,)
"""All of them, in the order in which the description tells them."""
