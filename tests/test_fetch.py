"""The one fetcher: what it refuses before it contacts anybody, and what it does with answers."""

from __future__ import annotations

import gzip
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from gptsmith import fetch as fetching
from gptsmith.errors import FetchError
from gptsmith.fetch import fetch, is_public


class _Handler(BaseHTTPRequestHandler):
    hits: list[str]
    port: int

    def do_GET(self) -> None:
        self.hits.append(self.path)
        getattr(self, "answer_" + self.path.strip("/").split("?")[0].split("/")[0], self.answer_page)()

    def answer_page(self) -> None:
        self._send(b"hello")

    def answer_redirect(self) -> None:
        self._send(b"", status=302, Location="/page")

    def answer_loop(self) -> None:
        self._send(b"", status=302, Location="/loop")

    def answer_inward(self) -> None:
        self._send(b"", status=302, Location=f"http://127.0.0.1:{self.port}/canary")

    def answer_file(self) -> None:
        self._send(b"", status=302, Location="file:///etc/passwd")

    def answer_big(self) -> None:
        self._send(b"x" * 200_000)

    def answer_packed(self) -> None:
        self._send(gzip.compress(b"packed words"), **{"Content-Encoding": "gzip"})

    def answer_bomb(self) -> None:
        self._send(gzip.compress(b"0" * 50_000_000), **{"Content-Encoding": "gzip"})

    def answer_picture(self) -> None:
        self._send(b"GIF89a", kind="image/gif")

    def answer_gone(self) -> None:
        self._send(b"no", status=404)

    def answer_trickle(self) -> None:
        self.send_response(200)
        self.end_headers()
        for _ in range(50):
            self.wfile.write(b".")
            self.wfile.flush()
            time.sleep(0.1)

    def _send(self, data: bytes, status: int = 200, kind: str = "text/plain; charset=UTF-8", **headers: str) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(data)))
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *_: Any) -> None:
        pass


class _Quiet(ThreadingHTTPServer):
    def handle_error(self, *_: Any) -> None:
        """A client that hangs up is what these tests are about."""


@pytest.fixture
def canary(monkeypatch: pytest.MonkeyPatch) -> Iterator[type[_Handler]]:
    """A server on loopback whose port counts as a web port, so that the address alone decides."""
    handler = type("Handler", (_Handler,), {"hits": []})
    server = _Quiet(("127.0.0.1", 0), handler)
    handler.port = server.server_address[1]
    monkeypatch.setattr(fetching, "_PORTS", {"http": {80, handler.port}, "https": {443}})
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    yield handler
    server.shutdown()
    server.server_close()
    thread.join()


def _to_loopback(host: str, port: int) -> list[str]:
    """Stand in for DNS: example.test is the server of the test, everything else is checked for real."""
    return ["127.0.0.1"] if host == "example.test" else fetching.public_addresses(host, port)


def _get(canary: type[_Handler], path: str, **limits: Any) -> fetching.Fetched:
    return fetch(f"http://example.test:{canary.port}/{path}", resolver=_to_loopback, **limits)


@pytest.mark.parametrize(
    "host",
    [
        "127.0.0.1", "localhost", "LOCALHOST", "localhost.", "127.1", "127.0.1", "2130706433", "0x7f000001", "0x7f.1",
        "0177.0.0.1", "017700000001", "0", "0.0.0.0", "[::1]", "[::]", "[::ffff:127.0.0.1]", "[::ffff:7f00:1]",
        "[0:0:0:0:0:ffff:127.0.0.1]", "[::127.0.0.1]", "[64:ff9b::7f00:1]", "[2002:7f00:1::]", "①②⑦.⓪.⓪.①",
        "127。0。0。1", "127.0.0.1.", "10.0.0.1", "192.168.1.1", "172.16.0.1", "169.254.169.254", "100.64.0.1",
        "[fe80::1]", "[fc00::1]", "[fd00:ec2::254]", "198.18.0.1", "224.0.0.1", "255.255.255.255", "0xA9FEA9FE",
    ],
)  # fmt: skip
def test_never_contacts_this_machine_or_its_network(canary: type[_Handler], host: str) -> None:
    with pytest.raises(FetchError):
        fetch(f"http://{host}:{canary.port}/canary", timeout=3)
    assert canary.hits == []


