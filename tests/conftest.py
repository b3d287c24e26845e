"""What every test gets: no network but loopback, a state folder of its own, no keys of the person's."""

from __future__ import annotations

import ipaddress
import os
import signal
import socket
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.support.loopback import Loopback


def _own_shelf() -> str:
    import platformdirs

    home = os.environ.get("GPTSMITH_HOME") or platformdirs.user_data_path("gptsmith", appauthor=False)
    return str(Path(home) / "models")


_MODELS = os.environ.get("GPTSMITH_TEST_MODELS") or os.environ.get("GPTSMITH_MODELS") or _own_shelf()
KEYS = ("_API_KEY", "_TOKEN", "_proxy", "_PROXY", "_BASE_URL", "_API_BASE")

if "PYTEST_XDIST_WORKER" in os.environ:  # the workers share the cores: one thread each, before torch is loaded
    os.environ.setdefault("OMP_NUM_THREADS", "1")

if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:  # as in a background job: programs started here would inherit it
    signal.signal(signal.SIGINT, signal.default_int_handler)


class OffLoopbackError(ConnectionError):
    """A test tried to connect to another machine."""


def _is_loopback(host: str) -> bool:
    if host in ("", "localhost"):
        return True
    try:
        return ipaddress.ip_address(host.split("%")[0]).is_loopback
    except ValueError:
        return False


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host.split("%")[0])
    except ValueError:
        return False
    return True


@pytest.fixture(autouse=True)
def no_socket_off_loopback(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Refuse every connection off loopback, and fail the test that tried, even if it swallowed the error.

    Names other than localhost do not resolve, as on a machine without a network: that alone fails no test.
    """
    tried: list[str] = []
    connect, connect_ex, look_up = socket.socket.connect, socket.socket.connect_ex, socket.getaddrinfo

    def guard(sock: socket.socket, address: Any) -> None:
        if sock.family in (socket.AF_INET, socket.AF_INET6) and not _is_loopback(str(address[0])):
            tried.append(f"{address[0]}:{address[1]}")
            raise OffLoopbackError(f"a test may not connect to {tried[-1]}")

    def guarded_connect(self: socket.socket, address: Any) -> None:
        guard(self, address)
        connect(self, address)

    def guarded_connect_ex(self: socket.socket, address: Any) -> int:
        guard(self, address)
        return connect_ex(self, address)

    def guarded_look_up(host: Any, *args: Any, **kwargs: Any) -> Any:
        name = host.decode() if isinstance(host, bytes) else host
        if name is not None and not _is_loopback(name) and not _is_address(name):
            raise socket.gaierror(socket.EAI_NONAME, "Name or service not known (no network in tests)")
        return look_up(host, *args, **kwargs)

    monkeypatch.setattr(socket.socket, "connect", guarded_connect)
    monkeypatch.setattr(socket.socket, "connect_ex", guarded_connect_ex)
    monkeypatch.setattr(socket, "getaddrinfo", guarded_look_up)
    yield
    assert not tried, f"this test tried to connect to {', '.join(tried)}"


@pytest.fixture(autouse=True)
def clean_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Take the person's keys, proxies and defaults away and point the state folder into `tmp_path`."""
    for name in list(os.environ):
        if name.endswith(KEYS) or (name.startswith("GPTSMITH_") and not name.startswith("GPTSMITH_TEST_")):
            monkeypatch.delenv(name)
    monkeypatch.setenv("GPTSMITH_HOME", str(tmp_path / "gptsmith-home"))
    monkeypatch.setenv("LANGSMITH_TRACING", "false")
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")


@pytest.fixture
def local_mind(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The default language model of this machine's shelf; tests that let it write skip where it is not there.

    `GPTSMITH_TEST_MODELS` names the folder of models; the person's own shelf is used when it is not set.
    """
    from gptsmith.models import shelf
    from gptsmith.models.chat.embedded.tasks import find_writer

    monkeypatch.setenv("GPTSMITH_MODELS", _MODELS)
    monkeypatch.setenv("GPTSMITH_ENGINE_IDLE", "120")  # an engine that a test starts ends soon after the last one
    if find_writer() is None:
        pytest.skip(f"the model {shelf.default_name()} is not on this machine: gptsmith models get")
    yield


@pytest.fixture(autouse=True)
def no_tools_left_behind() -> Iterator[None]:
    """Forget the tools that a test registered: they would stand in the generated reference."""
    yield
    from gptsmith.assistants.format.spec import TOOL_TYPES

    if (registry := sys.modules.get("gptsmith.tools.registry")) is not None:
        for name in [name for name, kind in TOOL_TYPES.items() if issubclass(kind, registry.OwnTool)]:
            TOOL_TYPES.pop(name)


@pytest.fixture
def test_data() -> Path:
    """The folder of shared measuring data; tests that read it skip where it is not there."""
    folder = os.environ.get("GPTSMITH_TEST_DATA")
    if not folder:
        pytest.skip("GPTSMITH_TEST_DATA is not set: the folder of measuring data is not on this machine")
    return Path(folder)


@pytest.fixture(scope="session")
def emoji_font() -> None:
    """Skip the tests that draw scenes of the world where the font that these are drawn with is not there."""
    from gptsmith.errors import NotReadyError
    from training.world import sprites

    try:
        sprites.font_path()
    except NotReadyError as error:
        pytest.skip(str(error))


@pytest.fixture
def loopback() -> Iterator[Loopback]:
    """A running OpenAI-compatible server; see `tests/support/loopback.py`."""
    with Loopback() as server:
        yield server


@pytest.fixture
def no_picture_weights(monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory) -> None:
    """Take the embedded models that draw, describe and recognize away, as if they were not part of the release."""
    from gptsmith.models.pictures import captioners, generators, names, recognizers

    none = tmp_path_factory.mktemp("weights")
    (none / "upsampler").symlink_to(names.WEIGHTS / "upsampler")
    monkeypatch.setattr(names, "WEIGHTS", none)
    for room in (captioners, generators, recognizers):
        monkeypatch.setattr(room, "_made", {})


@pytest.fixture
def quick_pace(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a drawing step take a millisecond by the clock, so that no machine is too slow for all tries and steps."""
    from gptsmith.models.pictures import local

    monkeypatch.setattr(local._Watch, "step_seconds", 0.001)
