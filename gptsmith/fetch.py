"""One page from the web, fetched safely: the only way to a URL found in knowledge, pages, files or model text.

Only http and https; every hop of a redirect is checked anew; the connection goes to the very address that was
checked; nothing that is not a public address is ever contacted; bytes, seconds and kinds are capped.
"""

from __future__ import annotations

import ipaddress
import re
import socket
import ssl
import time
import zlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from typing import Any
from urllib.parse import SplitResult, quote, urljoin, urlsplit

import httpcore
from pydantic import BaseModel

from gptsmith.errors import FetchError

Resolver = Callable[[str, int], list[str]]

_PORTS = {"http": frozenset({80, 8080}), "https": frozenset({443, 8443})}
MAX_HOPS = 5
REDIRECTS = (301, 302, 303, 307, 308)
_MAX_URL = 2048
_TYPES = ("text/", "application/pdf", "application/json", "application/xml", "application/xhtml+xml")
_WORD = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
_MORE_TYPES = (_WORD, "application/yaml", "application/x-yaml", "application/octet-stream", "application/ld+json")
_AGENT = "gptsmith (a local assistant that reads the pages that its owner named)"
_ENCODINGS = ("identity", "gzip", "x-gzip", "deflate", "")
_NAT64 = ipaddress.ip_network("64:ff9b::/96")


class Fetched(BaseModel):
    """A page: its last address, its kind (lower case, bare), its charset as the server says it, its bytes."""

    url: str
    content_type: str
    charset: str = ""
    data: bytes


def fetch(
    url: str, *, max_bytes: int = 16 * 1024 * 1024, timeout: float = 20.0, resolver: Resolver | None = None
) -> Fetched:
    """Return what stands at `url`, redirects followed.

    `timeout` is in seconds for all of it; `resolver(host, port)` gives the addresses that may be contacted, by
    default `public_addresses`. Raises FetchError with a plain reason.
    """
    until = time.monotonic() + timeout
    current = url
    for _ in range(MAX_HOPS + 1):
        parts = check_address(current)
        addresses = (resolver or public_addresses)(parts.hostname or "", port_of(parts))
        try:
            answer = _one(current, parts, addresses, max_bytes, until)
        except (httpcore.TimeoutException, TimeoutError) as error:
            raise _refused(url, f"it did not answer within {timeout:g} seconds", "try again later") from error
        except (httpcore.NetworkError, httpcore.ProtocolError, OSError, zlib.error) as error:
            raise _refused(url, f"the connection failed ({_why(error)})", "check address and network") from error
        if isinstance(answer, Fetched):
            return answer
        current = urljoin(current, answer)
    raise _refused(url, f"it redirects more than {MAX_HOPS} times", "name the page's own address")


def check_address(url: str) -> SplitResult:
    """Return the parts of a URL whose form may be fetched; raises FetchError for any other. Contacts nobody."""
    if len(url) > _MAX_URL or any(ord(c) <= 32 or c == "\\" or ord(c) == 127 for c in url):
        raise _refused(url, "it holds spaces, control characters or backslashes, or is too long", "correct the address")
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        raise _refused(url, "it is not a valid address", "correct the address") from error
    if parts.scheme not in _PORTS:
        raise _refused(url, "only http and https are fetched", "name a web page, or attach the file itself")
    if "@" in parts.netloc:
        raise _refused(url, "it carries a user name or password", "leave them out")
    if not parts.hostname or "%" in parts.hostname:
        raise _refused(url, "it has no usable host", "correct the address")
    if port is not None and port not in _PORTS[parts.scheme]:
        raise _refused(url, f"port {port} is not one of a web page", "use the page's public address")
    return parts


