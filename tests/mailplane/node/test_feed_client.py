"""A node that asks for the source of a copy is told it, or why not, or waits."""

from __future__ import annotations

import json
import socketserver
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler
from pathlib import Path

import pytest

from mailstead.mailplane.node.away import Away
from mailstead.mailplane.node.feed_client import FeedClient
from mailstead.standards.refusal import Refusal
from mailstead.wire import codec
from mailstead.wire.moves import ImapSource

SOURCE = ImapSource(host="mail.a.example", port=993, tls="imaps", user="ann", password="x y z")
ANSWERS: dict[str, tuple[int, bytes]] = {
    "/feed/v1/node1/copies/7": (200, codec.encode(SOURCE)),
    "/feed/v1/node1/copies/8": (422, json.dumps({"title": "It is not kept any more."}).encode()),
    "/feed/v1/node1/copies/9": (500, b"{}"),
}


class Handler(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        status, body = ANSWERS[self.path]
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def address_string(self) -> str:
        return "socket"

    def log_message(self, format: str, *args: object) -> None:
        pass


@pytest.fixture
def client(tmp_path: Path) -> Iterator[FeedClient]:
    path = tmp_path / "web.sock"
    with socketserver.ThreadingUnixStreamServer(str(path), Handler) as server:
        server.daemon_threads = True
        thread = threading.Thread(target=server.serve_forever, args=(0.05,))
        thread.start()
        made = FeedClient(path, "node1")
        yield made
        made.close()
        server.shutdown()
        thread.join()


def test_the_source_comes_with_its_password(client: FeedClient) -> None:
    assert client.source(7) == SOURCE


def test_a_refusal_is_told_in_the_control_planes_words(client: FeedClient) -> None:
    with pytest.raises(Refusal) as caught:
        client.source(8)
    assert caught.value.sentence == "It is not kept any more."


def test_a_control_plane_that_fails_is_away(client: FeedClient, tmp_path: Path) -> None:
    with pytest.raises(Away):
        client.source(9)
    with pytest.raises(Away):
        FeedClient(tmp_path / "nobody.sock", "node1").source(7)
