"""What several servers of nginx's file have in common."""

from __future__ import annotations

from mailstead.mailplane.engines.nginx.model import NginxModel


def listen(model: NginxModel, port: int, words: str) -> str:
    """The lines with which a server takes a port."""
    lines = [f"    listen {port}{words};"]
    if model.ipv6:
        lines.append(f"    listen [::]:{port}{words};")
    return "\n".join(lines)


def challenges(model: NginxModel) -> str:
    """The place where an authority looks."""
    return f"""\
    # An authority asks here whether the name is ours (RFC 8555, 8.3), for whatever name.
    location ^~ /.well-known/acme-challenge/ {{
      root {model.home.challenges};
      default_type text/plain;
      try_files $uri =404;
    }}"""
