"""The reading process: takes one file after the other on stdin, answers with its text on stdout.

It has no network use, no environment of the parent, may write no file and has bounded memory; the parent kills it
when a file takes too long. A request is a line of JSON with the bytes behind it, an answer a length and JSON.
"""

from __future__ import annotations

import contextlib
import json
import os
import sys
from collections.abc import Callable
from dataclasses import asdict
from typing import Any, BinaryIO

from gptsmith.rag.reading import kinds
from gptsmith.rag.reading.parsed import MEMORY, Raw, Unreadable

_TOO_BIG = "it needs too much memory to read; split the file or save it in a simpler form"


def main() -> None:
    """Answer requests until stdin ends."""
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # whatever a parser prints must not become an answer
    _confine()
    _answer(answers, {"status": "ready"})
    requests = sys.stdin.buffer
    while line := requests.readline():
        request = json.loads(line)
        data = requests.read(request["size"])
        if len(data) < request["size"]:
            return
        _answer(answers, _read(data, request, lambda: _answer(answers, {"status": "beat"})))


def _read(data: bytes, request: dict[str, Any], beat: Callable[[], None]) -> dict[str, Any]:
    try:
        parsed = kinds.read_any(Raw(data, request["name"], request["content_type"], request["charset"], beat))
        return {"status": "ok", **asdict(parsed)}
    except Unreadable as error:
        return {"status": error.status, "note": str(error)}
    except MemoryError:
        return {"status": "failed", "note": _TOO_BIG, "restart": True}
    except RecursionError:
        return {"status": "failed", "note": "it is nested too deeply to read; save it anew in a simpler form"}
    except Exception as error:  # noqa: BLE001 - a damaged file makes parsers raise anything; only this file is lost
        return {"status": "failed", "note": f"it is broken or not what its name says ({type(error).__name__})"}


def _answer(answers: BinaryIO, answer: dict[str, Any]) -> None:
    data = json.dumps(answer).encode()
    answers.write(len(data).to_bytes(8, "big"))
    answers.write(data)
    answers.flush()


def _confine() -> None:
    try:
        import resource
    except ImportError:  # Windows: the deadline still holds
        return
    limits = ((resource.RLIMIT_AS, MEMORY), (resource.RLIMIT_CORE, 0), (resource.RLIMIT_FSIZE, 0))
    for what, most in limits:
        with contextlib.suppress(ValueError, OSError):  # a system that refuses a limit is no reason not to read
            resource.setrlimit(what, (most, most))
