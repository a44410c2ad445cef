"""Options that several commands share."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

Search = Annotated[str, typer.Option("--search", help="Only what contains this text.")]
Limit = Annotated[int, typer.Option("--limit", help="Rows of one page.")]
After = Annotated[str, typer.Option("--after", help="Cursor that the page before has printed.")]
Generate = Annotated[bool, typer.Option("--generate", help="Make a random password, show it.")]
PasswordStdin = Annotated[
    bool, typer.Option("--password-stdin", help="Read the password from standard input.")
]
HashStdin = Annotated[
    bool, typer.Option("--hash-stdin", help="Read an imported hash from standard input.")
]
Removed = Annotated[
    bool, typer.Option("--removed", help="Those within their grace period instead.")
]
Reason = Annotated[str, typer.Option("--reason", help="Why; told to whom it concerns.")]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Only say what would happen.")]
Refused = Annotated[
    Path | None, typer.Option("--refused", help="Write the refused rows to this CSV file.")
]
