"""The command that starts the pages: loopback only, a closed list of hosts, no telemetry, the theme."""

from __future__ import annotations

import os
import sys
from pathlib import Path

OPEN_FILE = "GPTSMITH_OPEN"
"""Environment variable that names the one spec file outside the library which the pages may open."""

FETCH = "GPTSMITH_PAGE_FETCH"
"""Environment variable by which the command says that the default language model is to be fetched beside the pages."""

_MAX_UPLOAD_MB = 50

_LIGHT = {
    "primaryColor": "#2f6f62",
    "backgroundColor": "#fbfaf7",
    "secondaryBackgroundColor": "#f1efe9",
    "textColor": "#22282b",
    "borderColor": "#dcd8ce",
    "linkColor": "#1f5d8c",
}
_DARK = {
    "primaryColor": "#5fb3a1",
    "backgroundColor": "#15191b",
    "secondaryBackgroundColor": "#1e2427",
    "textColor": "#e6e4de",
    "borderColor": "#343c40",
    "linkColor": "#8cc4ee",
}


def command(port: int = 8501) -> list[str]:
    """Return the command line that serves the pages on 127.0.0.1 at `port`; it opens no browser by itself."""
    options = {
        "server.address": "127.0.0.1",
        "server.port": port,
        "server.headless": "true",
        "server.showEmailPrompt": "false",
        "server.fileWatcherType": "none",
        "server.maxUploadSize": _MAX_UPLOAD_MB,
        "server.enableStaticServing": "false",
        # Streamlit would collect all of the process's garbage after each look at a worker: with PyTorch loaded that
        # holds every thread for a large part of a second, several times a second.
        "runner.postScriptGC": "false",
        "browser.gatherUsageStats": "false",
        "browser.serverAddress": "127.0.0.1",
        "logger.hideWelcomeMessage": "true",
        "logger.level": "warning",
        "client.toolbarMode": "minimal",
        "client.showErrorDetails": "none",
        "theme.baseRadius": "10px",
        "theme.showWidgetBorder": "true",
        **{f"theme.light.{name}": value for name, value in _LIGHT.items()},
        **{f"theme.dark.{name}": value for name, value in _DARK.items()},
    }
    flags = [f"--{name}={value}" for name, value in options.items()]
    hosts = [f"--server.allowedHosts={host}" for host in ("127.0.0.1", "localhost")]
    script = Path(__file__).with_name("serve.py")
    return [sys.executable, "-m", "streamlit", "run", str(script), *flags, *hosts]


def environment(file: Path | None = None, *, fetch: bool = False) -> dict[str, str]:
    """Return the environment for `command`; `file` is a spec outside the library that the pages open first.

    With `fetch` the default language model is fetched beside the pages, unless the person does not want it.
    """
    added = {OPEN_FILE: str(file.resolve())} if file else {}
    added |= {FETCH: "yes"} if fetch else {}
    return {**os.environ, "ANONYMIZED_TELEMETRY": "False", "TOKENIZERS_PARALLELISM": "false", **added}


def address(port: int = 8501) -> str:
    """Return the URL of the pages."""
    return f"http://127.0.0.1:{port}/"
