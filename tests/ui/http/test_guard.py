"""Who may ask at the HTTP door: keys, hosts, origins, limits; and what is answered to anybody."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import httpx
import pytest

from gptsmith.errors import UsageError
from gptsmith.ui.http.app import Settings, make_app
from gptsmith.ui.http.guard import Limits
from gptsmith.ui.http.keys import Keys
from gptsmith.ui.http.serve import check_host, is_local
from gptsmith.ui.http.served import Served
from tests.support.http_door import door, spec_file
from tests.support.scripted import Scripted

ASK = {"model": "desk", "messages": [{"role": "user", "content": "Hello"}]}


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 200),
        ({"Host": "localhost:8700"}, 200),
        ({"Host": "[::1]:8700"}, 200),
        ({"Host": "rebound.example.org"}, 403),
        ({"Host": "127.0.0.1.example.org"}, 403),
        ({"Host": "localhost@example.org"}, 403),
        ({"Host": ""}, 403),
        ({"Origin": "http://localhost:3000"}, 200),
        ({"Origin": "https://example.org"}, 403),
        ({"Origin": "null"}, 403),
    ],
)
def test_without_keys_only_this_machine_is_answered(tmp_path: Path, headers: dict[str, str], status: int) -> None:
    with door([spec_file(tmp_path)], Scripted()) as url:
        assert httpx.get(f"{url}/v1/models", headers=headers).status_code == status


def test_with_keys_any_host_is_answered_and_no_page_is_allowed_to_read(tmp_path: Path) -> None:
    key = Keys().add("ana")
    with door([spec_file(tmp_path)], Scripted()) as url:
        headers = {"Host": "assistants.example.org", "Origin": "https://example.org", "Authorization": f"Bearer {key}"}
        answered = httpx.get(f"{url}/v1/models", headers=headers)
        assert answered.status_code == 200
        assert not [name for name in answered.headers if name.startswith("access-control")]
        assert httpx.options(f"{url}/v1/models", headers=headers).status_code == 405
        assert httpx.get(f"{url}/v1/models", headers={"X-API-Key": key}).status_code == 200


def every_route() -> list[tuple[str, str]]:
    """Each route of the app with its methods, parameters filled in."""
    paths = make_app(Settings(Served())).openapi()["paths"]
    return sorted(
        (method.upper(), path.replace("{", "").replace("}", ""))
        for path, methods in paths.items()
        for method in methods
    )


def test_every_route_but_two_needs_a_key(tmp_path: Path) -> None:
    Keys().add("ana")
    with door([spec_file(tmp_path)], Scripted()) as url, httpx.Client(base_url=url, timeout=60) as api:
        statuses = {(method, path): api.request(method, path, json={}).status_code for method, path in every_route()}
        statuses["GET", "/openapi.json"] = api.get("/openapi.json").status_code
    assert {route for route, status in statuses.items() if status != 401} == {("GET", "/health"), ("GET", "/ready")}
    assert len(statuses) > 20


def test_what_is_too_large_or_too_often_is_refused(tmp_path: Path) -> None:
    limits = Limits(bytes=2000, per_minute=3)
    with door([spec_file(tmp_path)], Scripted("Hi."), limits) as url, httpx.Client(base_url=url, timeout=60) as api:
        large = {**ASK, "messages": [{"role": "user", "content": "x" * 3000}]}
        assert api.post("/v1/chat/completions", json=large).status_code == 413
        pieces = (b"x" * 500 for _ in range(8))  # its length is not said beforehand
        assert api.post("/v1/chat/completions", content=pieces).status_code == 413
        assert api.post("/v1/chat/completions", json=ASK).status_code == 200
        often = api.post("/v1/chat/completions", json=ASK)
        assert (often.status_code, often.json()["error"]["code"]) == (429, "rate_limit_exceeded")
        assert int(often.headers["Retry-After"]) > 0
        assert api.get("/health").status_code == 200


def test_a_request_that_does_not_come_whole_is_given_up(tmp_path: Path) -> None:
    import socket
    from urllib.parse import urlsplit

    with door([spec_file(tmp_path)], Scripted(), Limits(seconds=0.2)) as url, socket.socket() as slow:
        slow.settimeout(60)
        slow.connect(("127.0.0.1", urlsplit(url).port or 0))
        head = b"POST /v1/chat/completions HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
        slow.sendall(head + b"Content-Length: 100\r\n\r\n{")
        assert slow.recv(100).startswith(b"HTTP/1.1 408")


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (b"", "application/json"),
        (b"{", "application/json"),
        (b"[]", "application/json"),
        (b"\xff\xfe", "application/json"),
        (json.dumps(ASK).encode(), "text/plain"),
        (b"[" * 100_000, "application/json"),
    ],
)
def test_what_is_no_request_is_said_in_openais_form(tmp_path: Path, body: bytes, kind: str) -> None:
    with door([spec_file(tmp_path)], Scripted("Hi.")) as url:
        made = httpx.post(f"{url}/v1/chat/completions", content=body, headers={"Content-Type": kind})
    assert made.status_code == 400
    assert set(made.json()["error"]) == {"message", "type", "param", "code"}


def test_counters_hold_no_words_of_a_conversation(tmp_path: Path) -> None:
    with (
        door([spec_file(tmp_path)], Scripted("The secret is seven.")) as url,
        httpx.Client(base_url=url, timeout=60) as api,
    ):
        asked = {**ASK, "messages": [{"role": "user", "content": "my secret is seven"}]}
        assert api.post("/v1/chat/completions", json=asked).status_code == 200
        assert api.get("/v1/models/secret").status_code == 404
        made = api.get("/metrics")
    assert made.headers["content-type"].startswith("text/plain; version=0.0.4")
    assert 'gptsmith_turns_total{assistant="desk",finish="stop"} 1.0' in made.text
    assert 'gptsmith_tokens_total{assistant="desk",kind="output"} 5.0' in made.text
    assert 'route="/v1/models/{model}",status="404"} 1.0' in made.text
    assert "secret" not in made.text


def test_a_server_says_when_it_is_ready(tmp_path: Path) -> None:
    with door([spec_file(tmp_path)], Scripted()) as url, httpx.Client(base_url=url, timeout=60) as api:
        assert api.get("/health").json()["status"] == "ok"
        assert api.get("/ready").status_code in (200, 503)


def test_a_spec_that_changes_is_read_again(tmp_path: Path) -> None:
    path = spec_file(tmp_path)
    model = Scripted("One.", "Two.")
    with door([path], model) as url, httpx.Client(base_url=url, timeout=60) as api:
        api.post("/v1/chat/completions", json=ASK)
        path.write_text(path.read_text("utf-8").replace("Be brief.", "Be very long-winded."), "utf-8")
        api.post("/v1/chat/completions", json=ASK)
        path.write_text("schema: nothing", "utf-8")
        gone = api.post("/v1/chat/completions", json=ASK)
    assert "long-winded" not in model.history[0][0].text and "long-winded" in model.history[1][0].text
    assert gone.status_code == 404


# -- keys ------------------------------------------------------------------------------------------------------------


def test_a_key_is_kept_as_its_hash(tmp_path: Path) -> None:
    keys = Keys(tmp_path)
    key = keys.add("ana", ("desk",))
    found = keys.find(key)
    assert found is not None and (found.name, found.assistants) == ("ana", ("desk",))
    assert key.encode() not in b"".join(path.read_bytes() for path in tmp_path.iterdir())
    assert keys.find("") is None and keys.find(f"gsk_{found.id}_") is None and keys.find("gsk_\udcff") is None
    assert [one.used is not None for one in keys.all()] == [True]


@pytest.mark.parametrize(
    ("name", "said"), [("", "needs a name"), ("x" * 81, "needs a name"), ("ana", "is a key called")]
)
def test_names_of_keys(tmp_path: Path, name: str, said: str) -> None:
    keys = Keys(tmp_path)
    keys.add("ana")
    with pytest.raises(UsageError, match=said):
        keys.add(name)
    with pytest.raises(UsageError, match="there is no key called bob; there are: ana"):
        keys.revoke("bob")


@pytest.mark.parametrize(
    ("host", "local"),
    [("127.0.0.1", True), ("localhost", True), ("::1", True), ("0.0.0.0", False), ("192.168.1.4", False), ("", False),
     ("example.org", False)],
)  # fmt: skip
def test_other_machines_need_a_key(tmp_path: Path, host: str, local: bool) -> None:
    keys: Any = Keys(tmp_path)
    assert is_local(host) == local
    if not local:
        with pytest.raises(UsageError, match="gptsmith keys add NAME"):
            check_host(host, keys)
        keys.add("ana")
    check_host(host, keys)
