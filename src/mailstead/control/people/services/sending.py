"""Posting to addresses that customers name, without reaching what only we can reach.

The host's name is resolved here, every address that it has must be a public one, and the connection
goes to the very address that was looked at: an answer of the DNS that changes in between moves
nothing. No redirect is followed, no proxy is used.
"""

from __future__ import annotations

import asyncio
import ipaddress
import socket
import ssl
from collections.abc import Sequence
from dataclasses import dataclass, field
from urllib.parse import urlsplit

import httpx

from mailstead.standards.internet import Address, is_public
from mailstead.standards.refusal import Refusal

PATIENCE = 10.0
"""Seconds for a whole delivery, from the look-up to the last byte of the answer."""
READ = 64 * 1024
"""Bytes of an answer that are read."""


@dataclass(frozen=True)
class Post:
    """One message to send."""

    url: str
    body: bytes
    headers: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Answer:
    """What came back; `status` None: nothing did, and `words` say why."""

    status: int | None
    words: str

    @property
    def good(self) -> bool:
        """Whether the message was taken."""
        return self.status is not None and 200 <= self.status < 300


def checked_url(url: str, *, private: bool) -> str:
    """The address of a webhook as it is kept; raises `Refusal`.

    `private` also lets http and addresses that are not public pass: for tests.
    """
    try:
        parts = urlsplit(url.strip())
        port, host = parts.port, httpx.URL(url.strip()).raw_host
    except (ValueError, UnicodeError, httpx.InvalidURL) as error:
        raise _wrong("This is not a web address.") from error
    if parts.scheme != "https" and not (private and parts.scheme == "http"):
        raise _wrong("A webhook's address begins with https://.")
    if not host or parts.username or parts.password or parts.fragment:
        raise _wrong("A webhook's address has a host, and no log-in and no #.")
    if port in (0, 25) or len(url) > 500 or not url.isprintable() or " " in url.strip():
        raise _wrong("This is not a web address that can be called.")
    literal = _literal(parts.hostname)
    if literal is not None and not private and not is_public(literal):
        raise _wrong("This address is not a public one.")
    return url.strip()


def _wrong(words: str) -> Refusal:
    return Refusal("url-invalid", words, remedy="Give one such as https://example.com/mail-hook.")


def _literal(host: str | None) -> Address | None:
    try:
        return ipaddress.ip_address(host or "")
    except ValueError:
        return None


def send(posts: Sequence[Post], *, private: bool) -> list[Answer]:
    """Send all at the same time; returns what came back of each, within `PATIENCE` and a little."""
    return asyncio.run(_send_all(posts, private)) if posts else []


async def _send_all(posts: Sequence[Post], private: bool) -> list[Answer]:
    context = ssl.create_default_context()
    return list(await asyncio.gather(*(_send(post, private, context) for post in posts)))


async def _send(post: Post, private: bool, context: ssl.SSLContext) -> Answer:
    try:
        async with asyncio.timeout(PATIENCE):
            return await _call(post, private, context)
    except TimeoutError:
        return Answer(None, f"There was no whole answer within {PATIENCE:.0f} seconds.")
    except Refusal as refusal:
        return Answer(None, refusal.words)
    except (httpx.HTTPError, httpx.InvalidURL, OSError, UnicodeError) as error:
        return Answer(None, f"{type(error).__name__}: {error}"[:300])


async def _addresses(host: str, port: int, private: bool) -> list[str]:
    loop = asyncio.get_running_loop()
    found = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    texts = list(dict.fromkeys(str(entry[4][0]) for entry in found))
    if not private and not all(is_public(ipaddress.ip_address(text)) for text in texts):
        # One private address among public ones is refused too: it may be the one that is tried.
        raise Refusal(
            "url-private", "{host} leads to an address that is not a public one.", host=host
        )
    return texts


async def _call(post: Post, private: bool, context: ssl.SSLContext) -> Answer:
    checked_url(post.url, private=private)
    url = httpx.URL(post.url)
    port = url.port or (443 if url.scheme == "https" else 80)
    found = await _addresses(url.raw_host.decode("ascii"), port, private)
    transport = httpx.AsyncHTTPTransport(verify=context, trust_env=False, retries=0)
    async with httpx.AsyncClient(
        transport=transport, trust_env=False, follow_redirects=False, timeout=PATIENCE
    ) as client:
        for place, address in enumerate(found):
            request = client.build_request(
                "POST",
                url.copy_with(host=address),
                content=post.body,
                headers={**post.headers, "Host": url.netloc.decode("ascii")},
                # The certificate must be one of the name, not of the address.
                extensions={"sni_hostname": url.raw_host.decode("ascii")},
            )
            try:
                return await _read(client, request)
            except httpx.ConnectError:
                if place == len(found) - 1:
                    raise
    raise OSError("the name has no address")


async def _read(client: httpx.AsyncClient, request: httpx.Request) -> Answer:
    answer = await client.send(request, stream=True)
    try:
        body = b""
        async for chunk in answer.aiter_raw():
            body += chunk
            if len(body) > READ:
                break
    finally:
        await answer.aclose()
    text = body[:400].decode("utf-8", "replace")
    return Answer(answer.status_code, " ".join("".join(filter(_harmless, text)).split())[:300])


def _harmless(letter: str) -> bool:
    return letter.isprintable() or letter.isspace()