@pytest.mark.parametrize(
    ("url", "why"),
    [
        ("file:///etc/passwd", "only http and https are fetched"),
        ("ftp://example.org/", "only http and https are fetched"),
        ("gopher://example.org/", "only http and https are fetched"),
        ("javascript:alert(1)", "only http and https are fetched"),
        ("data:text/html,hi", "only http and https are fetched"),
        ("//example.org/", "only http and https are fetched"),
        ("example.org", "only http and https are fetched"),
        ("", "only http and https are fetched"),
        ("http://user:secret@example.org/", "it carries a user name or password; leave them out"),
        ("http://example.org@127.0.0.1/", "it carries a user name or password"),
        ("http://example.org:22/", "port 22 is not one of a web page"),
        ("http://example.org:99999/", "it is not a valid address"),
        ("http://example.org\\@127.0.0.1/", "it holds spaces, control characters or backslashes"),
        ("http://exam ple.org/", "it holds spaces"),
        ("http://example.org/\r\nHost: x", "it holds spaces, control characters"),
        ("http:///path", "it has no usable host"),
        ("http://[::1%25lo]/", "it has no usable host"),
        ("http://[::1/", "it is not a valid address"),
        ("http://" + "a" * 3000, "or is too long"),
        ("http://" + "a" * 70 + ".org/", "the name is not known"),
        ("http://nowhere.example/", "the name is not known (or there is no network); check the address"),
    ],
)
def test_refuses_the_form_of_the_address(url: str, why: str) -> None:
    with pytest.raises(FetchError) as caught:
        fetch(url, timeout=3)
    assert why in str(caught.value)
    assert "secret" not in str(caught.value) + caught.value.source


@pytest.mark.parametrize("path", ["page", "redirect", "page?q=ol%C3%A1&x=[1]", "page/olá"])
def test_fetches_a_page(canary: type[_Handler], path: str) -> None:
    page = _get(canary, path)
    assert (page.data, page.content_type, page.charset) == (b"hello", "text/plain", "utf-8")
    if path == "redirect":
        assert canary.hits == ["/redirect", "/page"] and page.url.endswith("/page")


def test_unpacks_gzip(canary: type[_Handler]) -> None:
    assert _get(canary, "packed").data == b"packed words"


@pytest.mark.parametrize(
    ("path", "why"),
    [
        ("loop", "it redirects more than 5 times"),
        ("inward", "it leads to this machine or a private network"),
        ("file", "only http and https are fetched"),
        ("big", "it has more than 100,000 bytes"),
        ("bomb", "it has more than 100,000 bytes"),
        ("picture", "it is image/gif, not a page or document"),
        ("gone", "the server answered 404"),
        ("trickle", "it did not answer within 1 seconds"),
    ],
)
def test_refuses_the_answer(canary: type[_Handler], path: str, why: str) -> None:
    with pytest.raises(FetchError) as caught:
        _get(canary, path, max_bytes=100_000, timeout=1)
    assert why in str(caught.value)
    assert "/canary" not in canary.hits


@pytest.mark.parametrize(
    ("address", "public"),
    [
        ("93.184.216.34", True),
        ("2606:2800:220:1:248:1893:25c8:1946", True),
        ("8.8.8.8", True),
        ("::ffff:8.8.8.8", False),
        ("192.0.2.1", False),
        ("2001:db8::1", False),
        ("not an address", False),
    ],
)
def test_knows_public_addresses(address: str, public: bool) -> None:
    assert is_public(address) is public
