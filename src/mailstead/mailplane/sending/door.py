"""How the agent asks the router: one connection for each look, one line for each question."""

from __future__ import annotations

import socket
from collections.abc import Sequence

import msgspec

from mailstead.home import Home
from mailstead.mailplane.engines.processes import EngineError
from mailstead.mailplane.sending.questions import Answer, Question

SECONDS = 10.0
_ANSWER = msgspec.json.Decoder(Answer)


class RouterAway(EngineError):
    """The router does not answer now."""


def ask(home: Home, *questions: Question) -> Sequence[Answer]:
    """The answers, in order; raises `RouterAway`."""
    try:
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
            connection.settimeout(SECONDS)
            connection.connect(str(home.sending_socket))
            with connection.makefile("rwb") as lines:
                answers = []
                for question in questions:
                    lines.write(msgspec.json.encode(question) + b"\n")
                    lines.flush()
                    answers.append(_ANSWER.decode(lines.readline()))
                return answers
    except (OSError, msgspec.DecodeError) as error:
        raise RouterAway(f"the router does not answer: {error}") from error
