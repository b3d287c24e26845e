"""The `openapi` tool: documents with awkward schemas, calls of a real service on loopback, what the model is told."""

from __future__ import annotations

import contextlib
import copy
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from langchain_core.messages import AIMessage

from gptsmith import Assistant, NotReadyError, ToolError, UsageError
from gptsmith.assistants.files.trust import trust_needs
from gptsmith.assistants.format.loader import load_file
from gptsmith.tools import ToolContext
from gptsmith.tools.described_tool import check_arguments
from gptsmith.tools.openapi import OpenApi, make
from gptsmith.tools.service import Service, ServiceRequest
from tests.support.scripted import Scripted
from tests.support.web_service import Reply, WebService

SPEC = {"schema": "assistant/v1", "name": "Shop", "description": "A desk.", "instructions": "Be kind."}


def call(name: str, **args: Any) -> AIMessage:
    return AIMessage(content="", tool_calls=[{"name": name, "args": args, "id": "call_1"}])


def document(url: str, version: str = "3.0.3", **paths: Any) -> dict[str, Any]:
    return {
        "openapi": version,
        "info": {"title": "Shop", "version": "1"},
        "servers": [{"url": url}],
        "paths": paths or PATHS,
        "components": COMPONENTS,
    }


def parameter(name: str, place: str = "query", schema: Any = None, **more: Any) -> dict[str, Any]:
    return {"name": name, "in": place, "schema": schema or {"type": "string"}, **more}


def json_body(schema: dict[str, Any], *, required: bool = True) -> dict[str, Any]:
    return {"required": required, "content": {"application/json": {"schema": schema}}}


def kind(name: str, field: str) -> dict[str, Any]:
    fields = {"kind": {"type": "string", "const": name}, field: {"type": "string"}}
    return {"type": "object", "required": ["kind", field], "properties": fields}


COMPONENTS: dict[str, Any] = {
    "schemas": {
        "Order": {
            "type": "object",
            "required": ["item", "id"],
            "properties": {
                "id": {"type": "integer", "readOnly": True},
                "item": {"$ref": "#/components/schemas/Item"},
                "count": {"type": "integer", "format": "int32", "minimum": 0, "exclusiveMinimum": True, "default": 1},
                "note": {"type": "string", "nullable": True},
                "size": {"type": "string", "enum": ["S", "L"], "nullable": True},
                "parent": {"$ref": "#/components/schemas/Order"},
                "colour": {"anyOf": [{"type": "string", "enum": ["red", "blue"]}, {"type": "null"}]},
                "how": {"oneOf": [kind("cash", "amount"), kind("card", "number")]},
            },
        },
        "Item": {"type": "string", "pattern": "^(a+)+$", "example": "tile", "description": "What is ordered."},
        "Pay": {
            "oneOf": [
                {"type": "object", "required": ["card"], "properties": {"card": {"type": "string"}}},
                {"type": "object", "required": ["iban"], "properties": {"iban": {"type": "string"}}},
            ]
        },
        "Loop": {"$ref": "#/components/schemas/Loop"},
    },
    "parameters": {"Page": parameter("page", schema={"type": "integer"})},
}
PATHS: dict[str, Any] = {
    "/orders/{id}": {
        "parameters": [parameter("id", "path", {"type": "integer", "format": "int64"}, required=True)],
        "get": {
            "operationId": "getOrder",
            "summary": "Look up an order.",
            "parameters": [parameter("X-Trace", "header")],
        },
        "delete": {"operationId": "dropOrder"},
    },
    "/orders": {
        "get": {
            "operationId": "listOrders",
            "parameters": [
                {"$ref": "#/components/parameters/Page"},
                parameter("tags", schema={"type": "array", "items": {"type": "string"}}),
                parameter("ids", schema={"type": "array", "items": {"type": "integer"}}, explode=False),
                parameter("filter", schema={"type": "object"}, style="deepObject"),
                parameter("sort[by]", schema={"type": "string", "enum": ["date", "price"]}),
                parameter("open", schema={"type": "boolean"}),
            ],
        },
        "post": {"operationId": "addOrder", "requestBody": json_body({"$ref": "#/components/schemas/Order"})},
    },
    "/pay": {"post": {"operationId": "pay", "requestBody": json_body({"$ref": "#/components/schemas/Pay"})}},
    "/login": {
        "post": {
            "operationId": "login",
            "requestBody": {
                "required": True,
                "content": {
                    "application/x-www-form-urlencoded": {
                        "schema": {"type": "object", "properties": {"user": {"type": "string"}}}
                    }
                },
            },
        }
    },
    "/upload": {"post": {"operationId": "upload", "requestBody": {"required": True, "content": {"image/png": {}}}}},
    "/loop": {"post": {"operationId": "loop", "requestBody": json_body({"$ref": "#/components/schemas/Loop"})}},
    "/plain": {"get": {}},
}


