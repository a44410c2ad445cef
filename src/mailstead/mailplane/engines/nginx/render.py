"""nginx's file from the model; the only place that escapes for nginx."""

from __future__ import annotations

import re
import textwrap
from pathlib import Path

from mailstead.home import Home
from mailstead.mailplane.engines.files import File
from mailstead.mailplane.engines.nginx import names, pages, redirects
from mailstead.mailplane.engines.nginx.model import NginxModel
from mailstead.mailplane.engines.nginx.parts import challenges, listen
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


_SECURITY = """\
add_header Strict-Transport-Security "max-age=31536000" always;
add_header X-Content-Type-Options nosniff always;
add_header Referrer-Policy same-origin always;
"""
# An add_header in a place hides those around it: each place that needs them has them all.


def _secured(indent: int) -> str:
    return textwrap.indent(_SECURITY, " " * indent).lstrip().rstrip()


def render(model: NginxModel) -> list[File]:
    """All files of this nginx; raises `Refusal` when a value cannot stand in them."""
    _checked(model)
    texts = pages.texts()
    return [
        File(config_file(model.home), _main(model)),
        names.file(model),
        *(File(model.home.nginx / "pages" / name, text) for name, text in texts.items()),
    ]


def _main(model: NginxModel) -> str:
    home = model.home
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
  # Room for long names and many of them; must stand before the first map.
  map_hash_bucket_size 512;
  map_hash_max_size 16384;
  server_names_hash_bucket_size 512;
  server_names_hash_max_size 16384;
{_logs(model)}
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
  # For a client that opens connections without end; who guesses passwords is slowed down behind us.
  limit_conn_zone $binary_remote_addr zone=client:1m;
  limit_conn client 100;
  limit_conn_status 429;
  gzip on;
  gzip_vary on;
  gzip_min_length 1000;
  # Not the pages: compressed secrets beside chosen text leak (BREACH). text/html is in every list
  # of types, so the panel's own answers are left out where they are passed on.
  gzip_types text/css text/javascript application/javascript image/svg+xml;
  # By the name that the client asks for, read at each handshake: a renewal needs no reload.
  include {names.path(home)};
  ssl_certificate $shown_certificate;
  ssl_certificate_key $shown_key;
  # RFC 8996 retired the older ones.
  ssl_protocols TLSv1.2 TLSv1.3;
  # Forward secrecy and nothing that is broken; of what is left the client knows its fastest.
  ssl_ciphers ECDHE+AESGCM:ECDHE+CHACHA20;
  ssl_prefer_server_ciphers off;
  ssl_session_cache shared:tls:2m;
  ssl_session_timeout 1d;
  ssl_session_tickets off;
  # What nginx itself has to say is said in our words, to programs as problem+json.
  map $uri $kind {{
    default html;
    ~^/api/ json;
  }}
{_strangers(model)}
{_sent_on(model)}
{_policies(model)}
{_panel(model)}
  # Host names and ports of old panels; a pattern, because the file may not be there.
  include {redirects.path(model.home).with_suffix("")}*.conf;
}}
"""


def _errors(indent: int, *, refused: str = "") -> str:
    """The words for each error; like `_SECURITY`, all of them wherever there is one."""
    missing = f"{refused} 404 =404" if refused else "404"
    lines = (
        f"error_page {pages.BAD_CODES} /.pages/bad.$kind;",
        f"error_page {missing} /.pages/missing.$kind;",
        "error_page 413 /.pages/large.$kind;",
        "error_page 429 /.pages/many.$kind;",
        "error_page 502 503 504 /.pages/away.$kind;",
    )
    return ("\n" + " " * indent).join(lines)


def _logs(model: NginxModel) -> str:
    return f"""\
  # Neither the query nor the Referer: links in mails carry their secret there or in the path.
  log_format short '$time_iso8601 $remote_addr $request_method $host $log_path $status '
                   '$body_bytes_sent $request_time $request_id';
  # The path of a link by which somebody is let in is a secret too.
  map $uri $log_path {{
    default $uri;
    ~^(/welcome/|/recover/|/account/password/reset/key/) $1...;
  }}
  access_log {model.home.log}/nginx-access.log short;"""


def _pages(model: NginxModel) -> str:
    return f"""\
    location ^~ /.pages/ {{
      internal;
      alias {model.home.nginx}/pages/;
      # Looked at again on the way to the page that says "too large".
      client_max_body_size 0;
      types {{
        text/html html;
        application/problem+json json;
      }}
      {_secured(6)}
      add_header Cache-Control no-store always;
    }}"""


def _strangers(model: NginxModel) -> str:
    return f"""\
  # Every name that is not ours, and requests without one.
  server {{
{listen(model, model.http, " default_server")}
{listen(model, model.https, " ssl http2 default_server")}
    server_name _;
    {_errors(4)}
    {_secured(4)}
{_pages(model)}
{challenges(model)}
    location / {{
      default_type text/plain;
      return 421 "This name is not served here.\\n";
    }}
  }}"""


def _port(model: NginxModel) -> str:
    return "" if model.https == 443 else f":{model.https}"


def _sent_on(model: NginxModel) -> str:
    return f"""\
  server {{
{listen(model, model.http, "")}
    server_name {" ".join(model.hostnames)};
{challenges(model)}
    location / {{
      # $host is one of the names above, or this server would not have been chosen.
      return 308 https://$host{_port(model)}$request_uri;
    }}
  }}"""


def _policies(model: NginxModel) -> str:
    """MTA-STS policies at `mta-sts.<domain>`; who reads them asks for nothing else."""
    return f"""\
  server {{
{listen(model, model.http, "")}
{listen(model, model.https, " ssl http2")}
    server_name ~^mta-sts\\.(?<policy_domain>[a-z0-9.-]+)$;
    {_errors(4)}
    {_secured(4)}
{_pages(model)}
{challenges(model)}
    location = /.well-known/mta-sts.txt {{
      proxy_pass http://unix:{model.home.panel_socket}:/policies/mta-sts/$policy_domain/policy.txt;
      proxy_http_version 1.1;
      proxy_set_header Connection "";
      proxy_set_header Host {model.hostnames[0]}{_port(model)};
      proxy_set_header X-Real-IP $remote_addr;
      proxy_set_header X-Forwarded-For $remote_addr;
      proxy_set_header X-Forwarded-Proto https;
      proxy_set_header Cookie "";
      proxy_hide_header Set-Cookie;
      proxy_connect_timeout 3s;
    }}
    location / {{
      return 404;
    }}
  }}"""


def _panel(model: NginxModel) -> str:
    home, port = model.home, _port(model)
    return f"""\
  server {{
{listen(model, model.https, " ssl http2")}
    server_name {" ".join(model.hostnames)};
    {_errors(4)}
    # Plain HTTP at the port for HTTPS.
    error_page 497 =308 https://$host{port}$request_uri;
{_pages(model)}
    location ^~ /static/ {{
      alias {home.static}/;
      {_errors(6, refused="403")}
      {_secured(6)}
      add_header Cache-Control "public, max-age=300";
      # Names with a hash never change what they mean.
      location ~ "\\.[0-9a-f]{{12}}\\.[a-z0-9]+$" {{
        root {home.root};
        {_secured(8)}
        add_header Cache-Control "public, max-age=31536000, immutable";
      }}
      # Our own mark.
      location ~ "/\\." {{
        return 404;
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
      gzip off;
    }}
  }}"""
