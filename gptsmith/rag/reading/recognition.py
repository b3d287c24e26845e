"""Text in pictures, read by the program `tesseract` where it is installed."""

from __future__ import annotations

import io
import os
import re
import shutil
import subprocess
from functools import cache
from typing import Any

_SECONDS = 50.0  # for one picture; the reading process is stopped when it is silent for longer
_MOST_PIXELS = 40_000_000
_LEAST_SIDE = 24
_LANGUAGES = 4
_PLACES = ("/usr/local/bin", "/opt/homebrew/bin", r"C:\Program Files\Tesseract-OCR")


@cache
def program() -> str:
    """Return where `tesseract` is, empty when it is not installed."""
    places = os.pathsep.join([os.environ.get("PATH", os.defpath), *_PLACES])
    return shutil.which("tesseract", path=places) or ""


@cache
def _languages() -> str:
    """Return the languages whose data is installed, English first, as `tesseract` wants them named."""
    try:
        listed = subprocess.run([program(), "--list-langs"], capture_output=True, timeout=_SECONDS, check=False).stdout
    except (OSError, subprocess.SubprocessError):
        return "eng"
    found = [n for n in listed.decode("ascii", "replace").split() if re.fullmatch(r"[a-z]{3}(?:_[a-z]+)?", n)]
    found = sorted((n for n in found if n != "osd"), key=lambda n: (n != "eng", n))
    return "+".join(found[:_LANGUAGES]) or "eng"


def recognised(picture: Any) -> str:
    """Return the text in a Pillow picture; empty when there is none, it is too large, or the program fails."""
    if not program() or picture.width * picture.height > _MOST_PIXELS or min(picture.size) < _LEAST_SIDE:
        return ""
    out = io.BytesIO()
    picture.convert("L").save(out, "PNG")
    command = [program(), "stdin", "stdout", "-l", _languages()]
    try:
        done = subprocess.run(
            command,
            input=out.getvalue(),
            capture_output=True,
            timeout=_SECONDS,
            check=False,
            env={**os.environ, "OMP_THREAD_LIMIT": "1"},
        )
    except (OSError, subprocess.SubprocessError):
        return ""
    text = done.stdout.decode("utf-8", "replace").replace("\f", "")
    lines = [line.rstrip() for line in text.split("\n") if not line.strip() or re.search(r"[^\W_]", line)]
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip() if done.returncode == 0 else ""
