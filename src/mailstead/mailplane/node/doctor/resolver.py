"""DNS: the engines ask the node's own resolver, not a stranger's."""

from __future__ import annotations

from pathlib import Path

from mailstead.mailplane.engines.files import File, write
from mailstead.mailplane.node.doctor._finding import Context, Finding
from mailstead.standards.refusal import Refusal

FILE = Path("/etc/resolv.conf")


def _servers() -> list[str]:
    lines = FILE.read_text(encoding="utf-8").splitlines() if FILE.exists() else []
    words = [line.split() for line in lines]
    return [word[1] for word in words if len(word) > 1 and word[0] == "nameserver"]


def check(context: Context) -> Finding:
    """`/etc/resolv.conf` names loopback first: blocklists refuse public resolvers."""
    port = context.settings.ports.of("resolver")
    servers = _servers()
    if servers[:1] == ["127.0.0.1"]:
        return Finding("ok", "The machine asks its own resolver.")
    asked = servers[0] if servers else "nobody"
    return Finding(
        "warn",
        f"The machine asks {asked}; blocklists refuse to answer shared resolvers.",
        "Let /etc/resolv.conf name 127.0.0.1."
        if port == 53
        else f"The node's resolver is at port {port}, which /etc/resolv.conf cannot name.",
        mendable=port == 53,
    )


def mend(context: Context) -> None:
    """Name loopback first and keep the others behind it."""
    if FILE.is_symlink():
        raise Refusal(
            "resolv-managed",
            "/etc/resolv.conf is managed by another program.",
            remedy="Tell that program to name 127.0.0.1.",
        )
    rest = "".join(f"nameserver {server}\n" for server in _servers()[:2])
    write([File(FILE, f"nameserver 127.0.0.1\n{rest}options edns0 trust-ad\n")])
