"""Random requests, made from the OpenAPI document of the HTTP door, meet no failure of ours."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from gptsmith.ui.http.app import openapi
from tests.support.http_door import spec_file


@pytest.mark.slow
@pytest.mark.filterwarnings("default")
def test_random_requests_meet_no_failure_of_ours(tmp_path: Path) -> None:
    schemathesis = pytest.importorskip("schemathesis")
    from hypothesis import HealthCheck, Phase, given, settings

    (tmp_path / "notes.md").write_text("The panel of the ship was painted in 1755.", "utf-8")
    spec = spec_file(tmp_path, model="embedded", knowledge=[{"name": "notes", "paths": ["./notes.md"]}])
    environment = {**os.environ, "GPTSMITH_MIND": "off", "GPTSMITH_FETCH": "off"}
    command = [sys.executable, "-m", "gptsmith", "serve", str(spec), "--port", "0", "--rate", "100000", "--json"]
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True) as server:
        try:
            assert server.stdout is not None
            said = ""
            while not said.rstrip().endswith("}"):
                said += server.stdout.readline()
            url = json.loads(said)["url"]
            schema = schemathesis.openapi.from_dict(openapi())
            failed: list[str] = []
            for operation in (result.ok() for result in schema.get_all_operations()):
                if operation.path in ("/ready", "/v1/images/generations"):  # one says 503 while it loads, one draws
                    continue

                @settings(
                    max_examples=5,
                    deadline=None,
                    database=None,
                    derandomize=True,
                    phases=[Phase.generate],
                    suppress_health_check=list(HealthCheck),
                )
                @given(case=operation.as_strategy())
                def ask(case: Any) -> None:
                    response = case.call(base_url=url, timeout=120)
                    if response.status_code >= 500:
                        failed.append(f"{case.method} {case.path}: {response.status_code} {response.text[:200]}")

                ask()
        finally:
            server.terminate()
    assert failed == []
