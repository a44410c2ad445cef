"""Where old panels' host names and ports lead, as a file of its own: it changes while nginx runs.

A visitor is sent to the panel or to webmail by what they asked for: first by the path, then by the
port, then by the name. The answer is 302 and not 308, so that a password that was posted to the
old address is not sent on.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path

from mailstead.home import Home
from mailstead.mailplane.engines.files import File
from mailstead.mailplane.engines.nginx.model import NginxModel
from mailstead.mailplane.engines.nginx.parts import challenges, listen
from mailstead.standards.refusal import Refusal

LOG = "nginx-redirects.log"
PORTS: dict[int, bool] = {
    2082: False,
    2083: True,
    2086: False,
    2087: True,
    2095: False,
    2096: True,
    2222: True,
}
"""cPanel's, WHM's, cPanel's webmail's and DirectAdmin's, and whether TLS is spoken there; plain
HTTP is answered at those too."""
_WEBMAIL_PORTS = (2095, 2096)
_WEBMAIL_PATHS = ("webmail", "roundcube")
_PANEL_PATHS = ("cpanel", "whm")
_MARK = "# Old ports: "
_NAME = re.compile(r"(?=.{4,253}\Z)([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z0-9-]{2,63}")
_URL = re.compile(r"https://[a-z0-9.-]{1,253}(:[0-9]{1,5})?/[A-Za-z0-9._/-]{0,200}")


@dataclass(frozen=True)
class OldHost:
    """One host name and the pages of ours to which it leads."""

    name: str
    panel: str
    webmail: str


def path(home: Home) -> Path:
    """Where the file is, while it is needed."""
    return home.nginx / "redirects.conf"


def log(home: Home) -> Path:
    """Where each visit is written: time, host name, `via` (`wire.events.RedirectUsed`)."""
    return home.log / LOG


def file(
    model: NginxModel, hosts: Sequence[OldHost], ports: Collection[int], *, offset: int = 0
) -> File:
    """The file; `ports` are those of `PORTS` that can be had, and `offset` is added to each.

    Raises `Refusal` (`nginx-value-invalid`) for a value that cannot stand in it.
    """
    for one in hosts:
        if not _NAME.fullmatch(one.name) or not all(
            _URL.fullmatch(url) for url in (one.panel, one.webmail)
        ):
            raise Refusal("nginx-value-invalid", "A redirect has a character that cannot stand.")
    used = [port for port in sorted(ports) if port in PORTS]
    return File(path(model.home), _text(model, hosts, used, offset))


def ports_in(text: str) -> list[int]:
    """The old ports that a file asks for."""
    line = next((line for line in text.splitlines() if line.startswith(_MARK)), _MARK)
    return [int(word) for word in line.removeprefix(_MARK).split()]


def _text(model: NginxModel, hosts: Sequence[OldHost], ports: Sequence[int], offset: int) -> str:
    old = [(port, port + offset, " ssl" if PORTS[port] else "") for port in ports]
    strangers = "\n".join(listen(model, there, f"{tls} default_server") for _, there, tls in old)
    listens = "\n".join(
        [
            listen(model, model.http, ""),
            listen(model, model.https, " ssl http2"),
            *(listen(model, there, tls) for _, there, tls in old),
        ]
    )
    numbers = "".join(f"  {there} {port};\n" for port, there, _ in old)
    panels = "".join(f"  {one.name} {one.panel};\n" for one in hosts)
    webmails = "".join(f"  {one.name} {one.webmail};\n" for one in hosts)
    paths = "".join(f"  ~*^/{word}(/|$) /{word};\n" for word in (*_WEBMAIL_PATHS, *_PANEL_PATHS))
    by_path = "".join(f"  /{word} webmail;\n" for word in _WEBMAIL_PATHS)
    by_path += "".join(f"  /{word} panel;\n" for word in _PANEL_PATHS)
    by_port = "".join(
        f"  {port} {'webmail' if port in _WEBMAIL_PORTS else 'panel'};\n" for port in ports
    )
    alone = f"""\
server {{
{strangers}
  server_name _;
  default_type text/plain;
  return 421 "This name is not served here.\\n";
}}
"""
    return f"""\
# Made by Mailstead; changes here are overwritten.
{_MARK}{" ".join(map(str, ports))}
map $server_port $old_port {{
  default "";
{numbers}}}
map $uri $old_path {{
  default "";
{paths}}}
map "$old_port$old_path" $old_via {{
  default "$old_port$old_path";
  "" /;
}}
map $old_path $old_by_path {{
  default "";
{by_path}}}
map $old_port $old_by_port {{
  default "";
{by_port}}}
map $host $old_by_host {{
  default panel;
  ~^(webmail|roundcube)\\. webmail;
}}
map $host $old_panel {{
  default "";
{panels}}}
map $host $old_webmail {{
  default "";
{webmails}}}
# What stands first decides.
map "$old_by_path$old_by_port$old_by_host" $old_page {{
  default $old_panel;
  ~^webmail $old_webmail;
}}
# Browsers and authorities ask for these by themselves.
map $uri $old_counted {{
  default 1;
  ~^/(\\.well-known/|favicon\\.ico$|robots\\.txt$) 0;
}}
log_format redirects '$time_iso8601 $host $old_via';
{alone if old else ""}server {{
{listens}
  server_name {" ".join(one.name for one in hosts)};
  access_log {model.home.log}/nginx-access.log short;
  access_log {log(model.home)} redirects if=$old_counted;
  # An old address may hold a session or a name that is nobody else's business.
  add_header Referrer-Policy no-referrer always;
  add_header X-Content-Type-Options nosniff always;
  add_header Cache-Control no-store always;
  # Plain HTTP at a port for TLS.
  error_page 497 =302 $old_page;
{challenges(model)}
  location / {{
    return 302 $old_page;
  }}
}}
"""