@pytest.fixture
def service() -> Iterator[WebService]:
    with WebService() as running:
        yield running


def tools(folder: Path, data: Any, *, trust: bool = False, **fields: Any) -> dict[str, Any]:
    (folder / "api.json").write_text(data if isinstance(data, str) else json.dumps(data), "utf-8")
    spec = OpenApi.model_validate({"type": "openapi", "name": "shop", "schema": "./api.json", **fields})
    return {tool.name: tool for tool in make(spec, ToolContext(folder, folder, trust)).tools()}


def test_each_operation_that_can_be_called_is_a_tool(tmp_path: Path, service: WebService) -> None:
    found = tools(tmp_path, document(service.url))
    names = ["getOrder", "dropOrder", "listOrders", "addOrder", "pay", "login", "loop", "get_plain"]
    assert list(found) == [f"shop_{name}" for name in names]
    assert found["shop_getOrder"].description == "Look up an order. (Shop)"


def test_what_a_call_takes_is_told_as_a_plain_schema(tmp_path: Path, service: WebService) -> None:
    found = tools(tmp_path, document(service.url))
    order = found["shop_addOrder"].args_schema
    assert order["required"] == ["item"] and "id" not in order["properties"]
    assert {**order["properties"], "parent": None, "colour": None, "how": None} == {
        "item": {"type": "string", "description": "What is ordered. (pattern ^(a+)+$) (e.g. tile)"},
        "count": {"type": "integer", "format": "int32", "default": 1, "exclusiveMinimum": 0, "minimum": -(2**31),
                  "maximum": 2**31 - 1},
        "note": {"type": ["string", "null"]},
        "size": {"type": ["string", "null"], "enum": ["S", "L", None]},
        "parent": None, "colour": None, "how": None,
    }  # fmt: skip
    assert "$ref" not in json.dumps([tool.args_schema for tool in found.values()])
    assert len(found["shop_pay"].args_schema["properties"]["body"]["anyOf"]) == 2
    assert set(found["shop_listOrders"].args) == {"page", "tags", "ids", "filter", "sort_by", "open"}


@pytest.mark.parametrize(
    ("tool", "arguments", "path", "query", "body"),
    [
        ("getOrder", {"id": 7, "X-Trace": "t"}, "/orders/7", [], ""),
        ("listOrders", {"tags": ["a b", "&"], "ids": [1, 2], "open": True, "sort_by": "date"}, "/orders",
         [("tags", "a b"), ("tags", "&"), ("ids", "1,2"), ("sort[by]", "date"), ("open", "true")], ""),
        ("listOrders", {"filter": {"from": "x", "n": 1}}, "/orders", [("filter[from]", "x"), ("filter[n]", "1")], ""),
        ("addOrder", {"item": "aé", "note": None, "size": "L"}, "/orders", [],
         '{"item": "aé", "note": null, "size": "L"}'),
        ("addOrder", {"item": "a", "parent": {"item": "b"}}, "/orders", [], '{"item": "a", "parent": {"item": "b"}}'),
        ("pay", {"body": {"iban": "X"}}, "/pay", [], '{"iban": "X"}'),
        ("login", {"user": "a&b"}, "/login", [], "user=a%26b"),
        ("get_plain", {}, "/plain", [], ""),
    ],
)  # fmt: skip
def test_arguments_become_a_request(
    tool: str, arguments: Any, path: str, query: Any, body: str, tmp_path: Path, service: WebService
) -> None:
    tools(tmp_path, document(service.url))[f"shop_{tool}"].invoke(arguments)
    (seen,) = service.seen
    assert (seen.path, seen.query, seen.body) == (path, query, body)


