"""nginx's file from the model; the only place that escapes for nginx."""

from __future__ import annotations

import re
from pathlib import Path

from mailstead.home import Home
from mailstead.mailplane.engines.files import File
from mailstead.mailplane.engines.nginx.model import NginxModel
from mailstead.standards.refusal import Refusal

USER = "www-data"
_NAME = re.compile(r"[a-z0-9.-]+")
_PATH = re.compile(r"[A-Za-z0-9._+/-]*")
LARGEST = "16m"
"""A request's body; as much as Django takes."""


def config_file(home: Home) -> Path:
    """Where nginx.conf of the instance is."""
    return home.nginx / "nginx.conf"


def _checked(model: NginxModel) -> None:
    for name in model.hostnames:
        if not _NAME.fullmatch(name):
            raise Refusal("nginx-value-invalid", "A host name has a character that is none.")
    if not _PATH.fullmatch(str(model.home.root)):
        raise Refusal(
            "nginx-value-invalid",
            "The home's path has a character that cannot stand in nginx's file.",
            remedy="Use letters, digits and . _ + / - only.",
        )


def _listen(model: NginxModel, port: int, words: str) -> str:
    lines = [f"    listen {port}{words};"]
    if model.ipv6:
        lines.append(f"    listen [::]:{port}{words};")
    return "\n".join(lines)


_SECURITY = """\
      add_header Strict-Transport-Security "max-age=31536000" always;
      add_header X-Content-Type-Options nosniff always;
      add_header Referrer-Policy same-origin always;
"""


def render(model: NginxModel) -> list[File]:
    """All files of this nginx; raises `Refusal` when a value cannot stand in them."""
    _checked(model)
    home = model.home
    return [
        File(config_file(home), _main(model)),
        File(home.nginx / "pages" / "away.html", _page(_AWAY)),
        File(home.nginx / "pages" / "large.html", _page(_LARGE)),
    ]


def _main(model: NginxModel) -> str:
    home = model.home
    names = " ".join(model.hostnames)
    port = "" if model.https == 443 else f":{model.https}"
    return f"""\
# Made by Mailstead from its settings; changes here are overwritten.
daemon off;
user {USER};
# Little is done here: one worker serves thousands of connections.
worker_processes 1;
pid {home.run}/nginx.pid;
error_log {home.log}/nginx.log warn;
events {{
  worker_connections 2048;
}}
http {{
  include /etc/nginx/mime.types;
  default_type application/octet-stream;
  # Not the query: links in mails carry their secret in the path or the query.
  log_format short '$time_iso8601 $remote_addr $request_method $host $log_path $status '
                   '$body_bytes_sent $request_time $request_id';
  # The path of a link by which somebody is let in is a secret too.
  map $uri $log_path {{
    default $uri;
    ~^(/welcome/|/recover/|/account/password/reset/key/) $1...;
  }}
  access_log {home.log}/nginx-access.log short;
  server_tokens off;
  sendfile on;
  tcp_nopush on;
  keepalive_timeout 30s;
  client_max_body_size {LARGEST};
  client_body_temp_path {home.nginx}/tmp/body;
  proxy_temp_path {home.nginx}/tmp/proxy;
  fastcgi_temp_path {home.nginx}/tmp/fastcgi;
  uwsgi_temp_path {home.nginx}/tmp/uwsgi;
  scgi_temp_path {home.nginx}/tmp/scgi;
  client_header_timeout 15s;
  client_body_timeout 30s;
  send_timeout 30s;
  limit_conn_zone $binary_remote_addr zone=client:1m;
  limit_conn client 100;
  limit_conn_status 429;
  gzip on;
  gzip_vary on;
  gzip_min_length 1000;
  # Not what is signed in for: compressed secrets beside chosen text leak (BREACH).
  gzip_types text/css text/javascript application/javascript image/svg+xml;
  gzip_proxied off;
  ssl_certificate {home.certificate};
  ssl_certificate_key {home.certificate_key};
  # RFC 8996 retired the older ones.
  ssl_protocols TLSv1.2 TLSv1.3;
  ssl_session_cache shared:tls:2m;
  ssl_session_timeout 1d;
  ssl_session_tickets off;

  # Every name that is not ours, and requests without one.
  server {{
{_listen(model, model.http, " default_server")}
{_listen(model, model.https, " ssl http2 default_server")}
    server_name _;
    location / {{
      default_type text/plain;
      return 421 "This name is not served here.\\n";
    }}
  }}
  server {{
{_listen(model, model.http, "")}
    server_name {names};
    # $host is one of the names above, or this server would not have been chosen.
    return 308 https://$host{port}$request_uri;
  }}
  server {{
{_listen(model, model.https, " ssl http2")}
    server_name {names};
    error_page 502 503 504 /away.html;
    error_page 413 /large.html;
    location = /away.html {{
      internal;
      root {home.nginx}/pages;
{_SECURITY}    }}
    location = /large.html {{
      internal;
      root {home.nginx}/pages;
{_SECURITY}    }}
    location /static/ {{
      alias {home.static}/;
{_SECURITY}      add_header Cache-Control "public, max-age=300" always;
      # Names with a hash never change what they mean.
      location ~ "\\.[0-9a-f]{{12}}\\.[a-z0-9]+$" {{
        root {home.root};
{_SECURITY}        add_header Cache-Control "public, max-age=31536000, immutable" always;
      }}
    }}
    location / {{
      proxy_pass http://unix:{home.panel_socket};
      proxy_http_version 1.1;
      proxy_set_header Connection "";
      proxy_set_header Host $host{port};
      # Overwritten, never added to: what the client says about itself is not believed.
      proxy_set_header X-Real-IP $remote_addr;
      proxy_set_header X-Forwarded-For $remote_addr;
      proxy_set_header X-Forwarded-Proto https;
      proxy_set_header X-Forwarded-Host "";
      proxy_set_header Forwarded "";
      proxy_set_header X-Request-ID $request_id;
      proxy_read_timeout 60s;
      proxy_connect_timeout 3s;
    }}
  }}
}}
"""


_AWAY = (
    "The panel is away for a moment",
    "Mail is received, sent and read as always. Try again in a minute.",
)
_LARGE = ("This is too large", "A file may have 16 MB at most. Make it smaller or split it.")


def _page(words: tuple[str, str]) -> str:
    title, text = words
    return f"""\
<!doctype html>
<html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<meta name="color-scheme" content="light dark"><title>{title}</title>
<h1>{title}</h1>
<p>{text}</p>
</html>
"""
