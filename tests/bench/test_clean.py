"""The clean machine gets this machine's mirrors at run time, and the repository names none."""

from __future__ import annotations

import subprocess
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from bench.load.run import ROOT

from bench import clean


@pytest.mark.engines
def test_the_mirror_is_read_from_apt_and_written_nowhere() -> None:
    source = clean.apt_source()
    host = urlsplit(source.mirror).hostname
    assert host
    found = subprocess.run(
        ["grep", "-rlF", host, "bench", "tests/bench", "docs/develop/bench.md"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert found.stdout == ""


def test_only_the_way_to_the_mirrors_is_passed_in(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PIP_INDEX_URL", "https://mirror.example/simple")
    monkeypatch.setenv("https_proxy", "http://proxy.example:3128")
    monkeypatch.setenv("MAILSTEAD_HOME", "/somewhere")
    monkeypatch.setenv("PIP_FIND_LINKS", "/wheels")
    passed = clean.environment()
    assert passed["PIP_INDEX_URL"] == "https://mirror.example/simple"
    assert passed["https_proxy"] == "http://proxy.example:3128"
    assert "MAILSTEAD_HOME" not in passed
    assert "PIP_FIND_LINKS" not in passed


def test_a_tree_of_an_earlier_run_is_removed(tmp_path: Path) -> None:
    root = tmp_path / "tree"
    (root / "etc").mkdir(parents=True)
    clean.sweep(root)
    assert not root.exists()
