"""Which certificate nginx shows for which name, as a file of its own: it changes while nginx runs.

The certificate is a path that the worker reads at each handshake. The key is part of the file
instead: with a path the worker, who is not root, would have to be able to read it, while this file
is read by root alone, like a key that stands in nginx.conf.
"""

from __future__ import annotations

from pathlib import Path

from mailstead.home import Home
from mailstead.mailplane.engines.files import File
from mailstead.mailplane.engines.nginx.model import NginxModel
from mailstead.standards.refusal import Refusal

_LARGEST = 3500
"""Characters of one value: nginx takes no more than 4096. A P-256 key has some 250, RSA-4096
3300."""


def path(home: Home) -> Path:
    """Where the file is."""
    return home.nginx / "names.conf"


def file(model: NginxModel) -> File:
    """The file; raises `Refusal` (`nginx-value-invalid`) for a key that cannot stand in it."""
    return File(path(model.home), _text(model), mode=0o600)


def _text(model: NginxModel) -> str:
    home = model.home
    chains = "".join(f"  {one.name} {one.chain};\n" for one in model.names)
    keys = "".join(f'  {one.name} "{_key(one.key)}";\n' for one in model.names)
    return f"""\
# Made by Mailstead; changes here are overwritten.
# $ssl_server_name is what the client asks for, in small letters.
map $ssl_server_name $shown_certificate {{
  default {home.certificate};
{chains}}}
map $ssl_server_name $shown_key {{
  default "{_key(home.certificate_key)}";
{keys}}}
"""


def _key(place: Path) -> str:
    text = place.read_text(encoding="ascii")
    if len(text) > _LARGEST or any(sign in text for sign in '"$\\;{}'):
        raise Refusal(
            "nginx-value-invalid",
            "The key {path} cannot stand in nginx's file.",
            remedy="Use an ECDSA key in PEM, without attributes and without a password.",
            path=str(place),
        )
    return f"data:{text}"
