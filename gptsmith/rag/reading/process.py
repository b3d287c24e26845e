"""The parent's side of the reading process: starts it, feeds it, kills it when a file takes too long."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any, BinaryIO

from gptsmith.errors import NotReadyError
from gptsmith.rag.reading.parsed import MAX_BYTES, MAX_CHARACTERS, MOST_SECONDS, SECONDS, Parsed, Unreadable

_START = "from gptsmith.rag.reading.child import main; main()"
_PASSED = ("SYSTEMROOT", "TEMP", "TMP", "LANG", "PATH", "TESSDATA_PREFIX")  # the last two find `tesseract`
_START_SECONDS = 120.0  # a busy machine may need long
_LONGEST_ANSWER = 8 * MAX_CHARACTERS  # JSON escapes a character to at most six bytes


class ReadingProcess:
    """One warm child that reads file after file; a crash or a hang loses that file only. Use as a context manager."""

    def __init__(self, seconds: float = SECONDS) -> None:
        self.seconds = seconds
        self._child: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> ReadingProcess:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def read(self, data: bytes, name: str, content_type: str = "", charset: str = "") -> Parsed:
        """Return what `data` says. Raises Unreadable with a plain reason and what to do."""
        if len(data) > MAX_BYTES:
            raise Unreadable(f"it has {len(data):,} bytes, more than the {MAX_BYTES:,} that are read; split the file")
        header = {"name": name, "content_type": content_type, "charset": charset, "size": len(data)}
        answer = self._ask(json.dumps(header).encode() + b"\n", data)
        if answer is None:
            raise Unreadable("reading it crashed the reader; open the file and save it anew, or export it as text")
        if answer.get("restart"):
            self.close()
        if answer["status"] != "ok":
            raise Unreadable(str(answer["note"]), str(answer["status"]))
        return Parsed(answer["text"], answer["pages"], answer["note"], answer["images"])

    def close(self) -> None:
        """End the child."""
        child, self._child = self._child, None
        if child is None:
            return
        child.kill()
        child.wait()
        for pipe in (child.stdin, child.stdout):
            if pipe is not None:
                with contextlib.suppress(OSError):  # unsent bytes for a dead child
                    pipe.close()

    def _ask(self, header: bytes, data: bytes) -> dict[str, Any] | None:
        child = self._started()
        answer, late = self._timed(child, header, data)
        if answer is None:
            self.close()
        if late:
            raise Unreadable(f"reading it took more than {self.seconds:g} seconds; split the file or save it anew")
        return answer

    def _timed(
        self, child: subprocess.Popen[bytes], header: bytes, data: bytes, seconds: float = 0.0
    ) -> tuple[dict[str, Any] | None, bool]:
        """Return the child's answer, None when it died, and whether it was killed for being late."""
        with _Watch(child, seconds or self.seconds) as watch:
            answer = _exchange(child, header, data)
            while answer is not None and answer.get("status") == "beat":
                watch.beat()
                answer = _exchange(child, b"", b"")
        return answer, watch.late

    def _started(self) -> subprocess.Popen[bytes]:
        if self._child is None or self._child.poll() is not None:
            self.close()
            self._child = subprocess.Popen(
                [sys.executable, "-P", "-c", _START],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                env=_environment(),
            )
            ready, _ = self._timed(self._child, b"", b"", _START_SECONDS)
            if ready is None:
                self.close()
                raise NotReadyError(
                    "the process that reads files does not start", code="no_reader", hint="run `gptsmith doctor`"
                )
        return self._child


class _Watch:
    """Kills a child that gives no sign of life for `seconds`, or takes more than the most for one file."""

    def __init__(self, child: subprocess.Popen[bytes], seconds: float) -> None:
        self.late = False
        self._child = child
        self._seconds = seconds
        self._end = time.monotonic() + MOST_SECONDS
        self._until = time.monotonic() + seconds
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._run, name="gptsmith-reading-watch", daemon=True)

    def __enter__(self) -> _Watch:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._done.set()
        self._thread.join()

    def beat(self) -> None:
        """Note that the child lives."""
        self._until = min(time.monotonic() + self._seconds, self._end)

    def _run(self) -> None:
        while not self._done.wait(max(self._until - time.monotonic(), 0.0)):
            if time.monotonic() >= self._until:
                self.late = True
                self._child.kill()
                return


def _exchange(child: subprocess.Popen[bytes], header: bytes, data: bytes) -> dict[str, Any] | None:
    assert child.stdin is not None and child.stdout is not None  # noqa: S101 - both are pipes
    try:
        child.stdin.write(header)
        child.stdin.write(data)
        child.stdin.flush()
        size = int.from_bytes(_exactly(child.stdout, 8), "big")
        if size > _LONGEST_ANSWER:
            return None
        answer = json.loads(_exactly(child.stdout, size))
    except (OSError, EOFError, ValueError):  # the child died, or was killed, in the middle
        return None
    return answer if isinstance(answer, dict) else None


def _exactly(pipe: BinaryIO | Any, size: int) -> bytes:
    data = pipe.read(size)
    if len(data) < size:
        raise EOFError
    return bytes(data)


def _environment() -> dict[str, str]:
    """Return the child's environment: where modules are, and nothing that a parser of foreign files need know."""
    kept = {name: os.environ[name] for name in _PASSED if name in os.environ}
    places = [str(Path(__file__).resolve().parents[3]), *(p or os.getcwd() for p in sys.path)]  # noqa: PTH109 - as import
    return {**kept, "PYTHONPATH": os.pathsep.join(places), "PYTHONIOENCODING": "utf-8"}
