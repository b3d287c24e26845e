"""The first hour of a newcomer in headless Chromium: describe, change by talking, save, chat with a PDF, reload."""

from __future__ import annotations

import shutil
import socket
import subprocess
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from gptsmith.ui.web import launch
from tests.support.loopback import Loopback, trickle

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(
        not (shutil.which("chromium") and shutil.which("chromedriver")),
        reason="chromium and chromedriver are not installed",
    ),
]

FLAGS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--window-size=1280,1000",
]
PAGES = [
    ["The Harbour Lighthouse", "", "The Harbour Lighthouse was built in 1868 by the engineer Marta Sousa."],
    ["Visiting", "", "The lighthouse is open to visitors on Saturdays from ten until four.", "Dogs stay outside."],
]


def pdf(pages: list[list[str]]) -> bytes:
    """Write a small PDF by hand: one text object for each page."""
    objects = [b"<< /Type /Catalog /Pages 2 0 R >>", b""]
    kids = []
    objects.append(b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>")
    for lines in pages:
        text = " T* ".join(f"({line}) Tj" for line in lines)
        content = f"BT /F1 12 Tf 16 TL 60 780 Td {text} ET".encode()
        objects.append(b"<< /Length %d >>\nstream\n%s\nendstream" % (len(content), content))
        page = "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents %d 0 R"
        objects.append((page % len(objects) + " /Resources << /Font << /F1 3 0 R >> >> >>").encode())
        kids.append(f"{len(objects)} 0 R")
    objects[1] = f"<< /Type /Pages /Kids [{' '.join(kids)}] /Count {len(kids)} >>".encode()
    out, places = b"%PDF-1.4\n", []
    for number, body in enumerate(objects, 1):
        places.append(len(out))
        out += b"%d 0 obj\n%s\nendobj\n" % (number, body)
    table = "".join(f"{place:010d} 00000 n \n" for place in places)
    end = (
        f"xref\n0 {len(objects) + 1}\n0000000000 65535 f \n{table}trailer\n<< /Size {len(objects) + 1} /Root 1 0 R >>\n"
    )
    return out + f"{end}startxref\n{len(out)}\n%%EOF\n".encode()


@pytest.fixture
def address(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """The pages, served by the real command from an empty library."""
    monkeypatch.setenv("GPTSMITH_HOME", str(tmp_path / "home"))
    for name in ("GPTSMITH_MODEL", "OPENAI_API_KEY"):
        monkeypatch.delenv(name, raising=False)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    monkeypatch.setenv("SLOW_KEY", "loopback-key")
    environment = {**launch.environment(), "PYTHONPATH": str(Path(__file__).parents[3])}
    with (tmp_path / "server.log").open("wb") as log:
        server = subprocess.Popen(launch.command(port), cwd=tmp_path, env=environment, stdout=log, stderr=log)
        try:
            _wait_for(f"http://127.0.0.1:{port}/_stcore/health", server)
            yield launch.address(port)
        finally:
            server.terminate()
            server.wait(60)


def _wait_for(url: str, server: subprocess.Popen[bytes]) -> None:
    for _ in range(300):
        assert server.poll() is None, "the server ended at once"
        try:
            with urllib.request.urlopen(url, timeout=1):
                return
        except OSError:
            time.sleep(0.1)
    raise AssertionError(f"{url} did not answer in 30 seconds")


class Browser:
    """Chromium with the few gestures that the test needs; elements are named by their widget key."""

    def __init__(self, profile: Path) -> None:
        from selenium import webdriver
        from selenium.webdriver.chrome.service import Service

        options = webdriver.ChromeOptions()
        options.binary_location = str(shutil.which("chromium"))
        for flag in [*FLAGS, f"--user-data-dir={profile}"]:
            options.add_argument(flag)
        self.driver = webdriver.Chrome(options=options, service=Service(shutil.which("chromedriver")))

    def until(self, what: str, found: Any, seconds: float = 60) -> Any:
        """Wait until `found` returns something true; the page's text is in the failure."""
        from selenium.common.exceptions import StaleElementReferenceException
        from selenium.webdriver.support.ui import WebDriverWait

        wait = WebDriverWait(self.driver, seconds, 0.1, [StaleElementReferenceException])
        try:
            return wait.until(lambda _: found())
        except Exception as error:
            raise AssertionError(f"{what}: not within {seconds} s; the page says:\n{self.text()}") from error

    def find(self, css: str) -> list[Any]:
        return self.driver.find_elements("css selector", css)

    def text(self) -> str:
        return str(self.driver.find_element("css selector", "body").text)

    def click(self, key: str) -> None:
        css = f'[class*="st-key-{key}"] button'

        def pressed() -> bool:
            shown = [e for e in self.find(css) if e.is_displayed() and e.is_enabled()]
            if shown:
                shown[0].click()
            return bool(shown)

        self.until(f"a button {key}", pressed)

    def press_until(self, key: str, words: str) -> None:
        """Press a button as a person does: again when nothing came of it (on a busy machine a press can miss)."""
        for _ in range(3):
            self.click(key)
            end = time.monotonic() + 8
            while time.monotonic() < end:
                if words in self.text():
                    return
                time.sleep(0.2)
        self.says(words, seconds=10)

    def tab(self, name: str) -> None:
        """Open a tab of the workspace."""

        def pressed() -> bool:
            shown = [e for e in self.find('[role="tab"]') if e.is_displayed() and e.text.strip() == name]
            if shown:
                shown[0].click()
            return bool(shown)

        self.until(f"the tab {name}", pressed)

    def write(self, css: str, text: str, end: str = "") -> None:
        area = self.until(css, lambda: next((e for e in self.find(css) if e.is_displayed()), None))
        area.send_keys(text + end)

    def says(self, *words: str, seconds: float = 60) -> None:
        for word in words:
            self.until(f"the words {word!r}", lambda word=word: word in self.text(), seconds)


@pytest.fixture
def browser(tmp_path: Path) -> Iterator[Browser]:
    made = Browser(tmp_path / "profile")
    try:
        yield made
    finally:
        made.driver.quit()


def test_from_description_to_citation_and_back(address: str, browser: Browser, tmp_path: Path) -> None:
    file = tmp_path / "lighthouse.pdf"
    file.write_bytes(pdf(PAGES))
    browser.driver.get(address)
    browser.says("Assistants", "Generative AI tutor", "Nothing here yet")
    browser.click("new")
    browser.write(
        '[class*="st-key-description"] textarea',
        "A guide for visitors of the harbour lighthouse. Answer only from the attached file and cite it. "
        "Never guess opening hours.",
    )
    browser.find('input[type="file"]')[0].send_keys(str(file))
    browser.says("lighthouse.pdf")
    browser.click("build")

    browser.says("I drafted", "A draft.", "Preview")
    browser.tab("YAML")
    yaml = browser.until("the text", lambda: browser.find('[class*="st-key-yaml"] textarea'))[0].get_attribute("value")
    assert "schema: assistant/v1" in yaml
    assert "lighthouse.pdf" in yaml
    assert "Never guess opening hours." in yaml

    browser.tab("Create")
    browser.write('[class*="st-key-tell"] textarea', "Call it Lamp Keeper.", "\n")
    browser.says("Shall this be written?", "Lamp Keeper")
    browser.click("accept")
    browser.says("Saved as version 2.")
    browser.click("save-draft")
    browser.says("Open the chat")
    browser.press_until("open-chat", "New conversation")

    browser.says("text stays on this computer")
    saved = list((tmp_path / "home" / "assistants" / "specs").glob("*.assistant.yaml"))
    assert len(saved) == 1
    assert "name: Lamp Keeper\n" in saved[0].read_text()
    assert "Never guess opening hours." in saved[0].read_text()
    browser.write('[data-testid="stChatInput"] textarea', "When was the lighthouse built, and by whom?", "\n")
    browser.until("a citation", lambda: browser.find('[class*="st-key-cite-"] button'))
    browser.says("1868", "Marta Sousa")

    browser.click("cite-")
    passage = browser.until("the passage", lambda: browser.find('[class*="st-key-passage"]'))[0]
    assert "built in 1868 by the engineer Marta Sousa" in passage.text
    assert "The Harbour Lighthouse" in passage.text

    browser.driver.refresh()
    browser.says("When was the lighthouse built, and by whom?", "1868")
    browser.until("the citation, still there", lambda: browser.find('[class*="st-key-cite-"] button'))
    browser.click("thread-")
    browser.says("Marta Sousa")


@pytest.mark.slow
def test_an_answer_outlives_a_reload_and_is_stopped(
    address: str, browser: Browser, tmp_path: Path, loopback: Loopback
) -> None:
    loopback.always = trickle("one two three four five six seven eight nine ten " * 40, 0.15, piece=5)
    specs = tmp_path / "home" / "assistants" / "specs"
    specs.mkdir(parents=True, exist_ok=True)
    (specs / "slow.assistant.yaml").write_text(
        "schema: assistant/v1\nname: Slow\ndescription: Counts slowly.\ninstructions: Count.\n"
        f"model: {{provider: openai, name: scripted, base_url: '{loopback.base_url}', api_key: '${{env:SLOW_KEY}}'}}\n"
    )
    browser.driver.get(f"{address}?page=chat&assistant=slow")
    browser.write('[data-testid="stChatInput"] textarea', "Count.", "\n")
    browser.says("one two three")
    browser.driver.refresh()
    browser.says("Count.", "four five six")
    # The page has settled when the answer grows in it again; a click while it is still being laid out may miss.
    length = len(browser.text())
    browser.until("more of the answer", lambda: len(browser.text()) > length + 40)
    browser.press_until("stop-", "Stopped.")
    browser.says("one two three")
    browser.until("the input", lambda: browser.find('[data-testid="stChatInput"] textarea:enabled'))


@pytest.mark.slow
def test_two_windows_and_a_crash_lose_nothing(address: str, browser: Browser, tmp_path: Path) -> None:
    specs = tmp_path / "home" / "assistants" / "specs"
    specs.mkdir(parents=True, exist_ok=True)
    spec = specs / "sky.assistant.yaml"
    spec.write_text("schema: assistant/v1\nname: Sky  # mine\ndescription: Stars.\ninstructions: Explain.\n")
    place = f"{address}?page=edit&assistant=sky&tab=Configure"
    name, about = '[class*="st-key-field-sky-"][class*="-name"] input', '[class*="-description"] textarea'
    browser.driver.get(place)
    browser.write(name, "scape", "\t")
    browser.says("1 change not saved")

    first = browser.driver.current_window_handle
    browser.driver.switch_to.new_window("tab")
    browser.driver.get(place)
    browser.says("Changes from", "were not saved")
    browser.write(about, " And planets.", "\t")
    browser.says("1 change not saved")
    browser.click("review-form")
    browser.click("save-review")
    browser.says("Everything is saved")
    assert "description: Stars. And planets." in spec.read_text()

    browser.driver.switch_to.window(first)
    browser.says("changed in another window")
    browser.driver.refresh()
    browser.says("were not saved", "The file has changed since.")
    browser.click("resume-form")
    browser.says("1 change not saved")
    browser.click("review-form")
    browser.click("save-review")
    browser.says("Everything is saved")
    assert spec.read_text().startswith("schema: assistant/v1\nname: Skyscape  # mine\ndescription: Stars. And planets.")
