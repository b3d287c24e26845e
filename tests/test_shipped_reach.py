"""The shipped assistants that reach further: a shop's service, an MCP server, Python over a table."""

from __future__ import annotations

import importlib.util
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from gptsmith import Assistant
from gptsmith.assistants.files.library import shipped_files
from gptsmith.assistants.files.trust import trust_needs
from gptsmith.assistants.format.loader import load_file
from gptsmith.errors import NotReadyError
from tests.support.scripted import Scripted, call

SPECS = {path.name.removesuffix(".assistant.yaml"): path for path in shipped_files()}


@pytest.fixture
def shop(monkeypatch: pytest.MonkeyPatch) -> Iterator[dict[int, dict[str, Any]]]:
    """The shop's own service on a free port; its orders."""
    file = SPECS["shop-desk"].parent / "shop-desk.files" / "service.py"
    spec = importlib.util.spec_from_file_location("shop_service", file)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    server = module.make(0)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    monkeypatch.setenv("SHOP_URL", f"http://127.0.0.1:{server.server_address[1]}")
    yield module.ORDERS
    server.shutdown()
    server.server_close()


@pytest.mark.parametrize(
    ("id", "needs"),
    [
        ("shop-desk", [("host", "127.0.0.1:8790"), ("variable", "SHOP_URL")]),
        ("researcher", [("command", "uvx mcp-server-fetch")]),
        ("data-analyst", [("code", "the model, written over your files")]),
    ],
)
def test_what_each_would_run_or_reach_is_listed(
    id: str, needs: list[tuple[str, str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("SHOP_URL", raising=False)
    assert [str(d) for d in Assistant.check(SPECS[id]) if d.severity == "error"] == []
    assert [(need.kind, need.name) for need in trust_needs(load_file(SPECS[id]))] == needs
    about = load_file(SPECS[id]).spec
    assert about.tests and len(about.conversation_starters) > 2 and about.metadata["license"] == "Apache-2.0"


@pytest.mark.parametrize("id", ["researcher", "data-analyst"])
def test_without_trust_it_says_what_it_would_do(id: str) -> None:
    with pytest.raises(NotReadyError, match="this assistant wants to"):
        Assistant.from_file(SPECS[id], model=Scripted("x")).chat("Hello")


def test_the_shop_looks_up_and_cancels_only_after_a_yes(shop: dict[int, dict[str, Any]]) -> None:
    model = Scripted(
        call("shop_getOrder", number=1002),
        call("changes_cancelOrder", "call_2", number=1002),
        "It is cancelled.",
    )
    with Assistant.from_file(SPECS["shop-desk"], model=model) as assistant:
        reply = assistant.chat("Please cancel my order 1002.")
        assert reply.finish_reason == "approval" and shop[1002]["status"] == "being packed"
        assert [(one.name, one.args) for one in reply.approvals] == [("changes_cancelOrder", {"number": 1002})]
        reply = assistant.resume(reply.thread_id, [{"type": "approve"}])
    assert shop[1002]["status"] == "cancelled" and reply.text == "It is cancelled."


def test_the_shops_own_tests_run_with_its_service_and_say_why_not_without(
    shop: dict[int, dict[str, Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    def answers() -> Scripted:
        first = "You have 30 days [1]."
        return Scripted(first, call("shop_getOrder", number=1003), "It is on its way.", "Which one?")

    found = Assistant.from_file(SPECS["shop-desk"], model=answers()).run_tests()
    assert found[1].passed, found[1].failures
    monkeypatch.setenv("SHOP_URL", "http://127.0.0.1:9")
    away = Assistant.from_file(SPECS["shop-desk"], model=answers()).run_tests()[1]
    assert (away.passed, away.error) == (False, "unavailable")
    assert away.failures[0].startswith("not run: shop_getOrder: ")


@pytest.mark.skipif(sys.platform != "linux", reason="the walls of the child are Linux's")
def test_the_analyst_computes_over_its_own_table_and_shows_a_plot() -> None:
    pytest.importorskip("pandas")
    pytest.importorskip("matplotlib")
    code = (
        "import pandas as pd, matplotlib.pyplot as plt\n"
        "table = pd.read_csv('rentals.csv', parse_dates=['day'])\n"
        "sums = table.groupby(table.day.dt.month).rentals.sum()\n"
        "sums.plot.bar(title='Rentals')\n"
        "print(int(sums[7]))"
    )
    model = Scripted(call("python", code=code), "There they are.")
    with Assistant.from_file(SPECS["data-analyst"], trust=True, model=model) as assistant:
        reply = assistant.chat("Plot the rentals of each month.")
    wanted = load_file(SPECS["data-analyst"]).spec.tests[0].expect.matches or ""
    assert reply.tool_calls[0].status == "ok", reply.tool_calls[0].result
    assert reply.tool_calls[0].result.startswith(wanted.replace(",?", ""))
    assert len(reply.images) == 1


def test_the_skills_are_read(shop: dict[int, dict[str, Any]]) -> None:
    model = Scripted(call("use_skill", skill="complaint"), "I am sorry.")
    with Assistant.from_file(SPECS["shop-desk"], model=model) as assistant:
        reply = assistant.chat("My pan came broken!")
    assert "Look the order up" in reply.tool_calls[0].result
    assert Path(SPECS["researcher"].parent / "researcher.files/skills/reading-note/references/example.md").is_file()