def public_addresses(host: str, port: int) -> list[str]:
    """Return the addresses of `host`, all of them public; raises FetchError when it is unknown or any is not."""
    try:
        found = socket.getaddrinfo(_ascii(host), port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise _refused(host, "the name is not known (or there is no network)", "check the address") from error
    addresses = list(dict.fromkeys(str(entry[4][0]) for entry in found))
    for address in addresses:
        if not is_public(address):
            raise _refused(
                host, "it leads to this machine or a private network", "attach the file itself", code="private_address"
            )
    return addresses


def is_public(address: str) -> bool:
    """Say whether an IP address is one of the public internet, whatever it is wrapped in."""
    try:
        ip = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return False
    if isinstance(ip, ipaddress.IPv6Address):
        inner: Iterable[Any] = (ip.ipv4_mapped, ip.sixtofour, *(ip.teredo or ()))
        wrapped = [i for i in inner if i is not None]
        if ip in _NAT64 or int(ip) >> 32 == 0:  # NAT64, IPv4-compatible
            wrapped.append(ipaddress.IPv4Address(int(ip) & 0xFFFFFFFF))
        if not all(is_public(str(i)) for i in wrapped):
            return False
    return ip.is_global and not (ip.is_multicast or ip.is_reserved or ip.is_unspecified or ip.is_loopback)


@contextmanager
def exchange(
    method: str,
    parts: SplitResult,
    addresses: list[str],
    until: float,
    *,
    headers: Sequence[tuple[str, str]] = (),
    body: bytes | None = None,
) -> Iterator[httpcore.Response]:
    """Send one request to one of `addresses`, which the caller has checked, and yield the answer, its body unread.

    `until` is a moment of `time.monotonic`, at which everything ends. Follows no redirect. Raises httpcore's errors.
    """
    left = max(until - time.monotonic(), 0.01)
    limits = {"timeout": {"connect": left, "read": left, "write": left, "pool": left}}
    host = _ascii(parts.hostname or "").encode()
    target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    url = httpcore.URL(
        scheme=parts.scheme.encode(), host=host, port=port_of(parts), target=_quoted(target).encode("ascii")
    )
    sent = [(b"Host", _host_header(parts, host)), (b"User-Agent", _AGENT.encode())]
    sent += [(b"Accept-Encoding", b"gzip, identity;q=0.5")]
    sent += [(name.encode("ascii"), value.encode("utf-8")) for name, value in headers]
    backend = _Pinned(addresses, until)
    with (
        httpcore.ConnectionPool(ssl_context=_tls(), network_backend=backend, retries=0) as pool,
        pool.stream(method, url, headers=sent, content=body, extensions=limits) as response,
    ):
        yield response


def _one(url: str, parts: SplitResult, addresses: list[str], max_bytes: int, until: float) -> Fetched | str:
    """Fetch one hop: the page, or the address that it redirects to."""
    with exchange("GET", parts, addresses, until, headers=[("Accept", "*/*")]) as response:
        given = headers_of(response)
        if response.status in REDIRECTS and given.get("location"):
            return given["location"]
        if response.status != 200:
            raise _refused(url, f"the server answered {response.status}", "check the address")
        return _page(url, given, response, max_bytes, until)


def headers_of(response: httpcore.Response) -> dict[str, str]:
    """Return the headers of an answer, their names in small letters."""
    return {k.lower().decode("latin-1"): v.decode("latin-1").strip() for k, v in response.headers}


def _page(url: str, given: dict[str, str], response: httpcore.Response, max_bytes: int, until: float) -> Fetched:
    kind, charset = kind_of(given)
    if not kind.startswith(_TYPES) and kind not in _MORE_TYPES:
        raise _refused(url, f"it is {kind[:60]}, not a page or document", "name a web page, a PDF or a text")
    encoding = given.get("content-encoding", "identity").lower()
    if encoding not in _ENCODINGS:
        raise _refused(url, f"it is packed as {encoding[:20]}, which was not asked for", "attach the file itself")
    data = body_of(response, max_bytes, until)
    if len(data) > max_bytes:
        raise _refused(url, f"it has more than {max_bytes:,} bytes", "name a smaller page")
    return Fetched(url=url, content_type=kind, charset=charset, data=data)


def kind_of(given: dict[str, str]) -> tuple[str, str]:
    """Return the content type (lower case, bare) and the charset that the headers of an answer name."""
    kind, _, parameters = given.get("content-type", "application/octet-stream").partition(";")
    charset = parameters.lower().partition("charset=")[2].partition(";")[0].strip(" \"'")
    return kind.strip().lower(), charset[:40]


def body_of(response: httpcore.Response, max_bytes: int, until: float) -> bytes:
    """Return the body of an answer, unpacked; of a longer one the first bytes, at least one more than `max_bytes`.

    Raises zlib.error for a broken packing or one that was not asked for, TimeoutError at `until`.
    """
    encoding = headers_of(response).get("content-encoding", "identity").lower()
    if encoding not in _ENCODINGS:
        raise zlib.error(f"packed as {encoding[:20]}, which was not asked for")
    unpack = zlib.decompressobj(zlib.MAX_WBITS | 32) if encoding not in ("identity", "") else None
    data = bytearray()
    for part in response.iter_stream():
        if time.monotonic() > until:
            raise TimeoutError
        data += unpack.decompress(part, max_bytes + 1 - len(data)) if unpack else part
        if len(data) > max_bytes:
            break
    return bytes(data)


class _Pinned(httpcore.NetworkBackend):
    """Connects to the addresses that were checked, whatever a name says by now, and keeps the deadline."""

    def __init__(self, addresses: list[str], until: float) -> None:
        self._addresses = addresses
        self._until = until
        self._real = httpcore.SyncBackend()

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Any = None,
    ) -> httpcore.NetworkStream:
        failure: Exception = OSError("no address")
        for address in self._addresses:
            try:
                return _Timed(self._real.connect_tcp(address, port, timeout=self._left()), self._until)
            except httpcore.ConnectError as error:
                failure = error
        raise failure

    def connect_unix_socket(self, path: str, timeout: float | None = None, socket_options: Any = None) -> Any:
        raise OSError("not a network address")

    def _left(self) -> float:
        return max(self._until - time.monotonic(), 0.01)


