"""The OpenAPI document of the HTTP door: every route stands in it, and random requests meet no failure of ours."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from gptsmith.ui.http.app import openapi
from tests.support.http_door import door, spec_file
from tests.support.scripted import Scripted


def test_every_route_says_what_it_does() -> None:
    document = openapi()
    for path, methods in document["paths"].items():
        for method, about in methods.items():
            assert about["description"].strip(), (method, path)
    assert {"/v1/chat/completions", "/v1/responses", "/v1/models", "/metrics"} <= set(document["paths"])


@pytest.mark.slow
@pytest.mark.filterwarnings("default")
def test_random_requests_meet_no_failure_of_ours(tmp_path: Path) -> None:
    schemathesis = pytest.importorskip("schemathesis")
    from hypothesis import HealthCheck, Phase, given, settings

    (tmp_path / "notes.md").write_text("The panel of the ship was painted in 1755.", "utf-8")
    spec = spec_file(tmp_path, knowledge=[{"name": "notes", "paths": ["./notes.md"]}])
    with door([spec], Scripted(always="Fine.")) as url:
        schema = schemathesis.openapi.from_dict({**openapi(), "servers": [{"url": url}]})
        schema.config.update(base_url=url)
        failed: list[str] = []
        for operation in (result.ok() for result in schema.get_all_operations()):
            if operation.path == "/ready":  # 503 is its answer while it loads
                continue

            @settings(
                max_examples=12,
                deadline=None,
                database=None,
                phases=[Phase.generate],
                suppress_health_check=list(HealthCheck),
                derandomize=True,
            )
            @given(case=operation.as_strategy())
            def ask(case: Any) -> None:
                response = case.call(base_url=url)
                if response.status_code >= 500:
                    failed.append(f"{case.method} {case.path}: {response.status_code} {response.text[:200]}")

            ask()
    assert failed == []
