"""A file by HTTP, going on where it stopped. Proxies and certificates are those of the environment."""

from __future__ import annotations

import contextlib
import re
import socket

import httpx

from gptsmith.models.shelf.progress import PassedOverError, Transfer

TRIES = 3  # in a row that bring nothing new
_WAIT = 1.0  # seconds between tries
_MOST_WAIT = 20.0
_TIMES = httpx.Timeout(connect=10, read=30, write=30, pool=10)
_RANGE = re.compile(r"bytes (\d+)-\d+/(\d+|\*)")


class _AgainError(Exception):
    """The server asks for patience, or the connection broke; `wait` seconds."""

    def __init__(self, why: str, wait: float | None = None) -> None:
        super().__init__(why)
        self.wait = _WAIT if wait is None else min(wait, _MOST_WAIT)


def download(url: str, transfer: Transfer, size: int | None) -> None:
    """Bring the rest of the file at `url`, which has `size` bytes where that is known.

    Raises PassedOverError when it cannot be had there.
    """
    with _client() as client:
        tries = 0
        while True:
            before = transfer.have
            try:
                _once(client, url, transfer, size)
                return
            except _AgainError as error:
                tries = 1 if transfer.have > before else tries + 1
                if tries >= TRIES:
                    raise PassedOverError(str(error), gone=True) from error
                if transfer.stop.wait(error.wait):
                    transfer.check()


def _client() -> httpx.Client:
    try:
        return httpx.Client(
            follow_redirects=True,
            max_redirects=8,
            timeout=_TIMES,
            headers={"User-Agent": "gptsmith", "Accept-Encoding": "identity"},
        )
    except (ValueError, ImportError) as error:  # a proxy in the environment that is none, or needs a package
        raise PassedOverError(f"the proxy of this environment cannot be used ({_why(error)})", gone=True) from error


def _once(client: httpx.Client, url: str, transfer: Transfer, size: int | None) -> None:
    have = transfer.have
    headers = {"Range": f"bytes={have}-"} if have else {}
    if size is not None and have == size:
        return
    try:
        with client.stream("GET", url, headers=headers) as answer:
            start = _start(answer, have, size, transfer)
            with transfer.part.open("ab" if start else "wb") as out:
                for data in answer.iter_raw():
                    transfer.write(out, data)
    except (httpx.InvalidURL, httpx.UnsupportedProtocol, httpx.TooManyRedirects) as error:
        raise PassedOverError(f"its address cannot be used ({_why(error)})", gone=True) from error
    except (httpx.ConnectError, httpx.ConnectTimeout, httpx.ProxyError) as error:
        raise PassedOverError(f"it cannot be reached ({_unreached(error)})", gone=True) from error
    except httpx.HTTPError as error:
        raise _AgainError(f"the connection broke after {transfer.have:,} bytes ({_why(error)})") from error
    if size is not None and transfer.have < size:
        raise _AgainError(f"it ended after {transfer.have:,} of {size:,} bytes")


def _start(answer: httpx.Response, have: int, size: int | None, transfer: Transfer) -> int:
    """Return where the answer's bytes begin, 0 or `have`; raises when they are not those of the file."""
    if answer.status_code == 416 and have:
        transfer.restart()
        raise _AgainError("it does not know the rest of the file", wait=0)
    if answer.status_code == 429 or answer.status_code >= 500:
        raise _AgainError(f"it answered {answer.status_code}", _asked_wait(answer))
    if answer.status_code not in (200, 206):
        raise PassedOverError(f"it answered {answer.status_code}")
    if "html" in answer.headers.get("content-type", ""):
        raise PassedOverError("it answered with a web page instead of the file", gone=True)
    start, total = 0, answer.headers.get("content-length", "")
    if answer.status_code == 206:
        found = _RANGE.fullmatch(answer.headers.get("content-range", ""))
        if found is None or int(found[1]) != have:
            transfer.restart()
            raise _AgainError("it gave another part of the file than was asked for", wait=0)
        start, total = have, found[2]
    if size is not None and total.isdigit() and int(total) != size:
        raise PassedOverError(f"its file has {int(total):,} bytes instead of {size:,}")
    return start


def _asked_wait(answer: httpx.Response) -> float | None:
    with contextlib.suppress(ValueError):
        return max(0.0, float(answer.headers.get("retry-after", "")))
    return None


def _unreached(error: BaseException) -> str:
    """Say why there is no connection; a name that is not known is what a machine without a network tells."""
    cause: BaseException | None = error
    while cause is not None and not isinstance(cause, socket.gaierror):
        cause = cause.__cause__ or cause.__context__
    return "no network, or its name is not known" if cause is not None else _why(error)


def _why(error: BaseException) -> str:
    text = re.sub(r"^\[Errno -?\d+\] ", "", " ".join(str(error).split()))
    return (text or type(error).__name__)[:160]
