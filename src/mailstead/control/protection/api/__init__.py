"""The API."""

from ninja import Router

from mailstead.control.protection.api import cases

routers: tuple[Router, ...] = (cases.router,)
"""All of them, in the order in which the description tells them."""
