"""Which versions of the engines are installed, as Debian's package database says."""

from __future__ import annotations

from mailstead.mailplane.engines.processes import run

_PACKAGES = {
    "postfix": "postfix",
    "dovecot": "dovecot-core",
    "rspamd": "rspamd",
    "redis": "redis-server",
    "unbound": "unbound",
    "knot": "knot",
    "postsrsd": "postsrsd",
    "nginx": "nginx",
}


def installed() -> dict[str, str]:
    """Engine to version; one that is not installed is left out. Raises `EngineError`."""
    words = ["/usr/bin/dpkg-query", "-W", "-f", "${Package} ${Version}\\n", *_PACKAGES.values()]
    # 1: one of them is unknown; the others are told all the same.
    done = run(words, accept=(0, 1))
    found = dict(line.split(" ", 1) for line in done.out.splitlines() if line.count(" ") == 1)
    return {
        engine: found[package].strip()
        for engine, package in _PACKAGES.items()
        if found.get(package, "").strip()
    }
