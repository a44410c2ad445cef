"""The control plane does not answer: known to the command line without the client that asks it."""

from __future__ import annotations


class Away(Exception):
    """The control plane does not answer now; its words say how."""
