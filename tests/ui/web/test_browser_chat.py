"""The chat in headless Chromium: what is sent comes into sight, the box has the focus, an answer is copied."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tests.ui.web import test_browser

pytestmark = test_browser.pytestmark
address, browser = test_browser.address, test_browser.browser

BOX = '[data-testid="stChatInput"] textarea'
SPEC = "schema: assistant/v1\nname: Night sky\ndescription: A guide to the stars.\ninstructions: Explain.\n"


def open_box(browser: test_browser.Browser) -> Any:
    return browser.until("an open box", lambda: browser.find(f"{BOX}:enabled"))[0]


def ask(browser: test_browser.Browser, words: str, answers: int) -> None:
    open_box(browser).send_keys(words + "\n")
    browser.until("the answer", lambda: len(browser.find('[class*="st-key-actions-"]')) == answers)
    open_box(browser)


def drawer_edge(browser: test_browser.Browser) -> int:
    drawer = "return Math.round(document.querySelector('[data-testid=stSidebar]').getBoundingClientRect().right)"
    return int(browser.driver.execute_script(drawer))


def test_the_page_goes_along_with_the_person(address: str, browser: test_browser.Browser, tmp_path: Path) -> None:
    specs = tmp_path / "home" / "assistants" / "specs"
    specs.mkdir(parents=True, exist_ok=True)
    (specs / "sky.assistant.yaml").write_text(SPEC)
    run = browser.driver.execute_script
    browser.driver.get(f"{address}?page=chat&assistant=sky")
    focused = "return document.activeElement.matches(arguments[0])"
    browser.until("the focus in the box", lambda: run(focused, BOX))
    for number in range(1, 5):
        ask(browser, "Who are you?", number)
    run("document.querySelector('.stMain').scrollTop = 0")
    ask(browser, "Hello!", 5)
    last = "const all = document.querySelectorAll('[class*=\"st-key-actions-\"]');"
    seen = (
        last + "const box = all[all.length - 1].getBoundingClientRect(); return box.top > 0 && box.bottom < innerHeight"
    )
    browser.until("the last answer in sight", lambda: run(seen))
    browser.until("the focus in the box again", lambda: run(focused, BOX))

    # The button lies in a tree of its own; what it writes is caught where the clipboard would take it.
    run("navigator.clipboard.writeText = (text) => { window.copied = text; return Promise.resolve(); };")
    copying = (
        'for (const one of document.querySelectorAll(\'[class*="st-key-copy-"], [class*="st-key-copy-"] *\'))'
        " one.shadowRoot?.querySelector('button')?.click();"
    )
    run(copying)
    browser.until("a copied answer", lambda: "Night sky" in str(run("return window.copied || ''")))

    browser.driver.execute_cdp_cmd(
        "Emulation.setDeviceMetricsOverride", {"width": 390, "height": 844, "deviceScaleFactor": 1, "mobile": True}
    )
    browser.driver.refresh()
    open_box(browser)
    run("document.querySelector('[data-testid=stExpandSidebarButton]')?.click()")
    browser.until("the drawer", lambda: drawer_edge(browser) > 100)
    browser.click("thread-")
    browser.until("a closed drawer", lambda: drawer_edge(browser) <= 0)
