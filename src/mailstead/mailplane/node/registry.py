"""The engines of a node, each with the same hands: files, preparation, command, readiness."""

from __future__ import annotations

import socket
from collections.abc import Callable
from dataclasses import dataclass
from types import ModuleType

from mailstead.config import Settings
from mailstead.home import Home
from mailstead.mailplane.engines.dovecot import control as dovecot_control
from mailstead.mailplane.engines.dovecot import log as dovecot_log
from mailstead.mailplane.engines.dovecot import model as dovecot_model
from mailstead.mailplane.engines.dovecot import render as dovecot_render
from mailstead.mailplane.engines.files import File
from mailstead.mailplane.engines.knot import control as knot_control
from mailstead.mailplane.engines.knot import log as knot_log
from mailstead.mailplane.engines.knot import model as knot_model
from mailstead.mailplane.engines.knot import render as knot_render
from mailstead.mailplane.engines.mtasts import control as mtasts_control
from mailstead.mailplane.engines.mtasts import log as mtasts_log
from mailstead.mailplane.engines.mtasts import model as mtasts_model
from mailstead.mailplane.engines.mtasts import render as mtasts_render
from mailstead.mailplane.engines.nginx import control as nginx_control
from mailstead.mailplane.engines.nginx import log as nginx_log
from mailstead.mailplane.engines.nginx import model as nginx_model
from mailstead.mailplane.engines.nginx import render as nginx_render
from mailstead.mailplane.engines.postfix import control as postfix_control
from mailstead.mailplane.engines.postfix import log as postfix_log
from mailstead.mailplane.engines.postfix import model as postfix_model
from mailstead.mailplane.engines.postfix import render as postfix_render
from mailstead.mailplane.engines.postsrsd import control as postsrsd_control
from mailstead.mailplane.engines.postsrsd import log as postsrsd_log
from mailstead.mailplane.engines.postsrsd import model as postsrsd_model
from mailstead.mailplane.engines.postsrsd import render as postsrsd_render
from mailstead.mailplane.engines.redis import control as redis_control
from mailstead.mailplane.engines.redis import log as redis_log
from mailstead.mailplane.engines.redis import model as redis_model
from mailstead.mailplane.engines.redis import render as redis_render
from mailstead.mailplane.engines.rspamd import control as rspamd_control
from mailstead.mailplane.engines.rspamd import log as rspamd_log
from mailstead.mailplane.engines.rspamd import model as rspamd_model
from mailstead.mailplane.engines.rspamd import render as rspamd_render
from mailstead.mailplane.engines.tlspolicy import control as tlspolicy_control
from mailstead.mailplane.engines.tlspolicy import log as tlspolicy_log
from mailstead.mailplane.engines.tlspolicy import model as tlspolicy_model
from mailstead.mailplane.engines.tlspolicy import render as tlspolicy_render
from mailstead.mailplane.engines.unbound import control as unbound_control
from mailstead.mailplane.engines.unbound import log as unbound_log
from mailstead.mailplane.engines.unbound import model as unbound_model
from mailstead.mailplane.engines.unbound import render as unbound_render


@dataclass(frozen=True)
class Engine:
    """One engine: its four modules and what the supervisor must know."""

    model: ModuleType
    renderer: ModuleType
    control: ModuleType
    log: ModuleType
    programs: tuple[str, ...]
    """Prefixes of its programs (`leftovers.program`), to find leftovers."""
    ready: Callable[[Settings, Home], bool]
    user: str = ""
    """User to become before the program starts; empty: it drops privileges by itself."""
    ours: bool = False
    """Its program is a part of Mailstead."""

    def files(self, settings: Settings, home: Home) -> list[File]:
        """Its rendered files."""
        files: list[File] = self.renderer.render(self.model.from_settings(settings, home))
        return files

    def prepare(self, settings: Settings, home: Home) -> None:
        """Its directories and checks; raises `EngineError`."""
        self.control.prepare(self.model.from_settings(settings, home))

    def command(self, settings: Settings, home: Home) -> list[str]:
        """What is executed."""
        command: list[str] = self.control.command(self.model.from_settings(settings, home))
        return command


def _greets(port: int, words: bytes) -> bool:
    """Whether a server on loopback sends its greeting."""
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=2) as client:
            client.settimeout(5)
            return client.recv(64).startswith(words)
    except OSError:
        return False


ENGINES: dict[str, Engine] = {
    "redis": Engine(
        redis_model,
        redis_render,
        redis_control,
        redis_log,
        ("/usr/bin/redis-",),
        lambda _, home: redis_control.answers(home),
        user="redis",
    ),
    "unbound": Engine(
        unbound_model,
        unbound_render,
        unbound_control,
        unbound_log,
        ("/usr/sbin/unbound",),
        lambda settings, home: unbound_control.answers(unbound_model.from_settings(settings, home)),
    ),
    "knot": Engine(
        knot_model,
        knot_render,
        knot_control,
        knot_log,
        ("/usr/sbin/knotd",),
        lambda settings, home: knot_control.answers(knot_model.from_settings(settings, home)),
    ),
    "postsrsd": Engine(
        postsrsd_model,
        postsrsd_render,
        postsrsd_control,
        postsrsd_log,
        ("/usr/sbin/postsrsd",),
        lambda settings, home: postsrsd_control.answers(
            postsrsd_model.from_settings(settings, home)
        ),
    ),
    "mtasts": Engine(
        mtasts_model,
        mtasts_render,
        mtasts_control,
        mtasts_log,
        (mtasts_control.PROGRAM,),
        lambda settings, home: mtasts_control.answers(mtasts_model.from_settings(settings, home)),
        user=mtasts_model.USER,
    ),
    "tlspolicy": Engine(
        tlspolicy_model,
        tlspolicy_render,
        tlspolicy_control,
        tlspolicy_log,
        (tlspolicy_control.MODULE,),
        lambda settings, home: tlspolicy_control.answers(
            tlspolicy_model.from_settings(settings, home)
        ),
        ours=True,
    ),
    "rspamd": Engine(
        rspamd_model,
        rspamd_render,
        rspamd_control,
        rspamd_log,
        ("/usr/bin/rspamd",),
        lambda _, home: rspamd_control.answers(home),
    ),
    "dovecot": Engine(
        dovecot_model,
        dovecot_render,
        dovecot_control,
        dovecot_log,
        ("/usr/sbin/dovecot", "/usr/lib/dovecot/"),
        lambda settings, _: _greets(settings.ports.of("imap"), b"* OK"),
    ),
    "postfix": Engine(
        postfix_model,
        postfix_render,
        postfix_control,
        postfix_log,
        ("/usr/lib/postfix/",),
        lambda settings, _: _greets(settings.ports.of("smtp"), b"220"),
    ),
    "nginx": Engine(
        nginx_model,
        nginx_render,
        nginx_control,
        nginx_log,
        ("/usr/sbin/nginx",),
        lambda settings, home: nginx_control.answers(nginx_model.from_settings(settings, home)),
    ),
}


def wanted(settings: Settings) -> list[str]:
    """The engines of this instance, in the order in which they start."""
    unwanted = set() if settings.spam.scan else {"rspamd"}
    if settings.control != "here":
        unwanted.add("nginx")
    if not settings.dns.serve_on:
        unwanted.add("knot")
    return [name for name in ENGINES if name not in unwanted]
