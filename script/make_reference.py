"""Write docs/reference/{cli,settings,exit-codes}.md from the source; `--check` only compares.

The command line's page is made from the commands themselves, the settings' page from the fields of
`config.py` with the docstring below each, the exit codes' page from `cli/session.py`.
"""

from __future__ import annotations

import ast
import sys
import tempfile
from pathlib import Path

import typer
from typer.core import TyperArgument, TyperCommand, TyperGroup, TyperOption

from mailstead.cli.main import application
from mailstead.cli.session import EXIT_CODES
from mailstead.config import name_home

ROOT = Path(__file__).resolve().parent.parent
REFERENCE = ROOT / "docs" / "reference"
CONFIG = ROOT / "src" / "mailstead" / "config.py"
_GENERATED = "<!-- Made by script/make_reference.py; do not edit. -->"


def _usage(name: str, command: TyperCommand | TyperGroup) -> str:
    words = [name]
    for parameter in command.params:
        if isinstance(parameter, TyperArgument):
            shown = (parameter.metavar or parameter.name or "").upper()
            words.append(shown if parameter.required else f"[{shown}]")
    if any(isinstance(p, TyperOption) and not p.hidden for p in command.params):
        words.append("[options]")
    return " ".join(words)


def _option(option: TyperOption) -> str:
    names = ", ".join(f"`{n}`" for n in [*option.opts, *option.secondary_opts])
    kind = "" if option.is_flag else f" {max(option.opts, key=len).strip('-').upper()}"
    repeat = " (repeatable)" if option.multiple else ""
    return f"- {names}{kind}{repeat}: {' '.join((option.help or '').split())}"


def _commands(name: str, command: TyperCommand | TyperGroup) -> list[str]:
    if isinstance(command, TyperGroup):
        lines: list[str] = []
        if name != "mailstead":
            lines += [f"## {name}", "", " ".join((command.help or "").split()), ""]
        for part, below in sorted(
            command.commands.items(), key=lambda item: isinstance(item[1], TyperGroup)
        ):
            lines += _commands(f"{name} {part}", below)
        return lines
    lines = [f"### `{_usage(name, command)}`", "", " ".join((command.help or "").split()), ""]
    options = [p for p in command.params if isinstance(p, TyperOption) and not p.hidden]
    lines += [_option(option) for option in options]
    return [*lines, ""] if options else lines


def cli() -> str:
    """Every command with its arguments and options."""
    root = typer.main.get_command(application())
    lines = [
        _GENERATED,
        "",
        "# Command line",
        "",
        "Two options go with every command, before or behind it: `--home DIR` names the instance",
        "(else `MAILSTEAD_HOME`, else `/var/lib/mailstead`), `--json` prints JSON for programs.",
        "",
        "With `--server https://panel.example.com` a command asks that server's API instead of",
        "this machine, with the token of `--token-file FILE` (`--token -` reads it from standard",
        "input, `--token TEXT` shows it to everybody on this machine). `--ca FILE` names the",
        "certificate to trust where the system does not know it. For the nouns server (its nodes),",
        "customer, domain, mailbox, app-password, spam, rules, forwarder, catchall, autoresponder,",
        "address, audit and `queue list`.",
        "",
        "Passwords are asked for or read from standard input, never taken from the command line.",
        "Exit codes: [exit-codes.md](exit-codes.md).",
        "",
        *_commands("mailstead", root),
    ]
    return "\n".join(lines).rstrip() + "\n"


def _fields(node: ast.ClassDef) -> list[tuple[str, str, str]]:
    """Name, default and words of each field of a class."""
    found: list[tuple[str, str, str]] = []
    for item, following in zip(node.body, [*node.body[1:], None], strict=True):
        if not isinstance(item, ast.AnnAssign) or not isinstance(item.target, ast.Name):
            continue
        words = ""
        if isinstance(following, ast.Expr) and isinstance(following.value, ast.Constant):
            words = " ".join(str(following.value.value).split())
        found.append((item.target.id, ast.unparse(item.value) if item.value else "", words))
    return found


def settings() -> str:
    """Every setting, by section of the file."""
    tree = ast.parse(CONFIG.read_text(encoding="utf-8"))
    classes = {n.name: n for n in tree.body if isinstance(n, ast.ClassDef)}
    top = _fields(classes["Settings"])
    lines = [
        _GENERATED,
        "",
        "# Settings",
        "",
        "`mailstead.toml` in the instance's home; `mailstead up` makes it at the first start and",
        "brings a change into effect. A wrong value stops the start with one sentence.",
        "",
        "| setting | default | meaning |",
        "|---|---|---|",
    ]
    sections = {default.removesuffix("()"): name for name, default, _ in top if "()" in default}
    lines += [f"| `{n}` | `{d}` | {w} |" for n, d, w in top if "()" not in d and n != "home"]
    for kind, name in sections.items():
        node = classes[kind]
        lines += ["", f"## [{name}]", "", ast.get_docstring(node) or "", ""]
        lines += ["| setting | default | meaning |", "|---|---|---|"]
        lines += [f"| `{n}` | `{d}` | {w} |" for n, d, w in _fields(node)]
    return "\n".join(lines) + "\n"


def exit_codes() -> str:
    """What the number with which a command ends says."""
    lines = [_GENERATED, "", "# Exit codes", "", "| code | meaning |", "|---|---|"]
    lines += [f"| {code} | {words} |" for code, words in EXIT_CODES.items()]
    return "\n".join(lines) + "\n"


def main() -> int:
    """Write or compare; exit code 1 when `--check` finds a page out of date."""
    with tempfile.TemporaryDirectory() as nowhere:
        name_home(Path(nowhere), django_settings="mailstead.control.project.settings")
        pages = {"cli.md": cli(), "settings.md": settings(), "exit-codes.md": exit_codes()}
    stale = False
    for name, text in pages.items():
        path = REFERENCE / name
        if "--check" in sys.argv[1:]:
            if not path.exists() or path.read_text(encoding="utf-8") != text:
                print(f"{path.relative_to(ROOT)} is out of date: run 'make reference'.")
                stale = True
        else:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
    return int(stale)


if __name__ == "__main__":
    sys.exit(main())