@pytest.mark.parametrize(
    ("tool", "arguments", "told"),
    [
        ("getOrder", {"id": "x"}, "id: expected integer, got 'x'"),
        ("getOrder", {}, "missing: id"),
        ("getOrder", {"id": 2**70}, f"id: expected at most {2**63 - 1}, got {2**70}"),
        ("getOrder", {"id": 1, "x": 2}, "there is no argument x; there are: id, X-Trace"),
        ("getOrder", {"id": 1, "X-Trace": "a\r\nX: y"}, "X-Trace: a header cannot hold line breaks"),
        ("listOrders", {"sort_by": "age"}, "sort_by: expected one of 'date', 'price', got 'age'"),
        ("addOrder", {"item": "a", "count": 0}, "count: expected more than 0, got 0"),
        ("addOrder", {"item": "a", "size": "XL"}, "size: expected one of 'S', 'L', None, got 'XL'"),
        ("addOrder", {"item": "a", "how": {"kind": "card"}}, "how: missing: number"),
        ("addOrder", {"item": "a", "colour": "green"}, "colour: expected one of 'red', 'blue', got 'green'"),
        ("pay", {"body": {"cash": 1}}, "body: {'cash': 1} fits none of the allowed forms"),
    ],
)  # fmt: skip
def test_arguments_that_do_not_fit_never_leave(
    tool: str, arguments: Any, told: str, tmp_path: Path, service: WebService
) -> None:
    with pytest.raises(ToolError) as raised:
        tools(tmp_path, document(service.url))[f"shop_{tool}"].invoke(arguments)
    assert raised.value.message == told
    assert service.seen == []


@pytest.mark.parametrize("odd", ["../admin", "..", ".", "a/b", "a?x=1", "a#b", "%2e%2e", "", " "])
def test_a_value_in_the_path_leads_to_no_other_path(odd: str, tmp_path: Path, service: WebService) -> None:
    paths = {"/orders/{id}/items": {"get": {"operationId": "items", "parameters": [parameter("id", "path")]}}}
    tool = tools(tmp_path, document(service.url, **paths))["shop_items"]
    try:
        tool.invoke({"id": odd})
    except ToolError:
        assert service.seen == []
        return
    (seen,) = service.seen
    assert seen.path.startswith("/orders/") and seen.path.endswith("/items") and seen.path.count("/") == 3
    assert seen.query == []


ANSWERS = [
    (Reply({"id": 7, "state": "sent"}), '{"id": 7, "state": "sent"}'),
    (Reply(status=204), "Done; the service answered 204 No Content without any text."),
    (Reply("It is\nsent.", kind="text/plain"), "It is\nsent."),
    (Reply("<html><style>x{}</style><body><p>Sent &amp; gone</p></body>", kind="text/html"), "Sent & gone"),
    (Reply("{broken", kind="application/json"), "{broken"),
    (Reply(b"PNG!", kind="image/png"),
     "The service answered with 4 bytes of image/png, which cannot be shown as text."),
    (Reply("[" * 5000, kind="application/json"), "[" * 5000),
]  # fmt: skip


@pytest.mark.parametrize(("reply", "told"), ANSWERS)
def test_what_the_model_is_told(reply: Reply, told: str, tmp_path: Path, service: WebService) -> None:
    service.replies["GET /orders/7"] = reply
    assert tools(tmp_path, document(service.url))["shop_getOrder"].invoke({"id": 7}) == told


