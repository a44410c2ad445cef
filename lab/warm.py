"""`python -m lab.warm`: the `mailstead` command with its imports done, forked for each use.

Reads one JSON line a command (`{"argv": [...], "stdin": "..."}`), forks a child that runs the real
command line in a process of its own, and answers with one JSON line
(`{"code": 0, "out": "...", "err": "..."}`). Only the imports are shared.
"""

from __future__ import annotations

import json
import os
import pkgutil
import sys
import tempfile
from importlib import import_module


def preload() -> None:
    """Import what every command needs; nothing here opens a file or a database."""
    import_module("mailstead.cli.main")
    package = import_module("mailstead.cli")
    for module in pkgutil.iter_modules(package.__path__):
        import_module(f"mailstead.cli.{module.name}")
    if os.environ.get("DJANGO_SETTINGS_MODULE"):
        import_module("django").setup()


def serve() -> None:
    """Answer commands until the end of the input."""
    preload()
    for line in sys.stdin:
        request = json.loads(line)
        print(json.dumps(_answer(request["argv"], request["stdin"])), flush=True)


def _answer(argv: list[str], text: str) -> dict[str, str | int]:
    with (
        tempfile.TemporaryFile("w+", encoding="utf-8") as stdin,
        tempfile.TemporaryFile("w+", encoding="utf-8", errors="replace") as out,
        tempfile.TemporaryFile("w+", encoding="utf-8", errors="replace") as err,
    ):
        stdin.write(text)
        stdin.seek(0)
        pid = os.fork()
        if pid == 0:
            for number, file in enumerate((stdin, out, err)):
                os.dup2(file.fileno(), number)
            _become(argv)
        _, status = os.waitpid(pid, 0)
        out.seek(0)
        err.seek(0)
        code = os.waitstatus_to_exitcode(status)
        return {"code": code, "out": out.read(), "err": err.read()}


def _become(argv: list[str]) -> None:
    """Run the command line as its entry point would, then end without running parent's clean-up."""
    sys.argv = ["mailstead", *argv]
    code: object = 1
    try:
        code = import_module("mailstead.cli.main").main()
    except SystemExit as end:
        code = end.code
        if isinstance(code, str):
            print(code, file=sys.stderr)
            code = 1
    except BaseException:  # noqa: BLE001 - what the interpreter itself would do: a trace, exit 1
        sys.excepthook(*sys.exc_info())
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code if isinstance(code, int) else 0 if code is None else 1)


if __name__ == "__main__":
    serve()