class _Timed(httpcore.NetworkStream):
    """A connection whose every step ends at one common deadline: a trickle cannot outlast it."""

    def __init__(self, real: httpcore.NetworkStream, until: float) -> None:
        self._real = real
        self._until = until

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return self._real.read(max_bytes, timeout=self._left())

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._real.write(buffer, timeout=self._left())

    def close(self) -> None:
        self._real.close()

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.NetworkStream:
        return _Timed(self._real.start_tls(ssl_context, server_hostname, timeout=self._left()), self._until)

    def get_extra_info(self, info: str) -> Any:
        return self._real.get_extra_info(info)

    def _left(self) -> float:
        left = self._until - time.monotonic()
        if left <= 0:
            raise httpcore.ReadTimeout("deadline")
        return left


@cache
def _tls() -> ssl.SSLContext:
    import certifi

    return ssl.create_default_context(cafile=certifi.where())


def port_of(parts: SplitResult) -> int:
    return parts.port or (443 if parts.scheme == "https" else 80)


def _ascii(host: str) -> str:
    """Return a host name as DNS knows it; raises UnicodeError for one that no DNS can know."""
    return host if ":" in host else host.encode("idna").decode("ascii")


def _host_header(parts: SplitResult, host: bytes) -> bytes:
    name = b"[" + host + b"]" if b":" in host else host
    return name if parts.port is None else name + b":%d" % parts.port


def _quoted(target: str) -> str:
    """Return a path and query in ASCII; what is quoted already stays."""
    return quote(target, safe="/%?&=#+;:@!$'()*,~[]|-._")


def _why(error: BaseException) -> str:
    return (str(error) or type(error).__name__).splitlines()[0][:120]


def _refused(url: str, why: str, hint: str, code: str = "") -> FetchError:
    shown = re.sub(r"//[^/@]*@", "//…@", url[:200]) + ("…" if len(url) > 200 else "")
    return FetchError(f"{shown!r} was not fetched: {why}", source=shown, hint=hint, code=code)
