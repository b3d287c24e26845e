"""A picture in headless Chromium: drawn with a look on the way, a part painted over, the part drawn anew."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from selenium.webdriver import ActionChains

from tests.support import tiny_pictures
from tests.ui.web import test_browser
from tests.ui.web.test_web_pictures import SPEC

pytestmark = [*test_browser.pytestmark, pytest.mark.slow]
address, browser = test_browser.address, test_browser.browser


def inside(page: test_browser.Browser) -> Any:
    """Return the root of the brush, whose elements lie in a tree of their own."""
    for element in page.find('[class*="st-key-brush-"] *'):
        root = page.driver.execute_script("return arguments[0].shadowRoot", element)
        if root is not None and root.find_elements("css selector", "canvas"):
            return root
    return None


def test_a_part_is_painted_over_and_drawn_anew(address: str, browser: test_browser.Browser, tmp_path: Path) -> None:
    specs = tmp_path / "home" / "assistants" / "specs"
    tiny_pictures.pipeline(specs / "painter.files" / "tiny")
    (specs / "painter.assistant.yaml").write_text(SPEC.replace("steps: 3", "steps: 250"))
    browser.driver.get(f"{address}?page=chat&assistant=painter")
    browser.write('[data-testid="stChatInput"] textarea', "Draw a red cube", "\n")
    browser.says("seed 11")
    browser.until("a look at it", lambda: browser.find('[data-testid="stImageContainer"] img'))
    browser.says("Here is your picture.", "250 steps")
    browser.click("part-")
    root = browser.until("the brush", lambda: inside(browser))
    canvas = root.find_element("css selector", "canvas")
    go = root.find_element("css selector", ".go")
    assert not go.is_enabled()
    ActionChains(browser.driver).move_to_element(canvas).click_and_hold().move_by_offset(60, 40).release().perform()
    root.find_element("css selector", ".words").send_keys("a blue ball")
    browser.until("the button", go.is_enabled)
    go.click()
    browser.says("Draw the marked part of img_1 anew: a blue ball", "mask.png", "from img_1", seconds=90)
    browser.driver.execute_script(
        "arguments[0].click()", browser.find('[class*="st-key-album"] button')[0]
    )  # scrolled away
    browser.until("both pictures", lambda: len(browser.find('[role="dialog"] [data-testid="stImageContainer"]')) == 2)
