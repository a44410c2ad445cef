"""The delivery of mail for programs."""

from ninja import Router

from mailstead.control.delivery.api import log, sending

routers: tuple[Router, ...] = (log.router, sending.router)
"""All of them, in the order in which the description tells them."""
