"""Write docs/HOUSE.md and docs/reference/rfc.md from the source; `--check` only compares.

The road map is each module's own first sentence, and the table of standards is each `RFC n §m`
named in the source: both stay true because a test runs this with `--check`.
"""

from __future__ import annotations

import ast
import re
import sys
from collections import defaultdict
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
SOURCE = ROOT / "src" / "mailstead"
HOUSE = ROOT / "docs" / "HOUSE.md"
RFCS = ROOT / "docs" / "reference" / "rfc.md"
_RFC = re.compile(r"RFC (\d{3,5})(?: (?:§|section )(\d+(?:\.\d+)*))?")
_GENERATED = "<!-- Made by script/make_house.py; do not edit. -->"


def first_sentence(path: Path) -> str:
    """The first sentence of a module's docstring, on one line; empty where there is none."""
    text = ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or ""
    paragraph = " ".join(text.split("\n\n")[0].split())
    found = re.match(r"(.+?[.:!?])(?:\s|$)", paragraph)
    return (found.group(1) if found else paragraph).rstrip(":")


def modules() -> list[Path]:
    """Every module of the source but migrations, in path order."""
    return sorted(p for p in SOURCE.rglob("*.py") if "migrations" not in p.parts)


def house() -> str:
    """The road map: one line a module, by folder."""
    folders: dict[Path, list[Path]] = defaultdict(list)
    for path in modules():
        folders[path.parent].append(path)
    lines = [_GENERATED, "", "# The house", "", "What each module is for, in its own words.", ""]
    for folder in sorted(folders):
        lines.append(f"## {folder.relative_to(SOURCE.parent)}")
        lines.append("")
        init = folder / "__init__.py"
        if init in folders[folder] and first_sentence(init):
            lines += [first_sentence(init), ""]
        lines += [
            f"- `{path.name}`: {first_sentence(path)}" for path in folders[folder] if path != init
        ]
        lines.append("")
    return "\n".join(lines).rstrip() + "\n"


def rfcs() -> str:
    """The table of standards: which section is named in which module."""
    found: dict[tuple[int, str], set[str]] = defaultdict(set)
    for path in modules():
        for number, section in _RFC.findall(path.read_text(encoding="utf-8")):
            found[int(number), section].add(str(path.relative_to(SOURCE)))
    lines = [_GENERATED, "", "# Standards and where they are applied", ""]
    lines += ["| RFC | section | module |", "|---|---|---|"]
    for (number, section), paths in sorted(found.items()):
        names = ", ".join(f"`{path}`" for path in sorted(paths))
        lines.append(f"| {number} | {section or '–'} | {names} |")
    return "\n".join(lines) + "\n"


def main() -> int:
    """Write both pages, or with `--check` say which is stale."""
    pages = {HOUSE: house(), RFCS: rfcs()}
    if "--check" not in sys.argv[1:]:
        for path, text in pages.items():
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
        return 0
    stale = [p for p, text in pages.items() if not p.exists() or p.read_text("utf-8") != text]
    for path in stale:
        print(f"{path.relative_to(ROOT)} is stale: run python script/make_house.py")
    return 1 if stale else 0


if __name__ == "__main__":
    sys.exit(main())
