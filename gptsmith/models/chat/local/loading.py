"""Why an engine did not come up, read from its log and its exit code: one sentence, and what to do."""

from __future__ import annotations

import re
import signal
from pathlib import Path
from typing import TYPE_CHECKING

from gptsmith.errors import NotReadyError

if TYPE_CHECKING:
    from gptsmith.models.chat.local.engine import LocalModel

_SMALLER = "close other programs, or choose a smaller model with `gptsmith models`"
_OTHER_FILE = "take another GGUF file of this model; many publish one"
_ELSEWHERE = "connect another model, e.g. ollama:qwen3:8b, on the page under Models or by GPTSMITH_MODEL"
_NEWER = "pip install -U xllamacpp, or choose another model"
_CHECK = "check the file with `gptsmith models check`, or get it again"

# What the log says, the sentence about the model, the code, what to do; the first that fits is told.
_CAUSES = [
    (r"No module named 'xllamacpp'", "needs the package xllamacpp", "missing_package", "pip install xllamacpp"),
    (
        r"failed to allocate|unable to allocate|out of memory|bad_alloc|Cannot allocate memory",
        "needs more memory than is free",
        "no_memory",
        _SMALLER,
    ),
    (r"chat template", "brings a chat template that llama.cpp cannot read", "engine_failed", _OTHER_FILE),
    (
        r"unknown model architecture: '(?P<detail>[^']{1,40})'",
        "is of a kind that this llama.cpp does not know: {detail}",
        "unsupported",
        _NEWER,
    ),
    (
        r"mmproj|multimodal|clip_model_loader|clip_init",
        "has a picture projector that llama.cpp cannot read",
        "engine_failed",
        _OTHER_FILE,
    ),
    (
        r"within the file bounds|bad GGUF|failed to read|gguf_init|llama_model_loader: failed to load",
        "has a damaged or incomplete file, {file}",
        "missing_weights",
        "{again}",
    ),
]
_BY_SIGNAL = {
    "SIGKILL": ("was ended by the system while it loaded, most likely for want of memory", "no_memory", _SMALLER),
    "SIGILL": ("needs instructions that this processor does not have", "unsupported", _ELSEWHERE),
}
_REASON = re.compile(r"error loading model: (?P<detail>[^\n]{1,200})| E (?P<line>[^\n]{1,200})")


def not_loaded(model: LocalModel, code: int, log: Path) -> NotReadyError:
    """Return the error of an engine that ended with `code` before it could answer; `log` is what it wrote."""
    text = log.read_text("utf-8", errors="replace") if log.is_file() else ""
    if -code in {signal.value for signal in signal.Signals} and signal.Signals(-code).name in _BY_SIGNAL:
        said, kind, hint = _BY_SIGNAL[signal.Signals(-code).name]
        return NotReadyError(f"{model.name} {said}", code=kind, hint=hint)
    for pattern, said, kind, hint in _CAUSES:
        if found := re.search(pattern, text):
            known = {"file": str(model.path), "again": _again(model), **found.groupdict()}
            return NotReadyError(f"{model.name} {said.format(**known)}", code=kind, hint=hint.format(**known))
    reason = _REASON.search(text)
    why = (reason["detail"] or reason["line"]).strip() if reason else f"it ended with code {code}"
    return NotReadyError(f"{model.name} could not be loaded: {why}", code="engine_failed", hint=_CHECK)


def _again(model: LocalModel) -> str:
    name = model.name.removeprefix("local:")
    if name.lower().endswith(".gguf"):
        return "get the file again"
    return f"`gptsmith models check` finds it, `gptsmith models get {name}` mends it"
