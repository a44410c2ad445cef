"""The API of protection."""

from ninja import Router

from mailstead.control.protection.api import blocks, breached, cases

routers: tuple[Router, ...] = (cases.router, breached.router, blocks.router)
"""All of them, in the order in which the description tells them."""
