"""The web process: one server on two unix sockets (see `asgi`).

Purpose: answers the agent on `<home>/run/web/web.sock` and nginx on `<home>/run/panel/panel.sock`.
Security: the first socket's directory is closed to all but this user and root; nginx's user may
    enter the second one's, and overwrites the headers that name the client.
Diagnostics: JSON lines on standard error; on SIGUSR1 each thread writes where it stands.
Known limits: uploads up to 16 MB are held in memory.
"""

from __future__ import annotations

import faulthandler
import signal
import socket
import sys
from pathlib import Path

import structlog
import uvicorn

from mailstead.config import home_from_environment
from mailstead.home import Home


def _listen(path: Path, mode: int) -> socket.socket:
    path.unlink(missing_ok=True)
    made = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    made.bind(str(path))
    path.chmod(mode)
    made.listen(512)
    return made


def main() -> int:
    """Serve until SIGTERM."""
    faulthandler.register(signal.SIGUSR1)
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            # Without the values of variables: passwords are among them.
            structlog.processors.format_exc_info,
            structlog.processors.JSONRenderer(),
        ],
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
    )
    from mailstead.control.project.asgi import application

    home = Home(home_from_environment())
    sockets = [_listen(home.web_socket, 0o660), _listen(home.panel_socket, 0o666)]
    config = uvicorn.Config(
        application,
        log_level="warning",
        access_log=False,
        lifespan="off",
        proxy_headers=False,
        # The agents' long polls would hold its end up for as long as they wait.
        timeout_graceful_shutdown=1,
    )
    uvicorn.Server(config).run(sockets=sockets)
    return 0


if __name__ == "__main__":
    sys.exit(main())
