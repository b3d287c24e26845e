"""gptsmith's own events over HTTP: threads, approvals, pictures, and whose they are."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import httpx
import pytest

from gptsmith.tools import register_tool
from gptsmith.ui.http.keys import Keys
from tests.support.http_door import door, spec_file
from tests.support.scripted import Scripted, call

TURNS = "/assistants/desk/threads/t1/turns"


def events(made: httpx.Response) -> list[tuple[int, str, dict[str, Any]]]:
    assert made.status_code == 200, made.text
    found = []
    for block in made.text.split("\n\n"):
        fields = dict(line.split(": ", 1) for line in block.splitlines() if line and not line.startswith(":"))
        if fields:
            found.append((int(fields["id"]), fields["event"], json.loads(fields["data"])))
    return found


def test_a_turn_streams_and_can_be_followed_again(tmp_path: Path) -> None:
    with door([spec_file(tmp_path)], Scripted("One two three.")) as url, httpx.Client(base_url=url, timeout=60) as api:
        made = api.post(TURNS, json={"text": "Count"})
        first = events(made)
        assert [number for number, _, _ in first] == list(range(1, len(first) + 1))
        assert "".join(data["text"] for _, kind, data in first if kind == "text") == "One two three."
        assert first[-1][1] == "done" and first[-1][2]["thread_id"] == "t1"
        turn = made.headers["X-Turn-Id"]
        assert events(api.get(f"{TURNS}/{turn}/events", params={"after": 1}))[-1] == first[-1]
        again = api.get(f"{TURNS}/{turn}/events", headers={"Last-Event-ID": str(len(first) - 1)})
        assert events(again) == first[-1:]
        assert api.get("/assistants/desk/threads").json()["threads"][0]["id"] == "t1"
        (kept,) = api.get("/assistants/desk/threads/t1").json()["turns"]
        assert (kept["message"], kept["reply"]["text"]) == ("Count", "One two three.")
        assert api.get(f"/assistants/desk/threads/other/turns/{turn}/events").status_code == 404
        assert api.delete("/assistants/desk/threads/t1").json() == {"id": "t1", "deleted": True}
        assert api.get("/assistants/desk/threads/t1").status_code == 404


def test_a_call_that_waits_is_decided_over_http(tmp_path: Path) -> None:
    ran: list[int] = []

    def order(count: int) -> str:
        """Order tiles."""
        ran.append(count)
        return "ordered"

    register_tool(order)
    spec = spec_file(tmp_path, tools=[{"type": "order", "requires_approval": True}])
    with door([spec], Scripted(call("order", count=2), "Done.")) as url, httpx.Client(base_url=url, timeout=60) as api:
        first = events(api.post(TURNS, json={"text": "Two"}))
        assert first[-1][2]["finish_reason"] == "approval" and ran == []
        assert api.get("/assistants/desk/threads/t1").json()["waiting"][0]["args"] == {"count": 2}
        resume = "/assistants/desk/threads/t1/resume"
        assert api.post(resume, json={"decisions": []}).status_code == 400
        edited = events(api.post(resume, json={"decisions": [{"type": "edit", "args": {"count": 1}}]}))
        assert edited[-1][2]["text"] == "Done." and ran == [1]
        assert "nothing waits" in api.post(resume, json={"decisions": []}).json()["error"]["message"]


def test_pictures_have_an_address_and_no_path(tmp_path: Path) -> None:
    tool = {"type": "image_generation", "name": "draw", "steps": 1, "caption_upsampling": False}
    model = Scripted(call("draw", request="a red circle"), "Here.")
    with door([spec_file(tmp_path, tools=[tool])], model) as url, httpx.Client(base_url=url, timeout=60) as api:
        made = api.post(TURNS, json={"text": "Draw"})
        (image,) = [data for _, kind, data in events(made) if kind == "image"]
        assert api.get(image["url"]).content.startswith(b"\x89PNG")
        assert api.get(image["url"].replace("t1", "t2")).status_code in (400, 404)
        assert api.get(image["url"].rpartition("/")[0] + "/..%2f..%2fthreads.sqlite").status_code in (400, 404)
        assert str(tmp_path) not in made.text
        assert str(tmp_path) not in api.get("/assistants/desk/threads/t1").text


def test_knowledge_can_be_looked_through(tmp_path: Path) -> None:
    (tmp_path / "guide.md").write_text("# Ship\n\nThe panel of the ship was painted in 1755 by Bartolomeu Antunes.\n")
    spec = spec_file(tmp_path, knowledge=[{"name": "guide", "paths": ["./guide.md"]}])
    with door([spec], Scripted()) as url, httpx.Client(base_url=url, timeout=60) as api:
        hits = api.post("/assistants/desk/knowledge/search", json={"query": "ship panel"}).json()["hits"]
        receipts = api.get("/assistants/desk/knowledge").json()["receipts"]
    assert "1755" in hits[0]["text"]
    assert [(one["source"], one["status"]) for one in receipts] == [("guide.md", "ok")]


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/assistants/desk/threads/t1"),
        ("GET", "/assistants/desk/threads/t1/turns/{turn}/events"),
        ("DELETE", "/assistants/desk/threads/t1/turns/{turn}"),
        ("GET", "/assistants/desk/threads/k{ana}-t1"),
        ("GET", "/assistants/desk/threads/k{ana}-t1/turns/{turn}/events"),
        ("DELETE", "/assistants/desk/threads/k{ana}-t1/turns/{turn}"),
    ],
)
def test_another_key_reaches_nothing(tmp_path: Path, method: str, path: str) -> None:
    keys = Keys()
    ana, bob = keys.add("ana"), keys.add("bob")
    with door([spec_file(tmp_path)], Scripted("Hello Ana.")) as url, httpx.Client(base_url=url, timeout=60) as api:
        made = api.post(TURNS, json={"text": "I am Ana"}, headers={"Authorization": f"Bearer {ana}"})
        assert events(made)[-1][1] == "done"
        place = path.format(turn=made.headers["X-Turn-Id"], ana=ana[4:16])
        tried = api.request(method, place, headers={"Authorization": f"Bearer {bob}"})
        assert tried.status_code == 404 and "Ana" not in tried.text
        listed = api.get("/assistants/desk/threads", headers={"Authorization": f"Bearer {bob}"})
        assert listed.json() == {"threads": []}
