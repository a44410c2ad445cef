"""Bring the engines to the certificates that are there, without ending anybody's session."""

from __future__ import annotations

import hashlib

from mailstead.config import Settings
from mailstead.home import Home
from mailstead.mailplane.engines.dovecot import control as dovecot
from mailstead.mailplane.engines.dovecot import model as dovecot_model
from mailstead.mailplane.engines.dovecot import names as dovecot_names
from mailstead.mailplane.engines.files import File, write
from mailstead.mailplane.engines.nginx import control as nginx
from mailstead.mailplane.engines.nginx import model as nginx_model
from mailstead.mailplane.engines.nginx import names as nginx_names
from mailstead.mailplane.engines.postfix.control import Postmap
from mailstead.mailplane.engines.processes import EngineError
from mailstead.mailplane.engines.served import served
from mailstead.standards.refusal import Refusal


class Showcase:
    """What the engines of one node show."""

    def __init__(self, settings: Settings, home: Home) -> None:
        self._settings = settings
        self._home = home
        self._postfix = Postmap(home)
        self._shown: dict[str, str] = {}

    def bring(self) -> None:
        """Let every engine show what is on the disk; what is right already is left alone.

        Each engine by itself, so that one that refuses does not keep the others from it. Raises
        the first `EngineError`, `OSError` or `Refusal`; a repetition goes on from there.
        """
        marks = self._marks()
        faults: list[Exception] = []
        for engine, bring in (
            ("postfix", self._bring_postfix),
            ("dovecot", self._bring_dovecot),
            ("nginx", self._bring_nginx),
        ):
            if self._shown.get(engine) == marks:
                continue
            try:
                bring()
                self._shown[engine] = marks
            except (EngineError, Refusal, OSError) as error:
                faults.append(error)
        if faults:
            raise faults[0]

    def _bring_postfix(self) -> None:
        self._postfix.show_names(served(self._home))
        self._postfix.renew_certificate()

    def _bring_dovecot(self) -> None:
        model = dovecot_model.from_settings(self._settings, self._home)
        write([File(dovecot_names.file(self._home), dovecot_names.text(model))])
        dovecot.read_names(self._home)

    def _bring_nginx(self) -> None:
        if not self._home.nginx.exists():
            return
        model = nginx_model.from_settings(self._settings, self._home)
        if write([nginx_names.file(model)]):
            nginx.reload(self._home)

    def _marks(self) -> str:
        """All that the engines read, as one word."""
        digest = hashlib.sha256()
        paths = [self._home.certificate, self._home.certificate_key]
        for one in served(self._home):
            paths += [one.key, one.chain]
        for path in paths:
            digest.update(str(path).encode())
            if path.exists():
                digest.update(path.read_bytes())
        return digest.hexdigest()
