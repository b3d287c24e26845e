"""Signing in to a service by the OAuth device flow, against a small authorization server of our own."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import pytest

from gptsmith import Assistant, NotReadyError, ToolError
from gptsmith.assistants.files.trust import trust_needs
from gptsmith.assistants.format.loader import load_file
from gptsmith.state import home_path
from gptsmith.tools import ToolContext
from gptsmith.tools.openapi import OpenApi
from gptsmith.tools.openapi.operations import Operations
from gptsmith.tools.openapi.signin import SignIn
from gptsmith.ui.cli.app import run
from tests.support.scripted import Scripted, call

keyring = pytest.importorskip("keyring")


class Memory(keyring.backend.KeyringBackend):  # type: ignore[name-defined,misc]
    """A keyring in memory."""

    priority = 5

    def __init__(self) -> None:
        super().__init__()
        self.kept: dict[str, str] = {}

    def get_password(self, service: str, name: str) -> str | None:
        return self.kept.get(name)

    def set_password(self, service: str, name: str, key: str) -> None:
        self.kept[name] = key

    def delete_password(self, service: str, name: str) -> None:
        self.kept.pop(name)


@pytest.fixture
def system() -> Iterator[Memory]:
    before, mine = keyring.get_keyring(), Memory()
    keyring.set_keyring(mine)
    yield mine
    keyring.set_keyring(before)


class Authorities:
    """An authorization server and the service that it guards, in one: `polls` are its answers while it waits."""

    def __init__(self) -> None:
        self.polls: list[dict[str, Any]] = []
        self.tokens = [
            {"access_token": "tok-one-11", "refresh_token": "again-1", "token_type": "Bearer", "expires_in": 3600}
        ]
        self.asked: list[dict[str, str]] = []
        self.seen: list[str] = []
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"])).decode()
                fields = {key: values[0] for key, values in parse_qs(body).items()}
                outer.asked.append({"path": self.path, **fields})
                if self.path == "/device":
                    self.say({"device_code": "dev", "user_code": "WXYZ-1234", "verification_uri": f"{outer.url}/go",
                              "expires_in": 60, "interval": 1})  # fmt: skip
                elif outer.polls and fields["grant_type"].endswith("device_code"):
                    self.say(outer.polls.pop(0), 400)
                else:
                    self.say(outer.tokens.pop(0))

            def do_GET(self) -> None:
                outer.seen.append(self.headers.get("Authorization", ""))
                self.say({"mine": f"you sent {self.headers.get('Authorization')}"})

            def say(self, data: Any, status: int = 200) -> None:
                body = json.dumps(data).encode()
                self.send_response(status)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: Any) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}"


@pytest.fixture
def authorities() -> Iterator[Authorities]:
    made = Authorities()
    threading.Thread(target=made.server.serve_forever, daemon=True).start()
    yield made
    made.server.shutdown()
    made.server.server_close()


@pytest.fixture
def spec(authorities: Authorities, tmp_path: Path) -> Path:
    paths = {
        "/mine": {"get": {"operationId": "getMine", "summary": "Mine", "responses": {"200": {"description": "x"}}}}
    }
    document = {"openapi": "3.1.0", "info": {"title": "Mine", "version": "1"}, "paths": paths}
    document["servers"] = [{"url": authorities.url}]
    (tmp_path / "mine.json").write_text(json.dumps(document))
    file = tmp_path / "mine.assistant.yaml"
    file.write_text(
        "schema: assistant/v1\nname: Mine\ndescription: Looks things up.\ninstructions: Look it up.\ntools:\n"
        "  - type: openapi\n    name: mine\n    schema: ./mine.json\n    oauth:\n"
        f"      device_url: {authorities.url}/device\n      token_url: {authorities.url}/token\n"
        "      client_id: gptsmith-test\n      scopes: [read]\n"
    )
    return file


def sign_in_of(spec: Path) -> SignIn:
    tool = load_file(spec).spec.tools[0]
    assert isinstance(tool, OpenApi)
    operations = Operations(tool, ToolContext(spec.parent, spec.parent))
    assert operations.sign_in is not None
    return operations.sign_in


WAIT = {"error": "authorization_pending"}


def test_a_person_signs_in_and_a_call_carries_the_token_that_nobody_reads(
    authorities: Authorities, spec: Path, system: Memory
) -> None:
    authorities.polls = [WAIT, {"error": "slow_down"}, WAIT]
    waits: list[float] = []
    sign_in = sign_in_of(spec)
    code = sign_in.begin()
    assert (code.user_code, code.url) == ("WXYZ-1234", f"{authorities.url}/go")
    sign_in.wait(code, waits.append)
    assert waits == [1, 1, 6, 6]
    assert authorities.asked[0] == {"path": "/device", "client_id": "gptsmith-test", "scope": "read"}
    model = Scripted(call("mine_getMine"), "There it is.")
    with Assistant.from_file(spec, model=model) as assistant:
        events = [event.model_dump_json() for event in assistant.stream("Mine?")]
    assert authorities.seen == ["Bearer tok-one-11"]
    assert "tok-one-11" not in "".join(events) and "you sent Bearer •••" in "".join(events)
    files = [path.read_bytes() for path in home_path().rglob("*") if path.is_file()]
    assert not any(b"tok-one-11" in data or b"again-1" in data for data in files)


def test_a_token_that_has_run_out_is_renewed(authorities: Authorities, spec: Path, system: Memory) -> None:
    authorities.tokens[0]["expires_in"] = 1
    authorities.tokens.append({"access_token": "tok-two-22", "token_type": "bearer", "expires_in": 3600})
    sign_in = sign_in_of(spec)
    sign_in.wait(sign_in.begin(), lambda _: None)
    assert sign_in.bearer() == sign_in.bearer() == "tok-two-22"
    assert authorities.asked[-1]["refresh_token"] == "again-1"
    assert json.loads(system.kept[sign_in.name])["refresh_token"] == "again-1"


@pytest.mark.parametrize(
    ("polls", "why"),
    [
        ([{"error": "access_denied"}], "the sign-in was refused"),
        ([{"error": "expired_token"}], "the code ran out"),
        ([WAIT] * 100, "the code ran out before it was entered"),
        ([{"error": "invalid_client"}], "the server says invalid_client"),
    ],
)
def test_a_sign_in_that_fails_says_why(
    polls: list[dict[str, Any]], why: str, authorities: Authorities, spec: Path, system: Memory
) -> None:
    authorities.polls = list(polls)
    sign_in = sign_in_of(spec)
    with pytest.raises(ToolError, match=why):
        sign_in.wait(sign_in.begin(), lambda _: None)
    assert system.kept == {}


def test_without_a_sign_in_the_model_is_told_and_nothing_is_sent(
    authorities: Authorities, spec: Path, system: Memory
) -> None:
    model = Scripted(call("mine_getMine"), "Sign in first.")
    with Assistant.from_file(spec, model=model) as assistant:
        reply = assistant.chat("Mine?")
    assert "mine: nobody is signed in; run gptsmith tools login" in reply.tool_calls[0].result
    assert authorities.seen == []


def test_tokens_belong_to_the_addresses_they_were_given_for(
    authorities: Authorities, spec: Path, system: Memory, tmp_path: Path
) -> None:
    sign_in = sign_in_of(spec)
    sign_in.wait(sign_in.begin(), lambda _: None)
    spec.write_text(
        spec.read_text().replace("schema: ./mine.json", "schema: ./mine.json\n    server: http://127.0.0.1:9")
    )
    with pytest.raises(ToolError, match="nobody is signed in"):
        sign_in_of(spec).bearer()
    hosts = [need.name for need in trust_needs(load_file(spec)) if need.kind == "host"]
    assert authorities.url.removeprefix("http://") in hosts


def test_no_keyring_no_sign_in(authorities: Authorities, spec: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from gptsmith.models.chat import providers

    monkeypatch.setattr(providers, "_keyring", lambda: None)
    sign_in = sign_in_of(spec)
    with pytest.raises(NotReadyError, match="no keyring"):
        sign_in.wait(sign_in.begin(), lambda _: None)


def test_in_the_terminal(
    authorities: Authorities, spec: Path, system: Memory, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["tools", "login", str(spec), "mine"]) == 0
    shown = capsys.readouterr()
    assert f"Open {authorities.url}/go and enter WXYZ-1234" in shown.out and "signed in" in shown.err
    assert len(system.kept) == 1
    assert run(["tools", "logout", str(spec), "mine"]) == 0
    assert system.kept == {}
    assert run(["tools", "login", str(spec), "other"]) == 2
