"""Every command that a document shows is one that can be typed."""

from __future__ import annotations

import re
import shlex
from functools import cache
from pathlib import Path

import pytest
import typer
from typer.core import TyperCommand, TyperGroup, TyperOption

from mailstead.cli.main import application

ROOT = Path(__file__).resolve().parents[2]
DOCUMENTS = [ROOT / "README.md", ROOT / "CHANGELOG.md", *sorted(ROOT.glob("docs/**/*.md"))]
GLOBAL = {"--home", "--json", "--version", "--help"}


def shown_commands(path: Path) -> list[str]:
    """What follows `mailstead ` in a code block or between backticks, comments left out."""
    text = path.read_text(encoding="utf-8")
    found = []
    for block in re.findall(r"```sh\n(.*?)```", text, re.DOTALL):
        lines = block.replace("\\\n", " ").splitlines()
        found += [line.split("#")[0] for line in lines]
    prose = re.sub(r"```.*?```", "", text, flags=re.DOTALL)
    found += re.findall(r"`([^`\n]+)`", prose)
    commands = [re.search(r"(?:^|\| )mailstead ([a-z-].*)", words) for words in found]
    return [match[1].strip() for match in commands if match]


@cache
def whole_command() -> TyperCommand | TyperGroup:
    """The command with all its nouns, put together once."""
    return typer.main.get_command(application())


def complaint(words: list[str]) -> str:
    """What is wrong with a command; empty: nothing."""
    command = whole_command()
    rest = [word for word in words if word not in GLOBAL]
    while isinstance(command, TyperGroup) and rest:
        name = rest.pop(0)
        if name not in command.commands:
            return f"there is no '{name}'"
        command = command.commands[name]
    options = {
        name
        for parameter in command.params
        if isinstance(parameter, TyperOption)
        for name in [*parameter.opts, *parameter.secondary_opts]
    }
    unknown = {word for word in rest if word.startswith("--")} - options
    return f"there is no {' '.join(sorted(unknown))}" if unknown else ""


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_a_documented_command_exists(path: Path) -> None:
    wrong = {
        shown: said
        for shown in shown_commands(path)
        if (said := complaint(shlex.split(shown.replace("…", ""))))
    }
    assert not wrong


def test_a_command_that_is_none_would_be_found() -> None:
    assert complaint(["mailbox", "add", "a@b.example", "--quota", "5G", "--json"]) == ""
    assert complaint(["mailbox", "ad"]) == "there is no 'ad'"
    assert complaint(["customer", "add", "x", "--mailbox-limit", "5"]) == (
        "there is no --mailbox-limit"
    )
