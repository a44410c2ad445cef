"""The authority: an account, an order, the proof that a name is ours (RFC 8555)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import requests
from acme import challenges, client, errors, messages
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from josepy.errors import Error as JoseError
from josepy.jwa import ES256
from josepy.jwk import JWKEC

import mailstead
from mailstead.config import Certificates
from mailstead.home import Home
from mailstead.mailplane.node.certificates import store

ORDER_SECONDS = 120
"""For all of one order."""
_ANSWER_SECONDS = 20
_NONCE_TRIES = 6
"""An authority may refuse a nonce at any time (RFC 8555, 6.5)."""


class Unreachable(Exception):
    """The authority does not answer; no name is at fault."""


class Declined(Exception):
    """The authority does not give this certificate; `limited`: it is asked too often."""

    def __init__(self, words: str, *, limited: bool = False) -> None:
        super().__init__(words)
        self.limited = limited


class _Network(client.ClientNetwork):
    """The library's, with more patience for refused nonces."""

    def post(self, *args: Any, **kwargs: Any) -> requests.Response:
        for _ in range(_NONCE_TRIES - 1):
            try:
                return super().post(*args, **kwargs)
            except messages.Error as error:
                if error.code != "badNonce":
                    raise
        return super().post(*args, **kwargs)


class Authority:
    """One account at one authority."""

    def __init__(self, settings: Certificates, home: Home) -> None:
        self._settings = settings
        self._home = home
        self._client: client.ClientV2 | None = None

    def names(self) -> tuple[str, ...]:
        """The names that a CAA record may call it by; none: it does not say. Raises as `order`."""
        with _told():
            meta = self._ready().directory.meta
            return tuple(str(name).lower() for name in meta.caa_identities or ())

    def order(self, name: str, request: bytes) -> bytes:
        """The chain for a name, in PEM. Raises `Unreachable`, `Declined`."""
        with _told():
            ready = self._ready()
            order = ready.new_order(request)
            shown: list[Path] = []
            try:
                for authorization in order.authorizations:
                    shown += self._prove(ready, authorization)
                deadline = dt.datetime.now() + dt.timedelta(seconds=ORDER_SECONDS)
                finished = ready.poll_and_finalize(order, deadline)
            finally:
                for path in shown:
                    path.unlink(missing_ok=True)
            return str(finished.fullchain_pem).encode()

    def renewal(self, chain: bytes) -> dt.datetime | None:
        """When it wants a certificate renewed (RFC 9773); None: it does not say.

        Raises `Unreachable`.
        """
        with _told():
            ready = self._ready()
        try:
            at, _ = ready.renewal_time(chain)
        except (errors.Error, requests.RequestException, ValueError):
            # Only a wish; two thirds of its life hold anyway.
            return None
        return at if at is None or at.tzinfo else at.astimezone(dt.UTC)

    def _prove(
        self, ready: client.ClientV2, authorization: messages.AuthorizationResource
    ) -> list[Path]:
        """Show what HTTP-01 asks for, and say so; returns what is shown."""
        if authorization.body.status == messages.STATUS_VALID:
            return []
        for challenge in authorization.body.challenges:
            if isinstance(challenge.chall, challenges.HTTP01):
                response, validation = challenge.response_and_validation(ready.net.key)
                path = _place(self._home) / str(challenge.chall.encode("token"))
                path.write_text(validation, encoding="ascii")
                path.chmod(store.PUBLIC)
                ready.answer_challenge(challenge, response)
                return [path]
        raise Declined("The authority does not offer the proof by HTTP (http-01) for this name.")

    def _ready(self) -> client.ClientV2:
        """The client with its account, made at the first use."""
        if self._client is None:
            network = _Network(
                JWKEC(key=self._key()),
                alg=ES256,
                user_agent=f"mailstead/{mailstead.__version__}",
                timeout=_ANSWER_SECONDS,
            )
            if self._settings.ca_file:
                # requests takes a path here too.
                network.verify_ssl = self._settings.ca_file  # type: ignore[assignment]
            directory = client.ClientV2.get_directory(self._settings.directory, network)
            made = client.ClientV2(directory, network)
            self._enter(made)
            self._client = made
        return self._client

    def _enter(self, made: client.ClientV2) -> None:
        """Take the account of our key, made at the first time."""
        given = self._settings
        binding = None
        if given.key_id:
            binding = messages.ExternalAccountBinding.from_data(
                self._public(), given.key_id, given.key_secret, made.directory
            )
        registration = messages.NewRegistration.from_data(
            email=given.contact or None,
            terms_of_service_agreed=True,
            external_account_binding=binding,
        )
        try:
            made.new_account(registration)
        except errors.ConflictError as known:
            made.net.account = messages.RegistrationResource(
                uri=known.location, body=messages.Registration()
            )

    def _public(self) -> JWKEC:
        key: JWKEC = JWKEC(key=self._key()).public_key()
        return key

    def _key(self) -> ec.EllipticCurvePrivateKey:
        """The account's key: losing it means a new account, nothing worse."""
        place = self._home.secrets / "acme-account.pem"
        if not place.exists():
            store.put(place, store.new_key(), store.SECRET)
        key = serialization.load_pem_private_key(place.read_bytes(), None)
        assert isinstance(key, ec.EllipticCurvePrivateKey)
        return key


def _place(home: Home) -> Path:
    """The folder that nginx shows, open to its worker."""
    place = home.challenges / ".well-known" / "acme-challenge"
    place.mkdir(parents=True, exist_ok=True)
    for folder in (home.challenges, place.parent, place):
        folder.chmod(0o755)
    return place


def clear(home: Home) -> None:
    """Remove what a killed predecessor still shows."""
    for path in _place(home).iterdir():
        path.unlink()


@contextmanager
def _told() -> Iterator[None]:
    """The library's errors as ours."""
    try:
        yield
    except requests.RequestException as error:
        raise Unreachable(f"The authority does not answer: {error}") from error
    except errors.NonceError as error:
        raise Unreachable(f"The authority has a fault: {error}") from error
    except errors.ValidationError as error:
        raise Declined(_why(error)) from error
    except messages.Error as error:
        if error.code in ("badNonce", "serverInternal"):
            raise Unreachable(f"The authority has a fault: {_detail(error)}") from error
        raise Declined(_detail(error), limited=error.code == "rateLimited") from error
    except errors.TimeoutError as error:
        raise Declined("The authority did not decide in time.") from error
    except (errors.Error, JoseError, ValueError) as error:
        raise Declined(f"The authority's answer cannot be used: {error}") from error


def _why(error: errors.ValidationError) -> str:
    """What the authority saw when it looked for the proof."""
    found = [
        _detail(challenge.error)
        for authorization in error.failed_authzrs
        for challenge in authorization.body.challenges
        if challenge.error is not None
    ]
    return found[0] if found else "The authority could not see the proof."


def _detail(error: messages.Error) -> str:
    words = error.detail or error.description or str(error)
    if error.subproblems:
        words += " " + " ".join(_detail(problem) for problem in error.subproblems[:3])
    return " ".join(str(words).split())[:600]
