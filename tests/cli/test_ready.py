"""A command that asks the control plane makes it ready first: else it ends by a defect."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import mailstead.cli

FOLDER = Path(mailstead.cli.__file__).parent
Known = dict[tuple[str, str], ast.FunctionDef]


def functions() -> Known:
    """Every function at the top of a module of the command line, by module and name."""
    return {
        (path.stem, node.name): node
        for path in FOLDER.glob("*.py")
        for node in ast.parse(path.read_text(encoding="utf-8")).body
        if isinstance(node, ast.FunctionDef)
    }


def commands(known: Known) -> Iterator[tuple[str, str]]:
    """What Typer was told of, by a decorator or `app.command("name")(function)`."""
    for at, function in known.items():
        if any(".command(" in ast.unparse(one) for one in function.decorator_list):
            yield at
    for path in FOLDER.glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and ".command(" in ast.unparse(node.func) and node.args:
                module, _, name = ast.unparse(node.args[0]).rpartition(".")
                if (at := (module or path.stem, name)) in known:
                    yield at


def called(at: tuple[str, str], known: Known) -> Iterator[tuple[str, str]]:
    """Functions of the command line that one calls: of its module, or of one that it imports."""
    for node in ast.walk(known[at]):
        if isinstance(node, ast.Call):
            module, _, name = ast.unparse(node.func).rpartition(".")
            for other in known:
                if other[1] == name and (not module or other[0] in (module, at[0])):
                    yield other


def makes_ready(at: tuple[str, str], known: Known, seen: frozenset[tuple[str, str]]) -> bool:
    if "SESSION.control()" in ast.unparse(known[at]):
        return True
    more = seen | {at}
    return any(makes_ready(o, known, more) for o in called(at, known) if o not in more)


def asks(function: ast.FunctionDef) -> bool:
    modules = [n.module or "" for n in ast.walk(function) if isinstance(n, ast.ImportFrom)]
    return any(m.startswith(("mailstead.control", "mailstead.cli.door")) for m in modules)


def test_every_command_that_asks_makes_ready() -> None:
    known = functions()
    asking = {at for at in commands(known) if asks(known[at])}
    assert len(asking) > 60
    assert not [at for at in sorted(asking) if not makes_ready(at, known, frozenset())]
