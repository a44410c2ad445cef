"""The same mailbox on two nodes of ours, by doveadm, which speaks to the other node's over TLS.

Before the switch (no `merge`) the other's mailbox is mirrored, and the mirror copied in as any
other store is; so both know each other's folders and messages by their GUIDs. From then on each
gets what only the other has: both are open meanwhile, and mail may come to either. Repeated rounds
leave less and less to do, so that the last one, while delivery to the old node is held, takes
seconds. The other node's Dovecot lets this one in (`engines.dovecot.peers`).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from mailstead.home import Home
from mailstead.mailplane.engines.dovecot.control import DOVEADM
from mailstead.mailplane.engines.dovecot.render import config_file
from mailstead.mailplane.engines.processes import EngineError, run
from mailstead.mailplane.node.copies.tunnel import context_of, tunnel
from mailstead.standards.refusal import Refusal
from mailstead.wire.moves import NodeSource

_SECONDS = 24 * 3600.0
_PARTLY = 2  # of doveadm-sync(1): something changed meanwhile, another run is needed
_RUNS = 3
_STALLED = "60"
"""Seconds for which a side waits for the other's next word (doveadm-sync(1), `-T`)."""
_STALLS = ("I/O has stalled", "Timeout during state")
"""How doveadm says that it waited for so long."""
_PASSWORD = re.compile(r"[A-Za-z0-9_-]+")


def mirror(home: Home, address: str, source: NodeSource, side: Path) -> None:
    """Make the Maildir `<side>/mirror` what the other node has.

    Raises `EngineError`, and `Refusal` for words that cannot stand in Dovecot's files.
    """
    with _settings(home, source, side, f"mail_location = maildir:{side}/mirror\n") as conf:
        _doveadm(conf, "backup", "-R", address, source)


def both(home: Home, address: str, source: NodeSource, side: Path) -> list[str]:
    """Bring both mailboxes to the same; returns what is worth telling.

    Raises `EngineError`, and `Refusal` for words that cannot stand in Dovecot's files.
    """
    with _settings(home, source, side, "") as conf:
        if _doveadm(conf, "sync", "-f", address, source):
            return []
    return ["Both sides changed while they were compared; the next round brings the rest."]


def _doveadm(conf: Path, verb: str, how: str, address: str, source: NodeSource) -> bool:
    """Whether all is the same now."""
    try:
        context = context_of(source)
    except (OSError, ValueError) as error:
        words = f"What the other node gave is no certificate: {error}."
        raise Refusal("copy-node-words", words) from error
    # Two that wait for each other would do so for ten minutes; the next run begins anew.
    patience = ("-T", _STALLED) if verb == "sync" else ()
    with tunnel(source, context) as way:
        place = f"tcp:127.0.0.1:{way.port}"
        command = [DOVEADM, "-c", str(conf), verb, how, *patience, "-u", address, place]
        for left in reversed(range(_RUNS)):
            try:
                if run(command, accept=(0, _PARTLY), timeout=_SECONDS).code == 0:
                    return True
            except EngineError as error:
                if way.fault:
                    raise EngineError(way.fault) from error
                if not left or not any(words in str(error) for words in _STALLS):
                    raise
    return False


@contextmanager
def _settings(home: Home, source: NodeSource, side: Path, more: str) -> Iterator[Path]:
    if not _PASSWORD.fullmatch(source.password):
        raise Refusal(
            "copy-node-words",
            "The other node's password has a character that cannot stand in Dovecot's files.",
            remedy="Use letters and digits.",
        )
    path = side / "node.conf"
    # The password stands in a file of root's alone, never among a command's words.
    path.unlink(missing_ok=True)
    path.touch(mode=0o600)
    path.write_text(
        f"!include {config_file(home)}\ndoveadm_password = {source.password}\n{more}",
        encoding="ascii",
    )
    try:
        yield path
    finally:
        path.unlink()
