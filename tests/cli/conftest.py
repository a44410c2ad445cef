"""An instance without processes, made once and copied for each test."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from tests.cli.commands import ok

_MIGRATE = (
    "from pathlib import Path; import sys;"
    "from mailstead.control.project.bootstrap import migrate, setup;"
    "setup(Path(sys.argv[1])); migrate()"
)


@pytest.fixture(scope="session")
def bare_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database with nothing in it; to be copied."""
    home = tmp_path_factory.mktemp("bare")
    (home / "mailstead.toml").write_text('hostname = "mx.example.net"\n')
    for part in ("control", "secrets", "log"):
        (home / part).mkdir()
    subprocess.run([sys.executable, "-c", _MIGRATE, str(home)], check=True, capture_output=True)
    return home


@pytest.fixture(scope="session")
def filled_home(bare_home: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A server, a customer and a domain; to be copied."""
    home = tmp_path_factory.mktemp("filled")
    shutil.copytree(bare_home, home, dirs_exist_ok=True)
    ok(home, "server", "add", "node1", "--hostname", "mx.example.net")
    ok(home, "customer", "add", "Ann")
    ok(home, "domain", "add", "a.example", "--customer", "Ann", "--no-dkim")
    return home


@pytest.fixture
def home(filled_home: Path, tmp_path: Path) -> Path:
    """An instance with a database and no processes."""
    shutil.copytree(filled_home, tmp_path, dirs_exist_ok=True)
    return tmp_path
