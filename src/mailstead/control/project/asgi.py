"""The web process as an ASGI application with two doors, told apart by the socket used.

The feed's socket leads to the feed alone, without sessions or log-ins: a long poll there costs a
coroutine. The panel's socket leads to panel and API, whose synchronous code runs in a few threads
that keep their database connections.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from mailstead.config import home_from_environment
from mailstead.control.project.bootstrap import setup
from mailstead.home import Home

setup(home_from_environment())

from django.core.handlers.asgi import ASGIHandler, ASGIRequest  # noqa: E402  (after setup)
from django.core.handlers.exception import convert_exception_to_response  # noqa: E402
from django.db import close_old_connections  # noqa: E402
from django.http import HttpResponse  # noqa: E402

THREADS = 8
"""Requests of the panel and the API that are worked on at once; more wait."""


class FeedHandler(ASGIHandler):
    """The feed: no middleware, its own addresses."""

    def load_middleware(self, is_async: bool = False) -> None:
        """None: whoever reaches this socket is the agent."""
        self._view_middleware: list[Any] = []
        self._template_response_middleware: list[Any] = []
        self._exception_middleware: list[Any] = []
        answer = self._get_response_async  # type: ignore[attr-defined]
        self._middleware_chain = convert_exception_to_response(answer)

    def create_request(
        self, scope: Mapping[str, Any], body_file: Any
    ) -> tuple[ASGIRequest, None] | tuple[None, HttpResponse]:
        """With the feed's addresses."""
        request, error = super().create_request(scope, body_file)
        if request is not None:
            request.urlconf = "mailstead.control.project.feed_urls"
        return request, error  # type: ignore[return-value]


class PanelHandler(ASGIHandler):
    """Panel and API: the whole chain in one thread, without a step back to the loop between."""

    def __init__(self) -> None:
        super().__init__()
        self._threads = ThreadPoolExecutor(THREADS, thread_name_prefix="panel")

    def load_middleware(self, is_async: bool = False) -> None:
        """All of it is synchronous."""
        super().load_middleware(is_async=False)

    async def get_response_async(self, request: Any) -> Any:
        """Worked on in a thread that may have a connection from an earlier request."""
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._threads, self._work, request)

    def _work(self, request: Any) -> Any:
        close_old_connections()
        try:
            return self.get_response(request)
        finally:
            close_old_connections()


_feed_door = str(Home(home_from_environment()).web_socket)
_feed = FeedHandler()
_panel = PanelHandler()


async def application(scope: dict[str, Any], receive: Any, send: Any) -> None:
    """To the handler of the door by which the request came."""
    door = (scope.get("server") or ("", None))[0]
    handler = _feed if door == _feed_door else _panel
    await handler(scope, receive, send)
