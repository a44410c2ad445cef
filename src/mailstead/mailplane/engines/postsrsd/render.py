"""PostSRSd has no file: all that it wants to know stands in its command line."""

from __future__ import annotations

from mailstead.mailplane.engines.files import File
from mailstead.mailplane.engines.postsrsd.model import PostsrsdModel


def render(model: PostsrsdModel) -> list[File]:
    """No file: the secrets are made once and are not the settings' (`control.prepare`)."""
    return []
