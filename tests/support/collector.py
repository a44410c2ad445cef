"""Where a message is: every mailbox of the node and of the foreign host, searched by Message-ID."""

from __future__ import annotations

import email.policy
from email.message import EmailMessage
from email.parser import BytesParser
from pathlib import Path

from lab.commands import run, wait_until
from lab.internet import Lab
from lab.node import Node


class Collector:
    """Searches the files of all mailboxes, so that mail in the wrong place is seen too."""

    def __init__(self, lab: Lab, node: Node) -> None:
        self._lab = lab
        self._node = node

    def places(self, message_id: str) -> list[str]:
        """Each place that holds the message, once a copy: `address` or `address/Folder`, sorted."""
        near = [self._near(path) for path in self.near_files(message_id)]
        far = [self._far(path) for path in self.far_files(message_id)]
        return sorted([*near, *far])

    def all_ids(self, address: str) -> set[str]:
        """The Message-IDs of all mail in a mailbox of the node, in whatever folder."""
        maildir = self._node.maildir(address)
        words = ["--recursive", "--no-filename", "--no-messages", "--ignore-case", "--text"]
        found = run("grep", *words, "--max-count=1", "-e", "^Message-ID:", maildir, check=False)
        return {line.partition(":")[2].strip() for line in found.stdout.splitlines()}

    def near_files(self, message_id: str) -> list[Path]:
        """The files in the node's store that hold the message."""
        return _with_id(self._node.home.mail, message_id)

    def far_files(self, message_id: str) -> list[Path]:
        """The files at the foreign host that hold the message."""
        return _with_id(self._lab.foreign.folder / "mail", message_id)

    def idle(self) -> bool:
        """Whether nothing is on its way: Postfix's queue holds only what waits for a retry."""
        return not any(
            _is_complete(path)
            for name in ("maildrop", "incoming", "active")
            for path in (self._node.home.spool / name).rglob("*")
        )

    def settle(self, seconds: float = 20) -> None:
        """Wait until nothing is on its way."""
        wait_until(self.idle, "Postfix has delivered what it holds", seconds=seconds)

    def deferred(self) -> int:
        """How many messages wait in Postfix's queue for a retry."""
        return sum(path.is_file() for path in (self._node.home.spool / "deferred").rglob("*"))

    def _near(self, path: Path) -> str:
        parts = path.relative_to(self._node.home.mail).parts
        domain, local = parts[0], parts[1]
        folder = parts[-3]
        inside = "" if folder == "Maildir" else "/" + folder.removeprefix(".").replace(".", "/")
        return f"{local}@{domain}{inside}"

    def _far(self, path: Path) -> str:
        return str(read(path)["Envelope-to"]).strip()


def _is_complete(path: Path) -> bool:
    """Whether this is a whole message: cleanup(8) makes its file executable when it has it all.

    What a killed process left half written was never acknowledged and goes nowhere.
    """
    try:
        return path.is_file() and bool(path.stat().st_mode & 0o100)
    except FileNotFoundError:
        return False


def read(path: Path) -> EmailMessage:
    """The message in a file."""
    parsed = BytesParser(policy=email.policy.default).parsebytes(path.read_bytes())
    assert isinstance(parsed, EmailMessage)
    return parsed


def _with_id(root: Path, message_id: str) -> list[Path]:
    if not root.exists():
        return []
    words = ["--recursive", "--files-with-matches", "--fixed-strings", "--text"]
    listed = run("grep", *words, "--no-messages", "-e", message_id, root, check=False).stdout
    files = [Path(line) for line in listed.splitlines()]
    # An index or a bounce may quote the id; only a message that has it itself counts.
    mail = [path for path in files if path.parent.name in {"new", "cur"}]
    return [path for path in mail if str(read(path)["Message-ID"]).strip() == message_id]