REFUSALS = [
    (Reply({"detail": "no\norder 7"}, 404), "the service answered 404 Not Found: no order 7"),
    (Reply({"detail": [{"loc": ["path", "id"], "msg": "too big"}]}, 422), "the service answered 422 Unprocessable"),
    (Reply({"error": {"code": 3, "message": "closed"}}, 409), "the service answered 409 Conflict: closed"),
    (Reply("<h1>Bad</h1><p>gateway</p>", 502, "text/html"), "the service answered 502 Bad Gateway: Bad gateway"),
    (Reply(status=500), "the service answered 500 Internal Server Error"),
    (Reply("x" * 900, 400, "text/plain"), f"the service answered 400 Bad Request: {'x' * 300}…"),
    (Reply(status=301), "the service answered 301 Moved Permanently"),
]


@pytest.mark.parametrize(("reply", "told"), REFUSALS)
def test_a_refusal_is_one_line(reply: Reply, told: str, tmp_path: Path, service: WebService) -> None:
    service.replies["GET /orders/7"] = reply
    with pytest.raises(ToolError) as raised:
        tools(tmp_path, document(service.url))["shop_getOrder"].invoke({"id": 7})
    assert str(raised.value).startswith(told) and "\n" not in str(raised.value)


def test_a_long_answer_is_cut_and_says_what_went(tmp_path: Path, service: WebService) -> None:
    service.replies["GET /orders"] = Reply([{"id": n, "text": "x" * 500} for n in range(3000)])
    told = tools(tmp_path, document(service.url))["shop_listOrders"].invoke({})
    assert len(told) < 8000 and told.startswith('[{"id": 0, ')
    assert "of 3,000 items left out" in told
    assert "Shortened: " in told and "were left out. Ask for less, or for the next page.)" in told


def test_redirects_are_followed_on_the_same_service(tmp_path: Path, service: WebService) -> None:
    service.replies["GET /orders/7"] = Reply(status=302, headers={"Location": "/moved?x=1"})
    service.replies["POST /orders"] = Reply(status=303, headers={"Location": "/done"})
    found = tools(tmp_path, document(service.url), headers={"X-Key": "k"})
    assert '"path": "/moved"' in found["shop_getOrder"].invoke({"id": 7})
    assert '"path": "/done"' in found["shop_addOrder"].invoke({"item": "a"})
    assert [(s.method, s.headers.get("x-key")) for s in service.seen[1::2]] == [("GET", "k")] * 2


def test_a_redirect_to_another_local_service_is_not_followed(tmp_path: Path, service: WebService) -> None:
    with WebService() as canary:
        service.replies["GET /orders/7"] = Reply(status=302, headers={"Location": f"{canary.url}/secret"})
        service.replies["POST /orders"] = Reply(status=307, headers={"Location": f"{canary.url}/secret"})
        found = tools(tmp_path, document(service.url))
        for tool, arguments in (("getOrder", {"id": 7}), ("addOrder", {"item": "a"})):
            with pytest.raises(ToolError):
                found[f"shop_{tool}"].invoke(arguments)
        assert canary.seen == []


def test_a_document_from_a_url_may_not_name_a_private_server(tmp_path: Path, service: WebService) -> None:
    with WebService() as canary:
        service.replies["GET /openapi.json"] = Reply(document(canary.url))
        spec = OpenApi.model_validate({"type": "openapi", "name": "shop", "schema": f"{service.url}/openapi.json"})
        for trust, reached in ((False, 0), (True, 1)):
            found = {t.name: t for t in make(spec, ToolContext(tmp_path, tmp_path, trust)).tools()}
            if not trust:
                with pytest.raises(ToolError, match="this machine or a private network"):
                    found["shop_get_plain"].invoke({})
            else:
                found["shop_get_plain"].invoke({})
            assert len(canary.seen) == reached


def test_a_document_from_a_url_with_a_relative_server(tmp_path: Path, service: WebService) -> None:
    service.replies["GET /v1/openapi.json"] = Reply(document("../v2", "3.1.0"))
    spec = OpenApi.model_validate(
        {"type": "openapi", "schema": f"{service.url}/v1/openapi.json", "operations": ["pay"]}
    )
    (tool,) = make(spec, ToolContext(tmp_path, tmp_path)).tools()
    tool.invoke({"body": {"card": "1"}})
    assert service.seen[-1].path == "/v2/pay"


