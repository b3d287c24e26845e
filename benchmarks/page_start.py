"""Measure the page's start against a bare Streamlit page: `python -m benchmarks.page_start [--runs N]`.

Cold means a new server process; the browser (headless Chromium) runs already. Seconds are from starting the process to
the server's first answer, and to the first thing that can be clicked; memory is the server's resident set, in MB.
"""

from __future__ import annotations

import argparse
import os
import shutil
import socket
import statistics
import subprocess
import tempfile
import time
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil

from gptsmith.ui.web import launch

BARE = "import streamlit as st\nst.title('Hello')\nst.button('Click', key='open-bare')\n"
READY = '[class*="st-key-open-"] button'
INPUT = '[data-testid="stChatInput"] textarea'
QUESTION = "What is an enxaquetado floor?\n"


@dataclass
class Start:
    """One cold start: seconds to the server's answer and to a usable page, memory when it is drawn."""

    answers: float
    usable: float
    memory: float


def browser() -> Any:
    """Return headless Chromium on an empty profile."""
    from selenium import webdriver
    from selenium.webdriver.chrome.service import Service

    options = webdriver.ChromeOptions()
    options.binary_location = str(shutil.which("chromium"))
    flags = ["headless", "no-sandbox", "disable-gpu", "disable-quic", "no-first-run", "disable-background-networking"]
    for flag in [*flags, "disable-component-update", "disable-sync", f"user-data-dir={tempfile.mkdtemp()}"]:
        options.add_argument(f"--{flag}")
    return webdriver.Chrome(options=options, service=Service(shutil.which("chromedriver")))


def wait(found: Callable[[], Any], seconds: float = 120) -> Any:
    """Ask every 20 ms until there is an answer."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if answer := found():
            return answer
        time.sleep(0.02)
    raise TimeoutError("the page did not come")


def healthy(port: int) -> bool:
    """Tell whether the server answers."""
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/_stcore/health", timeout=1) as answer:
            return bool(answer.status == 200)
    except OSError:
        return False


def shown(driver: Any, css: str) -> Any:
    """Return the first visible element; None while there is none or the page redraws itself."""
    from selenium.common.exceptions import StaleElementReferenceException

    try:
        return next((e for e in driver.find_elements("css selector", css) if e.is_displayed()), None)
    except StaleElementReferenceException:
        return None


def megabytes(pid: int) -> float:
    """Return the resident set of a process and its children."""
    process = psutil.Process(pid)
    return sum(p.memory_info().rss for p in [process, *process.children(recursive=True)]) / 2**20


def measure(driver: Any, command: Callable[[int], list[str]], home: Path, after: Callable[[Any, int], None]) -> Start:
    """Start a server, open its page, measure; then do `after` with the page open and end the server."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    environment = {**launch.environment(), "GPTSMITH_HOME": str(home), "PYTHONPATH": str(Path(__file__).parents[1])}
    driver.get("about:blank")
    began = time.monotonic()
    server = subprocess.Popen(command(port), env=environment, cwd=home, stdout=subprocess.DEVNULL)
    try:
        wait(lambda: healthy(port))
        answers = time.monotonic() - began
        driver.get(launch.address(port))
        wait(lambda: shown(driver, READY))
        start = Start(answers, time.monotonic() - began, megabytes(server.pid))
        after(driver, server.pid)
        return start
    finally:
        server.terminate()
        server.wait(20)


def chat(driver: Any, pid: int) -> None:
    """Ask one question of a shipped assistant and print what it cost; a second one shows what stays."""
    address = driver.current_url.split("?")[0]
    for number in ("first", "second"):
        driver.get(f"{address}?page=chat&assistant=museum-guide")
        field = wait(lambda: shown(driver, INPUT))
        wait(field.is_enabled)
        began = time.monotonic()
        field.send_keys(QUESTION)
        wait(lambda: shown(driver, '[class*="st-key-cite-"] button'))
        print(f"{number} answer with a citation: {time.monotonic() - began:.2f} s, {megabytes(pid):.0f} MB")


def main() -> None:
    """Print a table of medians and their ratios."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=3)
    runs = parser.parse_args().runs
    driver = browser()
    home = Path(tempfile.mkdtemp())
    script = home / "bare.py"
    script.write_text(BARE)

    def bare(port: int) -> list[str]:
        return [str(script) if part.endswith("app.py") else part for part in launch.command(port)]

    ours: list[Start] = []
    theirs: list[Start] = []
    try:
        for _ in range(runs):
            theirs.append(measure(driver, bare, home, lambda _driver, _pid: None))
            ours.append(measure(driver, launch.command, home, lambda _driver, _pid: None))
        measure(driver, launch.command, home, chat)
    finally:
        driver.quit()
        shutil.rmtree(home, ignore_errors=True)
    print(f"load {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores, median of {runs}")
    for name in ("answers", "usable", "memory"):
        mine, base = (statistics.median(getattr(start, name) for start in kind) for kind in (ours, theirs))
        print(f"{name:8} gptsmith {mine:7.2f}   bare Streamlit {base:7.2f}   ratio {mine / base:.2f}")


if __name__ == "__main__":
    main()
