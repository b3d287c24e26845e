"""The command that serves the pages: loopback only, known hosts only, no usage statistics."""

from __future__ import annotations

import http.client
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from gptsmith.ui.web import launch


@pytest.mark.parametrize(
    "flag",
    [
        "--server.address=127.0.0.1",
        "--server.port=8600",
        "--server.allowedHosts=127.0.0.1",
        "--server.allowedHosts=localhost",
        "--browser.gatherUsageStats=false",
        "--client.showErrorDetails=none",
        "--server.headless=true",
    ],
)
def test_the_command_closes_the_doors(flag: str) -> None:
    assert flag in launch.command(8600)
    assert not [part for part in launch.command() if "0.0.0.0" in part or "enableXsrfProtection" in part]


def test_the_environment_names_the_file_and_turns_telemetry_off(tmp_path: Path) -> None:
    environment = launch.environment(tmp_path / "a.assistant.yaml")
    assert environment[launch.OPEN_FILE] == str(tmp_path / "a.assistant.yaml")
    assert environment["ANONYMIZED_TELEMETRY"] == "False"
    assert launch.OPEN_FILE not in launch.environment()
    assert launch.address(8600) == "http://127.0.0.1:8600/"


@pytest.fixture(scope="module")
def port() -> Iterator[int]:
    """The port of a running server."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        chosen: int = probe.getsockname()[1]
    environment = {**launch.environment(), "PYTHONPATH": str(Path(__file__).parents[3])}
    quiet = subprocess.DEVNULL
    server = subprocess.Popen(launch.command(chosen), env=environment, stdout=quiet, stderr=quiet)
    try:
        for _ in range(600):
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", chosen)) == 0:
                    break
            time.sleep(0.1)
        yield chosen
    finally:
        server.terminate()
        server.wait(20)


@pytest.mark.parametrize(
    ("host", "origin", "status"),
    [
        ("127.0.0.1", "http://127.0.0.1", 101),
        ("localhost", "http://localhost", 101),
        ("evil.example", "http://evil.example", 403),
        ("127.0.0.1", "http://evil.example", 403),
    ],
)
def test_only_this_computers_own_pages_may_connect(port: int, host: str, origin: str, status: int) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
    headers = {
        "Host": f"{host}:{port}",
        "Origin": f"{origin}:{port}",
        "Connection": "Upgrade",
        "Upgrade": "websocket",
        "Sec-WebSocket-Version": "13",
        "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
    }
    connection.request("GET", "/_stcore/stream", headers=headers)
    answer = connection.getresponse()
    connection.close()
    assert answer.status == status


@pytest.mark.parametrize("path", ["/", "/_stcore/health", "/nothing"])
@pytest.mark.parametrize(("host", "known"), [("127.0.0.1", True), ("localhost", True), ("evil.example", False)])
def test_only_requests_for_this_computer_are_answered_and_no_other_site_may_frame_them(
    port: int, path: str, host: str, known: bool
) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
    connection.request("GET", path, headers={"Host": f"{host}:{port}"})
    answer = connection.getresponse()
    answer.read()
    connection.close()
    assert (answer.status != 400) is known
    assert "frame-ancestors 'self'" in (answer.getheader("Content-Security-Policy") or "")
    assert answer.getheader("X-Frame-Options") == "SAMEORIGIN"
    assert answer.getheader("X-Content-Type-Options") == "nosniff"


def test_the_server_listens_on_loopback_only(port: int) -> None:
    import psutil

    listening = [c.laddr.ip for c in psutil.net_connections("tcp") if c.status == "LISTEN" and c.laddr.port == port]
    assert listening == ["127.0.0.1"]
