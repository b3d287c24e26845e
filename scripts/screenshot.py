"""Take the picture of the page that README shows: python scripts/screenshot.py

Needs chromium and chromedriver. The museum guide is asked a question on the real page, with a state folder of its own.
"""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import tempfile
from io import BytesIO
from pathlib import Path

from PIL import Image
from selenium import webdriver
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.remote.webdriver import WebDriver
from selenium.webdriver.support.ui import WebDriverWait

from gptsmith.ui.web import launch

ROOT = Path(__file__).resolve().parents[1]
PICTURE = ROOT / "docs" / "images" / "page.png"
QUESTION = "When was the ship panel painted?"
SIZE = "1120,860"
BOX = "[data-testid=stChatInput] textarea"
PATIENCE = 120  # seconds: the first answer reads the files


def main() -> None:
    """Serve the page, ask, and write the picture."""
    with tempfile.TemporaryDirectory() as folder, socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
        probe.close()
        own = {"GPTSMITH_HOME": folder, "GPTSMITH_FETCH": "off", "GPTSMITH_MIND": "off", "PYTHONPATH": str(ROOT)}
        server = subprocess.Popen(launch.command(port), cwd=ROOT, env={**launch.environment(), **own})
        try:
            PICTURE.write_bytes(_asked(launch.address(port), Path(folder) / "profile"))
        finally:
            server.terminate()
            server.wait(60)


def _asked(address: str, profile: Path) -> bytes:
    options = webdriver.ChromeOptions()
    options.binary_location = str(shutil.which("chromium"))
    for flag in ("--headless", "--no-sandbox", "--disable-gpu", f"--window-size={SIZE}", f"--user-data-dir={profile}"):
        options.add_argument(flag)
    browser = webdriver.Chrome(options=options, service=Service(str(shutil.which("chromedriver"))))
    wait = WebDriverWait(browser, PATIENCE, ignored_exceptions=(Exception,))
    try:
        wait.until(lambda b: b.get(f"{address}?page=chat&assistant=museum-guide") is None)
        field = wait.until(lambda b: b.find_element(By.CSS_SELECTOR, f"{BOX}:enabled"))
        field.send_keys(QUESTION, Keys.ENTER)
        wait.until(_answered)
        return _small(browser.get_screenshot_as_png())
    finally:
        browser.quit()


def _answered(browser: WebDriver) -> bool:
    text = browser.find_element(By.TAG_NAME, "body").text
    return "1755" in text and bool(browser.find_elements(By.CSS_SELECTOR, f"{BOX}:enabled"))


def _small(png: bytes) -> bytes:
    out = BytesIO()
    Image.open(BytesIO(png)).convert("RGB").quantize(96).save(out, "PNG", optimize=True)
    return out.getvalue()


if __name__ == "__main__":
    os.chdir(ROOT)
    main()
