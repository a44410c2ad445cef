"""Write docs/picture.svg from what `make up` printed, read from standard input.

The picture holds text only; fonts are those of whoever looks at it, so nothing is fetched.
"""

from __future__ import annotations

import io
import re
import sys
from pathlib import Path

from rich.console import Console
from rich.terminal_theme import MONOKAI

TARGET = Path(__file__).resolve().parent.parent / "docs" / "picture.svg"
TITLE = "make up"


def main() -> None:
    """Read the terminal's text, write the picture."""
    console = Console(record=True, width=100, file=io.StringIO(), highlight=False)
    for line in sys.stdin.read().splitlines():
        # Passwords of a demo are still passwords.
        console.print(re.sub(r"(@demo\.example\s+)\S{20}$", r"\1" + "·" * 20, line), markup=False)
    svg = console.export_svg(title=TITLE, theme=MONOKAI)
    svg = re.sub(r"<!--.*?-->\s*", "", svg, flags=re.DOTALL)
    svg = re.sub(r"@font-face \{.*?\}\s*", "", svg, flags=re.DOTALL)
    TARGET.write_text(svg, encoding="utf-8")


if __name__ == "__main__":
    main()
