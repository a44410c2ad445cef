"""Where other nodes of ours come to this one's mailboxes, by doveadm, while domains move.

In a file of root's alone: whoever has the password reads and changes every mailbox.
"""

from __future__ import annotations

from pathlib import Path

from mailstead.home import Home
from mailstead.mailplane.engines.dovecot.model import PeerDoor
from mailstead.mailplane.engines.files import File

CLIENTS = 200
"""Mailboxes that other nodes look at at the same time."""


def file(home: Home) -> Path:
    """Where the settings are."""
    return home.dovecot / "peers.conf"


def files(home: Home, peers: PeerDoor | None) -> list[File]:
    """The file; without such nodes there is none."""
    return [File(file(home), _text(peers), 0o600)] if peers else []


def _text(peers: PeerDoor) -> str:
    return f"""\
# Made by Mailstead from its settings; changes here are overwritten.
doveadm_password = {peers.password}
service doveadm {{
  # One mailbox a process, as many as may be looked at.
  process_limit = {CLIENTS}
  inet_listener peers {{
    address = {peers.listen}
    port = {peers.port}
    ssl = yes
  }}
}}
"""
