"""The house rules that a tool can hold: words, sizes, borders and generated pages."""

from __future__ import annotations

import ast
import re
import statistics
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
SOURCE = ROOT / "src" / "mailstead"
MODULES = sorted(p for p in SOURCE.rglob("*.py") if "migrations" not in p.parts)

# Borders: the outermost frame of a process or a request, where any defect is turned into one
# sentence and a trace in a log. Elsewhere a defect stays loud.
BORDERS = {
    "cli/main.py",
    "control/feed/views.py",
    "control/project/worker.py",
    "mailplane/guard/content.py",
    "mailplane/guard/server.py",
    "mailplane/node/agent.py",
}
# The environment is read in one place; children's environments are composed, not read.
ENVIRONMENT = {"config.py", "control/project/settings.py"}


def name_of(path: Path) -> str:
    return str(path.relative_to(SOURCE))


def code_lines(path: Path) -> int:
    """Lines that are neither blank nor comment."""
    lines = (line.strip() for line in path.read_text(encoding="utf-8").splitlines())
    return sum(1 for line in lines if line and not line.startswith("#"))


def nodes(path: Path) -> Iterator[ast.AST]:
    yield from ast.walk(ast.parse(path.read_text(encoding="utf-8")))


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_every_module_says_what_it_is_for(path: Path) -> None:
    docstring = ast.get_docstring(ast.parse(path.read_text(encoding="utf-8")))
    assert docstring, f"{name_of(path)} has no docstring"
    assert re.search(r"[.:]", docstring), f"{name_of(path)}: the first sentence does not end"


def test_files_stay_small() -> None:
    sizes = sorted(code_lines(p) for p in MODULES if p.name != "__init__.py")
    too_long = [name_of(p) for p in MODULES if code_lines(p) > 800]
    assert not too_long
    assert statistics.median(sizes) <= 150
    assert sizes[int(len(sizes) * 0.9)] <= 360


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_only_borders_catch_everything(path: Path) -> None:
    if name_of(path) in BORDERS:
        return
    for node in nodes(path):
        if isinstance(node, ast.ExceptHandler):
            caught = ast.unparse(node.type) if node.type else ""
            assert caught not in ("", "Exception", "BaseException"), f"line {node.lineno}"


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_no_hidden_flows(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert "@receiver" not in text
    assert "threading.local" not in text
    for node in nodes(path):
        if isinstance(node, ast.keyword) and node.arg == "shell":
            raise AssertionError(f"a shell is used in line {node.value.lineno}")
        if isinstance(node, ast.Attribute) and node.attr in ("environ", "getenv", "putenv"):
            assert name_of(path) in ENVIRONMENT, f"line {node.lineno}"


@pytest.mark.parametrize(
    "path", [p for p in MODULES if name_of(p).startswith("control/")], ids=name_of
)
def test_rows_are_written_by_services_only(path: Path) -> None:
    parts = name_of(path).split("/")
    if "services" in parts or parts[-1] in ("services.py", "models.py"):
        return
    for node in nodes(path):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            if ast.unparse(node.func.value) == "super()":
                # A form of the log-in library, extended.
                continue
            assert node.func.attr not in ("save", "bulk_create", "update_or_create"), (
                f"line {node.lineno}"
            )


def test_imports_keep_to_the_floors() -> None:
    done = subprocess.run(
        [str(Path(sys.executable).with_name("lint-imports")), "--no-cache"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("script", ["make_house.py", "make_reference.py"])
def test_generated_pages_are_fresh(script: str) -> None:
    done = subprocess.run(
        [sys.executable, str(ROOT / "script" / script), "--check"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("page", sorted(ROOT.glob("docs/**/*.md")), ids=lambda page: page.name)
def test_a_test_that_a_page_names_exists(page: Path) -> None:
    named = re.findall(r"`(tests/[\w/]+\.py)::(\w+)`", page.read_text(encoding="utf-8"))
    missing = [
        f"{path}::{name}"
        for path, name in named
        if f"def {name}(" not in (ROOT / path).read_text(encoding="utf-8")
    ]
    assert not missing


@pytest.mark.parametrize("name", ["requirements.lock", "requirements-dev.lock"])
def test_locks_pin_everything_and_name_no_registry(name: str) -> None:
    text = (ROOT / name).read_text(encoding="utf-8")
    pins = re.findall(r"^[A-Za-z0-9_.\[\]-]+==\S+", text, re.MULTILINE)
    assert len(pins) > 10
    assert text.count("--hash=sha256:") >= len(pins)
    assert "://" not in text
    assert "index-url" not in text


def test_runtime_lock_is_part_of_the_test_lock() -> None:
    def pins(name: str) -> set[str]:
        text = (ROOT / name).read_text(encoding="utf-8")
        return set(re.findall(r"^([A-Za-z0-9_.-]+==\S+)", text, re.MULTILINE))

    assert pins("requirements.lock") <= pins("requirements-dev.lock")
