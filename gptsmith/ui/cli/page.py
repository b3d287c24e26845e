"""The command that serves the page: ui."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Annotated

import typer

from gptsmith.ui.cli.options import AsJson, locate
from gptsmith.ui.cli.output import document, say, show

if TYPE_CHECKING:
    import subprocess

PORT = 8501
TRIES = 50


def register(app: typer.Typer) -> None:
    """Add the command to `app`."""
    app.command()(ui)


def ui(
    file: Annotated[
        str | None, typer.Argument(metavar="[FILE]", help="Open this assistant first.", show_default=False)
    ] = None,
    port: Annotated[
        int | None, typer.Option("--port", min=1, max=65535, help="Use this port and no other.", show_default="8501")
    ] = None,
    browser: Annotated[bool, typer.Option("--browser/--no-browser", help="Open a browser window.")] = True,
    as_json: AsJson = False,
) -> None:
    """Open the page: make assistants, read their YAML, chat. It listens on this machine only."""
    import signal
    import subprocess

    from gptsmith.errors import NotReadyError
    from gptsmith.ui.web import launch

    path = locate(file) if file else None
    chosen = free_port(port)
    url = launch.address(chosen)
    if as_json:
        document({"url": url, "port": chosen})
    else:
        show(f"gptsmith is at {url} (Ctrl-C stops it)")
    # A plain `kill` must not leave the server behind: leaving through SystemExit passes the `finally` below.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    server = subprocess.Popen(launch.command(chosen), env=launch.environment(path, fetch=True))
    try:
        _open_when_ready(server, chosen, url, browser)
        code = server.wait()
    finally:
        if server.poll() is None:
            _stop(server)
    if code:
        raise NotReadyError(f"the page stopped with code {code}", code="page_stopped", hint="its words stand above")


def free_port(wanted: int | None) -> int:
    """Return `wanted`, or the first free port from 8501 on; UsageError when the wanted one is taken."""
    from gptsmith.errors import NotReadyError, UsageError

    if wanted is not None:
        if not _is_free(wanted):
            raise UsageError(f"port {wanted} is taken", hint="leave --port out to get the next free one")
        return wanted
    for port in range(PORT, PORT + TRIES):
        if _is_free(port):
            if port != PORT:
                say(f"Port {PORT} is taken; using {port}")
            return port
    raise NotReadyError(
        f"ports {PORT} to {PORT + TRIES - 1} are all taken", code="no_port", hint="name one with --port"
    )


def _is_free(port: int) -> bool:
    import socket

    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        if sys.platform != "win32":  # there the option would let two servers share one port
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def _open_when_ready(server: subprocess.Popen[bytes], port: int, url: str, browser: bool) -> None:
    """Open the browser once the server answers; without a browser the printed address has to do."""
    import socket
    import time

    for _ in range(300):
        if server.poll() is not None:
            return
        with socket.socket() as probe:
            probe.settimeout(1)
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                break
        time.sleep(0.1)
    if browser and not _opened(url):
        say(f"No browser opened here; visit {url}")


def _opened(url: str) -> bool:
    # Without a display, Linux would start a text browser inside this terminal.
    import os
    import webbrowser

    if sys.platform.startswith("linux") and not (os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")):
        return False
    try:
        return webbrowser.open(url)
    except webbrowser.Error:
        return False


def _stop(server: subprocess.Popen[bytes]) -> None:
    """End the server, politely first; a terminal's Ctrl-C has already reached it."""
    import subprocess

    server.terminate()
    try:
        server.wait(timeout=5)
    except subprocess.TimeoutExpired:
        server.kill()
        server.wait()
