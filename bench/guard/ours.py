"""Our detector as a judge."""

from __future__ import annotations

import importlib

from bench.guard.judge import Judge

DETECTOR = "mailstead.mailplane.guard.detector"


def ours() -> Judge:
    """A detector without history; raises `ImportError` where there is none."""
    judge: Judge = importlib.import_module(DETECTOR).Detector()
    return judge
