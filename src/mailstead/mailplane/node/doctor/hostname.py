"""The host's name: receivers look it up and compare it with the address."""

from __future__ import annotations

import socket

from mailstead.mailplane.node.doctor._finding import Context, Finding, no_mend


def check(context: Context) -> Finding:
    """The name is a real one, and resolves."""
    name = context.settings.hostname or socket.getfqdn()
    if "." not in name or name.endswith((".invalid", ".local", ".localdomain")):
        return Finding(
            "fail",
            f"The host's name {name} is not one of the public DNS.",
            "Set hostname in mailstead.toml, with an address record and a matching reverse record.",
        )
    try:
        addresses = {info[4][0] for info in socket.getaddrinfo(name, 25)}
    except OSError:
        return Finding("fail", f"{name} does not resolve.", "Publish its address records.")
    for address in sorted(str(item) for item in addresses):
        try:
            back = socket.gethostbyaddr(address)[0].lower()
        except OSError:
            return Finding("warn", f"{address} has no reverse record.", f"Let it name {name}.")
        if back != name.lower():
            return Finding("warn", f"{address} is named {back}.", f"Let it name {name}.")
    return Finding("ok", f"{name} resolves, and its addresses name it.")


mend = no_mend
