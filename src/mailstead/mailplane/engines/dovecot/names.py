"""Which certificate Dovecot shows for which name, as a file of its own: it changes while it runs.

Dovecot's `config` process holds the settings, certificates included. It reads its files anew when
it is asked to (`control.read_names`), without anything else noticing. A log-in process would
remember what it was once told, except where an answer depends on the client's address; the blocks
`remote` below, which change nothing, make every answer such a one, so each connection asks. It asks
for a name only where a block `local_name` existed when the process began; the patterns below, which
change nothing either, stand for all names to come.
"""

from __future__ import annotations

from pathlib import Path

from mailstead.home import Home
from mailstead.mailplane.engines.dovecot.model import DovecotModel

EVERYWHERE = ("0.0.0.0/1", "128.0.0.0/1", "::/1", "8000::/1")
"""All addresses; a block for `0.0.0.0/0` does not count as one that depends on the address."""
LONGEST = 48
"""Characters after the second dot of a name that is known without a restart."""
_SAME = "  ssl_prefer_server_ciphers = yes\n"
_SAME_EVERYWHERE = "  login_trusted_networks =\n"
"""What dovecot.conf says anyway, for a block must hold something; two settings, because the same
one in both kinds of blocks is a conflict that ends the log-in processes."""


def file(home: Home) -> Path:
    """Where the file is."""
    return home.dovecot / "names.conf"


def text(model: DovecotModel) -> str:
    """The file's text."""
    remotes = "".join(f"remote {net} {{\n{_SAME_EVERYWHERE}}}\n" for net in EVERYWHERE)
    # A question mark stands for one character, a star for one label (dns_match_wildcard).
    patterns = (f"*.*.{'?' * length}" for length in range(2, LONGEST + 1))
    to_come = "".join(f"local_name {pattern} {{\n{_SAME}}}\n" for pattern in patterns)
    names = "".join(
        f"local_name {one.name} {{\n  ssl_cert = <{one.chain}\n  ssl_key = <{one.key}\n}}\n"
        for one in model.names
    )
    return f"# Made by Mailstead; changes here are overwritten.\n{remotes}{to_come}{names}"
