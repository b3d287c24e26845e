"""One made-up tool, reader, provider, field and tab: each is added in one place and works everywhere."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, ClassVar, Literal

import pytest
from langchain_core.tools import BaseTool, StructuredTool
from pydantic import Field

from gptsmith import Assistant
from gptsmith.assistants.format.loader import check_text
from gptsmith.assistants.format.providers import PROVIDERS, Provider
from gptsmith.assistants.format.schema import json_schema, reference
from gptsmith.assistants.format.spec import TOOL_TYPES, ToolFacts, ToolSpec
from gptsmith.tools.registry import STRICT, Request, ToolContext, tool_type
from gptsmith.ui.web import tabs
from tests.support.loopback import Loopback
from tests.support.pages import make_library, open_page, words
from tests.support.scripted import Scripted, call

HEAD = "schema: assistant/v1\nname: Tides\ndescription: Knows the tides.\ninstructions: Answer briefly.\n"


# ---- a tool: a spec class and what makes it


@pytest.fixture
def tide_table() -> Iterator[None]:
    """The tool type `tide_table`, for one test."""

    def make(spec: Any, _context: ToolContext) -> BaseTool:
        return StructuredTool.from_function(
            lambda request: f"{request}: high water at 6:14 in {spec.harbour}", name=spec.name, args_schema=Request,
            description="Tide times.",
        )  # fmt: skip

    @tool_type(make, Request)
    class TideTable(ToolSpec):
        """Tide times of one harbour."""

        model_config = STRICT
        TYPE: ClassVar[str] = "tide_table"
        SUMMARY: ClassVar[str] = "Says when the water is high."
        FACTS: ClassVar[ToolFacts] = ToolFacts(
            label="Tides", first=("harbour",), harmless=True, suggested=("tides", "Looks up high and low water."),
            requests=("let it look up high and low tide",), example="When is high water?",
        )  # fmt: skip

        type: Literal["tide_table"] = "tide_table"
        harbour: str = Field(default="Leith", description="Where the water is.")

    yield
    del TOOL_TYPES["tide_table"]


@pytest.mark.usefixtures("tide_table")
def test_a_tool_is_known_to_turns_page_builder_trials_and_docs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from gptsmith.agent.builder import builder
    from gptsmith.agent.builder.composing import tools
    from gptsmith.agent.builder.testing import known

    specs = make_library(tmp_path, monkeypatch)
    file = specs / "tides.assistant.yaml"
    file.write_text(HEAD + "tools:\n  - type: tide_table\n    harbour: Oban\n", "utf-8")
    model = Scripted(call("tide_table", request="today"), "At 6:14.")
    reply = Assistant.from_file(file, model=model).chat("When is high water?")
    assert reply.text == "At 6:14."
    assert "today: high water at 6:14 in Oban" in str(model.history[-1][-1].content)

    at = open_page(page="edit", assistant="tides", tab="Configure")
    assert "**Tides**" in words(at) and "Says when the water is high." in words(at)
    assert "Oban" in [field.value for field in at.text_input]

    assert builder._offered()["tide_table"] == "Says when the water is high."
    assert tools._abilities()["tide_table"] == ("let it look up high and low tide",)
    assert known.call_of("tide_table", "tides") == "When is high water?"
    assert "Where the water is." in reference([]) and "Where the water is." in json.dumps(json_schema())


# ---- a reader: a file in rag/reading/formats/; `sitecustomize` puts it there for this process and the reading child

READER = """
from gptsmith.rag.reading.parsed import Kind, whole

KIND = Kind("star charts", (".star",), lambda raw: whole(raw.data.decode().replace("*", "star ")))
"""


def in_a_process_of_its_own(code: str, tmp_path: Path, before: str = "") -> str:
    """Run code after `before`, which every Python of it runs first; return what it printed."""
    (tmp_path / "sitecustomize.py").write_text(before, "utf-8")
    env = os.environ | {"PYTHONPATH": str(tmp_path), "GPTSMITH_HOME": str(tmp_path / "home"), "GPTSMITH_MIND": "off"}
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False, env=env)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def test_a_reader_serves_knowledge_and_uploads(tmp_path: Path) -> None:
    folder = tmp_path / "readers"
    folder.mkdir()
    (folder / "stars.py").write_text(READER, "utf-8")
    (tmp_path / "sky.star").write_text("The brightest is *Sirius, in the Great Dog.", "utf-8")
    file = tmp_path / "sky.assistant.yaml"
    file.write_text(HEAD + "model: embedded\nknowledge:\n  - {name: sky, paths: [sky.star]}\n", "utf-8")
    code = f"""
