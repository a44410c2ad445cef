"""The web process: Django under an ASGI server, on the instance's unix socket."""

from __future__ import annotations

from mailstead.config import home_from_environment
from mailstead.control.project.bootstrap import setup

setup(home_from_environment())

from django.core.asgi import get_asgi_application  # noqa: E402  (after setup)

application = get_asgi_application()
