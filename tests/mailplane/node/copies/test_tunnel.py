"""What a program says into the tunnel arrives whole at the other end, however soon it ends."""

from __future__ import annotations

import socket
import ssl
import threading
from contextlib import suppress
from pathlib import Path

import pytest
from lab.certificates import certificate

from mailstead.mailplane.node.copies.tunnel import context_of, tunnel
from mailstead.wire.moves import NodeSource

SAID = b"0123456789abcdef" * 200_000


class Far:
    """Another node: it answers each connection with how many octets came, once it was all."""

    def __init__(self, folder: Path) -> None:
        self.certificate, key = folder / "certificate", folder / "key"
        certificate("127.0.0.1", self.certificate, key)
        self.heard = b""
        self.door = socket.create_server(("127.0.0.1", 0))
        self._context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self._context.load_cert_chain(self.certificate, key)
        self.thread = threading.Thread(target=self._serve)
        self.thread.start()

    def _serve(self) -> None:
        plain, _ = self.door.accept()
        # Whoever does not believe the certificate goes away.
        with suppress(OSError), self._context.wrap_socket(plain, server_side=True) as told:
            told.sendall(b"hello\n")
            while part := told.recv(65536):
                self.heard += part

    def source(self) -> NodeSource:
        return NodeSource(
            server="far",
            host="127.0.0.1",
            port=self.door.getsockname()[1],
            certificate=self.certificate.read_text(),
        )


def test_the_last_words_are_passed_on(tmp_path: Path) -> None:
    far = Far(tmp_path)
    source = far.source()
    with tunnel(source, context_of(source)) as way:
        near = socket.create_connection(("127.0.0.1", way.port))
        assert near.recv(100) == b"hello\n"
        near.sendall(SAID)
        # The program ends, and the tunnel at once.
        near.close()
    far.thread.join(20)
    assert far.heard == SAID
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", way.port))
    far.door.close()


def test_it_says_why_there_is_no_way(tmp_path: Path) -> None:
    far = Far(tmp_path)
    source = far.source()
    context = ssl.create_default_context()
    with tunnel(source, context) as way:
        with socket.create_connection(("127.0.0.1", way.port)) as near:
            assert near.recv(100) == b""
        assert "certificate verify failed" in way.fault
    far.thread.join(20)
    far.door.close()
