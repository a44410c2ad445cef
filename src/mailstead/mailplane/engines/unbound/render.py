"""unbound's file from the model."""

from __future__ import annotations

import ipaddress
from pathlib import Path

from mailstead.home import Home
from mailstead.mailplane.engines.files import File
from mailstead.mailplane.engines.unbound.model import SYSTEM_HINTS, UnboundModel
from mailstead.standards.refusal import Refusal

USER = "unbound"


def config_file(home: Home) -> Path:
    """Where unbound.conf of the instance is."""
    return home.unbound / "unbound.conf"


def _address(text: str) -> str:
    host, _, port = text.partition("@")
    try:
        checked = str(ipaddress.ip_address(host))
    except ValueError as error:
        raise Refusal(
            "settings-invalid",
            f"dns.forward_to: {text!a} is not an IP address.",
            remedy="Give addresses such as 192.0.2.53, or 192.0.2.53@5353 with a port.",
        ) from error
    return f"{checked}@{int(port)}" if port.isdigit() else checked


def render(model: UnboundModel) -> list[File]:
    """All files of this unbound; raises `Refusal` for what is no address."""
    hints = Path(model.root_hints) if model.root_hints else SYSTEM_HINTS
    # Without the package dns-root-data unbound uses the hints that it was built with.
    hints_line = f'  root-hints: "{hints}"\n' if model.root_hints or hints.exists() else ""
    anchor = f'  auto-trust-anchor-file: "{model.home.unbound}/root.key"\n'
    modules = "validator iterator" if model.validate else "iterator"
    text = f"""\
# Made by Mailstead from its settings; changes here are overwritten.
server:
  directory: "{model.home.unbound}"
  chroot: ""
  username: "{USER}"
  pidfile: ""
  use-syslog: no
  logfile: "{model.home.log}/unbound.log"
  do-daemonize: no
  # The node itself is the only client.
  interface: 127.0.0.1
  port: {model.port}
  access-control: 127.0.0.0/8 allow
  # The lab and many nodes have private addresses to ask.
  do-not-query-localhost: no
  hide-identity: yes
  hide-version: yes
  num-threads: 1
  # A mail node asks for few names again and again.
  msg-cache-size: 8m
  rrset-cache-size: 16m
  # Blocklists are asked with the full name: privacy is not at stake, answers are.
  qname-minimisation: yes
  # A name that is about to expire is fetched anew before a message has to wait for it.
  prefetch: yes
  module-config: "{modules}"
{hints_line}{anchor if model.validate else ""}remote-control:
  control-enable: no
"""
    if model.forward_to:
        lines = "".join(f"  forward-addr: {_address(a)}\n" for a in model.forward_to)
        text += f'forward-zone:\n  name: "."\n{lines}'
    return [File(config_file(model.home), text)]