def test_secrets_go_out_and_never_come_back(
    tmp_path: Path, service: WebService, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv("SHOP_KEY", "s3cr3t/key+1")
    monkeypatch.setenv("SHOP_TOKEN", "t0k3n-123")
    echoed = {"got": "s3cr3t/key+1 s3cr3t%2Fkey%2B1 t0k3n-123"}
    service.replies["GET /orders/7"] = Reply(echoed)
    service.replies["GET /orders/8"] = Reply(echoed, 401)
    (tmp_path / "api.json").write_text(json.dumps(document("https://unused.example")), "utf-8")
    tool = {
        "type": "openapi", "name": "shop", "schema": "./api.json", "operations": ["getOrder"],
        "server": f"{service.url}?key=${{env:SHOP_KEY}}", "headers": {"Authorization": "Bearer ${env:SHOP_TOKEN}"},
    }  # fmt: skip
    (tmp_path / "shop.assistant.yaml").write_text(json.dumps({**SPEC, "tools": [tool]}), "utf-8")
    model = Scripted(call("shop_getOrder", id=7), call("shop_getOrder", id=8), "Done.")
    with caplog.at_level("DEBUG"), Assistant.from_file(tmp_path / "shop.assistant.yaml", model=model) as a:
        events = list(a.stream("Where is it?", thread_id="t"))
        kept = str(a.engine.store.messages("t")) + str(a.history("t"))
    assert [s.headers["authorization"] for s in service.seen] == ["Bearer t0k3n-123"] * 2
    assert service.seen[0].query == [("key", "s3cr3t/key+1")]
    assert [c["status"] for c in events[-1].data["tool_calls"]] == ["ok", "error"]
    everywhere = str(events) + kept + str(model.history) + caplog.text
    assert not any(secret in everywhere for secret in ("s3cr3t", "t0k3n")) and "•••" in everywhere


BAD_DOCUMENTS = [
    ("{", "bad_document", "it is neither JSON nor YAML"),
    ("[]", "bad_document", "it is no OpenAPI document"),
    ('{"swagger": "2.0"}', "bad_document", "it is Swagger 2.0"),
    ('{"openapi": "4.0.0"}', "bad_document", "it says openapi: 4.0.0"),
    ("openapi: 3.0.0\nx: &a [1]\ny: *a\n", "bad_document", "it holds YAML aliases"),
    ("[" * 100_000, "bad_document", ""),
    ('{"openapi": "3.0.0", "paths": {}}', "bad_document", "has no operation that can be called"),
    ('{"openapi": "3.0.0", "paths": {"/x": {"get": {}}}}', "no_server", "does not say where the service is"),
]


@pytest.mark.parametrize(("text", "code", "why"), BAD_DOCUMENTS)
def test_a_document_that_cannot_be_used_is_said(text: str, code: str, why: str, tmp_path: Path) -> None:
    with pytest.raises(NotReadyError) as raised:
        tools(tmp_path, text)
    assert raised.value.code == code and why in raised.value.message


def test_an_operation_that_is_not_there_is_named_with_those_that_are(tmp_path: Path) -> None:
    (tmp_path / "api.json").write_text(json.dumps(document("https://x.example")), "utf-8")
    tool = {"type": "openapi", "schema": "./api.json", "operations": ["getOrdr"]}
    file = tmp_path / "a.assistant.yaml"
    file.write_text(json.dumps({**SPEC, "tools": [tool]}), "utf-8")
    (warning,) = [d for d in Assistant.check(file) if d.code == "unknown_operation"]
    assert warning.path == "tools[0]" and "has no operation getOrdr" in warning.message
    assert warning.hint.startswith("it has: getOrder, dropOrder")


def test_the_servers_of_a_document_beside_the_spec_are_listed(tmp_path: Path) -> None:
    (tmp_path / "api.yaml").write_text("openapi: 3.0.0\nservers: [{url: 'http://10.1.2.3:8080/v1'}]\n", "utf-8")
    file = tmp_path / "a.assistant.yaml"
    file.write_text(json.dumps({**SPEC, "tools": [{"type": "openapi", "schema": "./api.yaml"}]}), "utf-8")
    assert [(n.kind, n.name) for n in trust_needs(load_file(file))] == [("host", "10.1.2.3:8080")]


def test_references_without_end_are_left_open(tmp_path: Path, service: WebService) -> None:
    data = document(service.url, **{"/bomb": {"post": {"operationId": "bomb", "requestBody": json_body(
        {"$ref": "#/components/schemas/L0"})}}})  # fmt: skip
    two = [{"$ref": f"#/components/schemas/L{n + 1}"} for n in range(30)]
    data["components"] = {
        "schemas": {f"L{n}": {"type": "object", "properties": {"a": r, "b": r}} for n, r in enumerate(two)}
    }
    assert len(json.dumps(tools(tmp_path, data)["shop_bomb"].args_schema)) < 500_000


def test_a_service_that_does_not_answer_ends_in_time(service: WebService) -> None:
    service.replies["GET /slow"] = Reply("late", wait=3)
    with pytest.raises(ToolError) as raised:
        Service([service.url]).send(ServiceRequest("GET", f"{service.url}/slow"), seconds=0.2)
    assert str(raised.value) == "the service did not answer within 0.2 seconds"


def test_a_service_that_is_not_there_is_a_result_and_the_turn_goes_on(tmp_path: Path) -> None:
    (tmp_path / "api.json").write_text(json.dumps(document("http://127.0.0.1:1")), "utf-8")
    tool = {"type": "openapi", "name": "shop", "schema": "./api.json", "operations": ["getOrder"]}
    model = Scripted(call("shop_getOrder", id=7), "It cannot be reached.")
    a = Assistant.from_dict({**SPEC, "tools": [tool]}, base_dir=tmp_path, model=model)
    reply = a.chat("Where is order 7?")
    assert reply.text == "It cannot be reached."
    assert reply.tool_calls[0].result.startswith("The tool failed: the service cannot be reached (")


def test_a_document_that_cannot_be_fetched_is_asked_for_again(tmp_path: Path, service: WebService) -> None:
    service.replies["GET /api.json"] = Reply(status=503)
    tool = {"type": "openapi", "name": "shop", "schema": f"{service.url}/api.json", "operations": ["getOrder"]}
    model = Scripted("Hm.", call("shop_getOrder", id=7), "Sent.")
    a = Assistant.from_dict({**SPEC, "tools": [tool]}, base_dir=tmp_path, model=model)
    assert a.chat("Hello", thread_id="t").text == "Hm."
    assert "the server answered 503 Service Unavailable" in model.history[0][0].content
    assert model.bound == ["shop"]
    service.replies["GET /api.json"] = Reply(document(service.url))
    assert a.chat("Order 7?", thread_id="t").text == "Sent."
    assert model.bound == ["shop_getOrder"] and service.seen[-1].path == "/orders/7"


HUGE: dict[str, Any] = {}
for _ in range(2000):
    HUGE = {"x": HUGE}


@pytest.mark.parametrize(
    "arguments",
    [{"id": "x"}, {"id": 10**30}, {"id": float("nan")}, {"id": float("inf")}, {"id": True}, {"id": [1]}, HUGE, {}],
    ids=["text", "huge", "nan", "inf", "bool", "list", "deep", "none"],
)
def test_arguments_of_the_wrong_kind_are_an_error_to_the_model(
    arguments: dict[str, Any], tmp_path: Path, service: WebService
) -> None:
    (tmp_path / "api.json").write_text(json.dumps(document(service.url)), "utf-8")
    tool = {"type": "openapi", "name": "shop", "schema": "./api.json", "operations": ["getOrder"]}
    model = Scripted(call("shop_getOrder", **arguments), always="So.")
    a = Assistant.from_dict({**SPEC, "tools": [tool]}, base_dir=tmp_path, model=model)
    reply = a.chat("Order?", thread_id="t")
    assert service.seen == [] and "So." in reply.text
    assert all(c.status == "error" for c in reply.tool_calls)
    assert [row.role for row in a.engine.store.messages("t")][-1] == "assistant"
    model.answers.append("Again.")
    assert a.chat("And now?", thread_id="t").text == "Again."


def test_fifty_calls_at_once_and_the_same_id_for_all(tmp_path: Path, service: WebService) -> None:
    (tmp_path / "api.json").write_text(json.dumps(document(service.url)), "utf-8")
    tool = {"type": "openapi", "name": "shop", "schema": "./api.json", "operations": ["getOrder"], "max_calls": 3}
    many = call("shop_getOrder", id=7)
    many.tool_calls = [{"name": "shop_getOrder", "args": {"id": n}, "id": "same"} for n in range(50)]
    a = Assistant.from_dict({**SPEC, "tools": [tool]}, base_dir=tmp_path, model=Scripted(many, "Done."))
    reply = a.chat("All of them", thread_id="t")
    assert sorted(s.path for s in service.seen) == ["/orders/0", "/orders/1", "/orders/2"]
    assert [c.status for c in reply.tool_calls].count("error") == 47
    assert len({c.id for c in reply.tool_calls}) == 50


def test_a_service_that_asks_first_is_asked_for_each_operation(tmp_path: Path, service: WebService) -> None:
    (tmp_path / "api.json").write_text(json.dumps(document(service.url)), "utf-8")
    tool = {"type": "openapi", "name": "shop", "schema": "./api.json", "requires_approval": True}
    model = Scripted(call("shop_getOrder", id=7), "Sent.")
    a = Assistant.from_dict({**SPEC, "tools": [tool]}, base_dir=tmp_path, model=model)
    assert a.chat("Order 7?", thread_id="t").finish_reason == "approval"
    assert service.seen == []
    with pytest.raises(UsageError, match="id: expected integer, got 'x'"):
        a.resume("t", [{"type": "edit", "args": {"id": "x"}}])
    assert a.resume("t", [{"type": "edit", "args": {"id": 8}}]).text == "Sent."
    assert [s.path for s in service.seen] == ["/orders/8"]


ODD: list[Any] = [
    None, True, -1.5, "x", [], {}, [None], {"$ref": "#/nope"}, {"$ref": 5}, {"type": [{}]}, {"type": "any"}, 10**40,
    {"enum": [[1], {}]}, {"properties": 3, "required": ["a"]}, {"$ref": "#/components/schemas/Loop"},
]  # fmt: skip


def places(node: Any, way: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Give the way to every value of a document."""
    for key in node if isinstance(node, dict) else range(len(node)) if isinstance(node, list) else ():
        yield (*way, key)
        yield from places(node[key], (*way, key))


@pytest.mark.parametrize("odd", ODD, ids=repr)
def test_a_document_that_is_wrong_anywhere_is_used_as_far_as_it_goes(odd: Any, tmp_path: Path) -> None:
    whole = document("http://127.0.0.1:1")
    for way in places(whole):
        data = copy.deepcopy(whole)
        at = data
        for key in way[:-1]:
            at = at[key]
        at[way[-1]] = odd
        try:
            for tool in tools(tmp_path, data).values():
                for arguments in ({}, {"item": "a"}, {"tags": ["a"], "filter": {"a": 1}}):
                    check_arguments_of(tool, arguments)
        except NotReadyError:
            continue


def check_arguments_of(tool: Any, arguments: dict[str, Any]) -> None:
    with contextlib.suppress(ToolError):
        check_arguments(arguments, tool.args_schema)


def test_tests_of_a_spec_name_operations(tmp_path: Path) -> None:
    (tmp_path / "api.json").write_text(json.dumps(document("https://x.example")), "utf-8")
    tool = {"type": "openapi", "name": "shop", "schema": "./api.json"}
    for name, warned in (("shop_getOrder", False), ("getOrder", True)):
        test = {"name": "looks", "message": "Order 7?", "expect": {"calls": [name]}}
        file = tmp_path / "a.assistant.yaml"
        file.write_text(json.dumps({**SPEC, "tools": [tool], "tests": [test]}), "utf-8")
        assert bool([d for d in Assistant.check(file) if d.code == "unknown_tool"]) == warned
