"""nginx of one instance, really running, before a small server that tells what it was sent."""

from __future__ import annotations

import contextlib
import http.server
import json
import shutil
import signal
import socket
import socketserver
import ssl
import subprocess
import tempfile
import threading
from collections.abc import Iterator
from pathlib import Path

from tests.mailplane.engines.harness import free_offset, need_machine, until

from mailstead.config import Ports, Settings, Web
from mailstead.home import Home
from mailstead.mailplane.engines import files
from mailstead.mailplane.engines.nginx import control, model, render
from mailstead.mailplane.node import tls

NAME = "panel.example"
OTHER = "my.hosting.example"


class _Echo(http.server.BaseHTTPRequestHandler):
    """Answers with the request as it came, as JSON; `/status/N` with that status."""

    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        length = int(self.headers.get("Content-Length", 0))
        seen = {"path": self.path, "headers": self.headers.items(), "body": length}
        self.rfile.read(length)
        data = json.dumps(seen).encode()
        code = int(self.path.rpartition("/")[2]) if self.path.startswith("/status/") else 200
        self.send_response(code)
        self.send_header("Content-Type", "text/html")
        self.send_header("Content-Length", str(len(data)))
        self.send_header("X-Seen", "panel")
        self.end_headers()
        self.wfile.write(data)

    do_POST = do_GET

    def log_message(self, *_: object) -> None:
        """Silent."""

    def address_string(self) -> str:
        """A unix socket has none."""
        return ""


class _Unix(socketserver.ThreadingMixIn, socketserver.UnixStreamServer):
    daemon_threads = True


class Answer:
    """What curl saw: status, protocol, headers with lower-case names, body."""

    def __init__(self, raw: bytes) -> None:
        head, _, self.body = raw.partition(b"\r\n\r\n")
        lines = head.decode().splitlines()
        self.protocol, code = lines[0].split()[:2]
        self.status = int(code)
        self.headers: dict[str, list[str]] = {}
        for line in lines[1:]:
            name, _, value = line.partition(":")
            self.headers.setdefault(name.lower(), []).append(value.strip())

    def one(self, name: str) -> str:
        """The value of a header that is there once."""
        (value,) = self.headers[name]
        return value

    def seen(self) -> dict[str, list[str]]:
        """The headers that reached the panel."""
        found: dict[str, list[str]] = {}
        for name, value in json.loads(self.body)["headers"]:
            found.setdefault(name.lower(), []).append(value)
        return found


class Front:
    """One nginx."""

    def __init__(self, root: Path) -> None:
        self.home = Home(root)
        self.settings = Settings(
            home=root,
            hostname="mail.node.example",
            ports=Ports(offset=free_offset()),
            web=Web(hostnames=(NAME, OTHER)),
        )
        self.model = model.from_settings(self.settings, self.home)
        self._panel: _Unix | None = None
        self.process: subprocess.Popen[bytes] | None = None

    def make(self) -> None:
        """What `mailstead up` makes of it."""
        for path in (self.home.root, self.home.log, self.home.run, self.home.static):
            path.mkdir(exist_ok=True)
            path.chmod(0o755)
        door = self.home.panel_socket.parent
        door.mkdir()
        shutil.chown(door, "root", render.USER)
        door.chmod(0o750)
        tls.ensure(self.home, (self.settings.hostname, NAME, OTHER))
        files.write(render.render(self.model))
        control.prepare(self.model)

    def start(self) -> None:
        """Start nginx as the supervisor does."""
        self.process = subprocess.Popen(control.command(self.model), start_new_session=True)
        until(lambda: control.answers(self.model), "nginx answers")

    def panel_up(self) -> None:
        """Let somebody answer behind it."""
        self.home.panel_socket.unlink(missing_ok=True)
        self._panel = _Unix(str(self.home.panel_socket), _Echo)
        self.home.panel_socket.chmod(0o666)
        threading.Thread(target=self._panel.serve_forever, daemon=True).start()

    def panel_down(self) -> None:
        """Let nobody answer behind it."""
        if self._panel is not None:
            self._panel.shutdown()
            self._panel.server_close()
            self._panel = None
            self.home.panel_socket.unlink()

    def stop(self) -> None:
        """End nginx."""
        if self.process is not None:
            self.process.send_signal(signal.SIGTERM)
            self.process.wait(15)
            self.process = None

    def close(self) -> None:
        """End all of it and remove the home."""
        self.panel_down()
        self.stop()
        shutil.rmtree(self.home.root, ignore_errors=True)

    def one_worker(self) -> bool:
        """Whether none is left from before the last reload; the file names one worker."""
        assert self.process is not None
        found = subprocess.run(
            ["pgrep", "-c", "-P", str(self.process.pid)], capture_output=True, check=False
        )
        return int(found.stdout) == 1

    def get(self, path: str, *options: str, name: str = NAME, stdin: bytes | None = None) -> Answer:
        """An answer over HTTPS, its certificate verified; `options` are curl's."""
        port = self.model.https
        return self._curl(f"https://{name}:{port}{path}", name, port, options, stdin)

    def plain(self, path: str, *options: str, name: str = NAME) -> Answer:
        """An answer over plain HTTP."""
        port = self.model.http
        return self._curl(f"http://{name}:{port}{path}", name, port, options, None)

    def fetch(self, url: str, name: str, port: int, *options: str) -> Answer:
        """An answer from wherever this nginx listens."""
        return self._curl(url, name, port, options, None)

    def _curl(
        self, url: str, name: str, port: int, options: tuple[str, ...], stdin: bytes | None
    ) -> Answer:
        done = subprocess.run(
            ["curl", "-sS", "-i", "--max-time", "20", "--noproxy", "*", "-H", "Expect:",
             "--cacert", str(self.home.certificate),
             "--resolve", f"{name}:{port}:127.0.0.1", *options, url],
            input=stdin, capture_output=True, check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        return Answer(done.stdout)

    def raw(self, request: str, server_name: str | None = NAME) -> Answer:
        """An answer to bytes that no well-behaved client sends."""
        context = ssl.create_default_context()
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        with (
            socket.create_connection(("127.0.0.1", self.model.https), timeout=20) as plain,
            context.wrap_socket(plain, server_hostname=server_name) as client,
        ):
            client.sendall(request.encode())
            parts = []
            while part := client.recv(65536):
                parts.append(part)
        return Answer(b"".join(parts))

    def wait_logged(self, text: str) -> str:
        """The line of the access log that holds a text."""
        path = self.home.log / "nginx-access.log"
        until(lambda: text in path.read_text(), f"{text} is in the access log")
        return next(line for line in path.read_text().splitlines() if text in line)


@contextlib.contextmanager
def running_front() -> Iterator[Front]:
    """nginx with a panel behind it."""
    need_machine()
    front = Front(Path(tempfile.mkdtemp(prefix="ms-front", dir="/tmp")))
    try:
        front.make()
        front.start()
        front.panel_up()
        yield front
    finally:
        front.close()