from gptsmith import Assistant
from gptsmith.rag.reading import kinds
from gptsmith.ui.web.state import uploads
assistant = Assistant.from_file({str(file)!r})
print([receipt.status for receipt in assistant.sync_knowledge()])
print(assistant.search_knowledge("Which is the brightest?")[0].text)
print(uploads.check_upload("sky.star", b"*Vega").kind, "star" in uploads.DOCUMENTS, "star charts" in kinds.kind_names())
"""
    before = f"import gptsmith.rag.reading.formats as formats\nformats.__path__.append({str(folder)!r})\n"
    assert in_a_process_of_its_own(code, tmp_path, before).splitlines() == [
        "['ok']",
        "The brightest is star Sirius, in the Great Dog.",
        "document True True",
    ]


# ---- a provider: a row of the table


def test_a_provider_is_checked_and_made(loopback: Loopback, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(
        PROVIDERS, "acme", Provider("https://api.acme.example/v1", "ACME_KEY", ("ACME_URL",), speaks="openai")
    )
    assert [d.code for d in check_text(HEAD + "model: acme:small\n")] == []
    assert [d.hint for d in check_text(HEAD + "model: acmee:small\n")] == ["did you mean acme:small?"]
    monkeypatch.setenv("ACME_URL", loopback.base_url)
    monkeypatch.setenv("MINE", loopback.api_key)
    monkeypatch.setenv("GPTSMITH_HOME", str(tmp_path / "home"))
    file = tmp_path / "a.assistant.yaml"
    file.write_text(HEAD + "model: {provider: acme, name: small, api_key: '${env:MINE}'}\n", "utf-8")
    loopback.always = "Ahoy."
    assert Assistant.from_file(file).chat("Hello").text == "Ahoy."


# ---- a field: a line in the spec's models

FIELD = """
import importlib.util, pathlib, sys

found = importlib.util.find_spec("gptsmith.assistants.format.spec")
line = '    motto: str | None = Field(default=None, max_length=60, description="Said at the top.")\\n'
text = pathlib.Path(found.origin).read_text("utf-8").replace("    disclaimer: ", line + "    disclaimer: ", 1)
module = importlib.util.module_from_spec(found)
sys.modules[found.name] = module
exec(compile(text, found.origin, "exec"), module.__dict__)
"""


def test_a_field_is_in_schema_form_and_docs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    specs = make_library(tmp_path, monkeypatch)
    file = specs / "night-sky.assistant.yaml"
    file.write_text(file.read_text("utf-8") + "motto: Look up\n", "utf-8")
    code = f"""{FIELD}
from gptsmith import Assistant
from gptsmith.assistants.format.schema import json_schema, reference
print(Assistant.from_file({str(file)!r}).spec.motto, json_schema()["properties"]["motto"]["description"])
print([line for line in reference([]).splitlines() if "motto" in line])
from tests.support.pages import open_page
at = open_page(page="edit", assistant="night-sky", tab="Configure")
assert not at.exception, at.exception
print([(field.label, field.value) for field in at.text_input if field.label == "Motto"])
"""
    monkeypatch.setenv("PYTHONPATH", "")
    lines = in_a_process_of_its_own(
        f"import sys; sys.path.insert(0, {str(Path(__file__).parents[1])!r})\n{code}", tmp_path
    )
    spoken, documented, shown = lines.splitlines()
    assert spoken == "Look up Said at the top."
    assert "`motto`" in documented and "Said at the top." in documented
    assert shown == "[('Motto', 'Look up')]"


# ---- a tab: a file in ui/web/tabs/

TAB = """
import streamlit as st
from gptsmith.ui.web.tabs.tab import Tab

TAB = Tab("Stars", 45, lambda _desk, bench, sheet: st.markdown(f"{bench.id} has {len(sheet.text)} characters."))
"""


def test_a_tab_is_drawn(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    specs = make_library(tmp_path, monkeypatch)
    folder = tmp_path / "tabs"
    folder.mkdir()
    (folder / "stars_tab.py").write_text(TAB, "utf-8")
    monkeypatch.setattr(tabs, "__path__", [*tabs.__path__, str(folder)])
    tabs.all_tabs.cache_clear()
    try:
        at = open_page(page="edit", assistant="night-sky", tab="Stars")
        length = len((specs / "night-sky.assistant.yaml").read_text("utf-8"))
        assert f"night-sky has {length} characters." in words(at)
        assert [tab.label for tab in at.tabs] == ["Create", "Configure", "YAML", "Tests", "Stars", "Versions"]
    finally:
        tabs.all_tabs.cache_clear()
        sys.modules.pop("gptsmith.ui.web.tabs.stars_tab", None)
