"""Assistants that come and go in the page: exported, imported, made of a conversation."""

from __future__ import annotations

import io
import time
import zipfile
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from gptsmith.ui.web.state.desk import open_desk
from tests.support.pages import NIGHT_SKY, make_library, open_page, words


@pytest.fixture
def library(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A library with one assistant of the person's own; returns the folder of its specs."""
    return make_library(tmp_path, monkeypatch)


def hand_in(data: bytes, name: str = "night-sky.assistant.zip") -> AppTest:
    """Choose a file in the dialog of the gallery."""
    at = open_page()
    at.button(key="import").click().run()
    at.button(key="import").click()
    return at.file_uploader(key="bundle").set_value((name, data, "application/zip")).run()


def exported() -> bytes:
    return open_desk().bundles.export(open_desk().bench("night-sky").path)[1]


def test_an_assistant_is_exported_with_what_goes_along(library: Path) -> None:
    at = open_page(page="edit", assistant="night-sky", tab="Versions")
    at.button(key="export").click().run()
    said = words(at)
    assert "1 file, 0 versions, 0 tests" in said
    assert at.download_button(key="download")
    with zipfile.ZipFile(io.BytesIO(exported())) as bundle:
        assert bundle.read("night-sky.assistant.yaml").decode() == NIGHT_SKY


def test_what_cannot_go_along_is_said(library: Path) -> None:
    spec = library / "night-sky.assistant.yaml"
    spec.write_text(
        NIGHT_SKY + "model: {provider: openai, name: x, options: {key: sk-proj-abcdefghijklmnopqrstuvwxyz012345}}\n"
    )
    at = open_page(page="edit", assistant="night-sky", tab="Versions")
    at.button(key="export").click().run()
    assert len(at.error) == 1
    assert not at.download_button


def test_an_assistant_is_brought_in_after_a_look(library: Path) -> None:
    spec = library / "night-sky.assistant.yaml"
    (library / "tools.py").write_text("def price(tile: str) -> str:\n    return '4 euros'\n")
    spec.write_text(NIGHT_SKY + "tools:\n  - {type: mcp, name: sky, url: 'https://sky.example/mcp'}\n")
    data = exported()
    spec.unlink()
    at = hand_in(data)
    said = words(at)
    assert "**Night sky**" in said
    assert "It sends text to this address:" in said
    assert "sky.example" in [code.value for code in at.code]
    assert not spec.exists()
    at.button(key="bring-in").click().run()
    words(at)
    assert spec.read_text().startswith(NIGHT_SKY)
    chat = open_page(page="chat", assistant="night-sky")
    assert "Do you trust this assistant?" in words(chat)
    chat.button(key="trust-it").click().run()
    assert chat.chat_input


@pytest.mark.parametrize("data", [b"no zip at all", b""])
def test_a_file_that_is_no_bundle_is_refused(library: Path, data: bytes) -> None:
    at = hand_in(data)
    assert len(at.error) == 1
    assert "bring-in" not in {button.key for button in at.button}
    assert len(list(library.glob("*.yaml"))) == 1


def test_a_file_that_leads_out_of_its_folder_is_refused(library: Path, tmp_path: Path) -> None:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as bundle:
        bundle.writestr("night-sky.assistant.yaml", NIGHT_SKY)
        bundle.writestr("../escaped.txt", "x")
    at = hand_in(out.getvalue())
    assert len(at.error) == 1
    assert not list(tmp_path.rglob("escaped.txt"))


def test_an_assistant_is_made_of_a_conversation(library: Path) -> None:
    at = open_page(page="chat", assistant="museum-guide")
    at.chat_input(key="say").set_value("What is an enxaquetado floor?").run()
    at.chat_input(key="say").set_value("Please always answer in one sentence.").run()
    at.button(key="make-from").click().run()
    deadline = time.monotonic() + 60
    while at.query_params.get("page") != ["edit"] and time.monotonic() < deadline:
        at.run()
        if "edit" in str(at.query_params.get("page")):
            break
    words(at)
    drafts = open_desk().drafts()
    assert len(drafts) == 1
    assert at.title[0].value == drafts[0].name
    assert "one sentence" in drafts[0].path.read_text()
