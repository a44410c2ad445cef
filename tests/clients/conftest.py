"""What the real clients share: a place for their files, and the certificate that they check."""

from __future__ import annotations

from pathlib import Path

import pytest
from lab.node import Node


@pytest.fixture
def authority(node: Node, tmp_path: Path) -> Path:
    """The node's own certificate as the only one that clients trust: its name is checked too."""
    path = tmp_path / "authority.pem"
    path.write_bytes(node.home.certificate.read_bytes())
    path.chmod(0o644)
    return path
