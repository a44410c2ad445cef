"""The same mailbox on two nodes of ours: doveadm brings to each what only the other has.

doveadm speaks to the other node's doveadm over TLS; both mailboxes are open meanwhile, and mail may
come to either. Repeated rounds leave less and less to do, so that the last one, while delivery to
the old node is held, takes seconds.
"""

from __future__ import annotations

import shutil
from pathlib import Path

from mailstead.home import Home
from mailstead.mailplane.engines.dovecot.control import DOVEADM
from mailstead.mailplane.engines.dovecot.render import config_file
from mailstead.mailplane.engines.processes import run
from mailstead.standards.refusal import Refusal
from mailstead.wire.changes import CopyPut
from mailstead.wire.moves import NodeSource

_SECONDS = 24 * 3600.0
_PARTLY = 2  # EX of doveadm-sync(1): both sides changed meanwhile; another run is needed
_AUTHORITIES = Path("/etc/ssl/certs/ca-certificates.crt")


def bring(home: Home, put: CopyPut, source: NodeSource, side: Path) -> list[str]:
    """Bring both mailboxes to the same; returns what is worth telling.

    Raises `EngineError`, and `Refusal` for a name that cannot stand in doveadm's words.
    """
    authority = source.authority or str(_AUTHORITIES)
    for word in (source.host, source.password, authority):
        if not word or not word.isprintable() or any(sign in word for sign in " \"'\\#%$\n"):
            raise Refusal("copy-node-word", "The other node's name or password cannot be used.")
    own = side / "node.conf"
    # The password stands in a file of root's alone, never among a command's words.
    own.touch(mode=0o600)
    own.write_text(
        f"!include {config_file(home)}\ndoveadm_password = {source.password}\n"
        f"ssl_client_ca_file = {authority}\nmail_fsync = optimized\n",
        encoding="ascii",
    )
    place = f"tcps:{source.host}:{source.port}"
    command = [DOVEADM, "-c", str(own), "sync", "-u", put.address, place]
    try:
        for _ in range(3):
            if run(command, accept=(0, _PARTLY), timeout=_SECONDS).code == 0:
                return []
        return ["Both sides changed while they were compared; the next round brings the rest."]
    finally:
        own.unlink()
        shutil.rmtree(side / "run", ignore_errors=True)
