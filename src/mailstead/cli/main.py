"""The `mailstead` command: its nouns, and what happens to an error."""

from __future__ import annotations

import sys
import traceback
from datetime import UTC, datetime
from importlib import import_module
from pathlib import Path

import typer
from typer.exceptions import TyperException

from mailstead import __version__
from mailstead.cli.remote.connect import connect
from mailstead.cli.session import (
    AWAY,
    DEFECT,
    INTERRUPTED,
    OK,
    REFUSED,
    SESSION,
    Unreachable,
    shown,
)
from mailstead.mailplane.node.away import Away
from mailstead.standards.refusal import Refusal

_NOUNS = (
    *("server", "customer", "person", "domain", "dns", "zone", "mailbox", "forwarder", "catchall"),
    *("autoresponder", "app-password", "rules", "spam", "sending", "hostname", "certificate"),
    *("address", "directory", "delivery", "queue", "report", "suppression", "reputation"),
    *("sending-address", "guard", "breached", "audit", "service", "complaint", "move"),
)
"""In the order of the help; each is a module beside this one."""
_ELSEWHERE = {"complaint": ("suppression", "complaint")}
"""A noun that shares another's module, and its name there."""


def application(word: str = "") -> typer.Typer:
    """The command. With its first word only what that needs: to load all takes half a second."""
    app = typer.Typer(
        no_args_is_help=True,
        add_completion=False,
        rich_markup_mode=None,
        pretty_exceptions_enable=False,
        help="Run an email hosting company. Options --home DIR and --json go with every command; "
        "--server URL with --token-file FILE asks another machine's API instead of this one.",
    )
    if word not in _NOUNS:
        from mailstead.cli import export, instance

        instance.register(app)
        export.register(app)
        if any(word == command.name for command in app.registered_commands):
            return app
    for noun in (word,) if word in _NOUNS else _NOUNS:
        module, name = _ELSEWHERE.get(noun, (noun.replace("-", "_"), "app"))
        app.add_typer(getattr(import_module(f"mailstead.cli.{module}"), name), name=noun)
    return app


_WITH_VALUE = ("--home", "--token", "--token-file", "--ca")


def _global_options(arguments: list[str]) -> list[str]:
    """Take `--home`, `--json`, `--server URL` and the like out of the arguments, wherever they
    stand. A `--server` without a web address is the command's own: the name of a node."""
    rest: list[str] = []
    given: dict[str, str] = {}
    waiting = list(reversed(arguments))
    while waiting:
        word = waiting.pop()
        name, equals, value = word.partition("=")
        following = value if equals else (waiting[-1] if waiting else "")
        if word == "--":
            rest += [word, *reversed(waiting)]
            break
        if word == "--json":
            SESSION.json = True
        elif name in _WITH_VALUE or (name == "--server" and "://" in following):
            if not following:
                what = "directory" if name == "--home" else "value"
                code = f"{name.strip('-')}-missing"
                raise Refusal(code, f"{name} needs a {what}.", remedy="Give one.")
            given[name] = following
            if not equals:
                waiting.pop()
        else:
            rest.append(word)
    if "--home" in given:
        SESSION.home = Path(given["--home"]).absolute()
    connect(given, rest)
    return rest


def _refused(refusal: Refusal) -> int:
    print(f"mailstead: {refusal.sentence}", file=sys.stderr)
    return REFUSED


def _defect(error: Exception) -> int:
    """A defect: one sentence on the screen, the trace in a file."""
    folder = SESSION.home / "log"
    place = ""
    if folder.is_dir():
        path = folder / f"defect-{datetime.now(UTC):%Y%m%dT%H%M%S}.txt"
        try:
            path.write_text("".join(traceback.format_exception(error)), encoding="utf-8")
            place = f" The details are in {path}."
        except OSError:
            place = ""
    words = " ".join(str(error).split())[:200]
    print(
        f"mailstead: this failed by a defect ({type(error).__name__}: {words}).{place}",
        file=sys.stderr,
    )
    return DEFECT


def run(arguments: list[str]) -> int:
    """Run one command; returns its exit code."""
    try:
        rest = _global_options(arguments)
        if rest == ["--version"]:
            print(f"mailstead {__version__}")
            return OK
        result = application(rest[0] if rest else "")(rest, standalone_mode=False)
        return result if isinstance(result, int) else OK
    except Refusal as refusal:
        return _refused(refusal)
    except Unreachable as away:
        print(f"mailstead: {shown(away)}", file=sys.stderr)
        return AWAY
    except Away:
        print("mailstead: the control plane does not answer; run 'mailstead up'.", file=sys.stderr)
        return AWAY
    except typer.Exit as leaving:
        return leaving.exit_code
    except TyperException as wrong:
        print(f"mailstead: {wrong.format_message()} (--help shows how)", file=sys.stderr)
        return REFUSED
    except (KeyboardInterrupt, typer.Abort):
        print("mailstead: interrupted", file=sys.stderr)
        return INTERRUPTED
    except BrokenPipeError:
        sys.stderr.close()
        return OK
    except Exception as error:
        return _defect(error)


def main() -> None:
    """Entry point of the command."""
    sys.exit(run(sys.argv[1:]))
