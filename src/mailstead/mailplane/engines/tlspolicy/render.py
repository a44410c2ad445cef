"""The server of TLS policies has no file: all that it wants to know stands in its command line."""

from __future__ import annotations

from mailstead.mailplane.engines.files import File
from mailstead.mailplane.engines.tlspolicy.model import TlspolicyModel


def render(model: TlspolicyModel) -> list[File]:
    """No file."""
    return []
