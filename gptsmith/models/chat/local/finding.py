"""Which file a spec's local model is: a name of the shelf, or a GGUF file by its path."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from gptsmith.assistants.spec import ModelSpec
from gptsmith.errors import NotReadyError, UsageError
from gptsmith.models.chat.local.engine import LocalModel, check_model_file

CONTEXT = 8192
"""Tokens that a model reads and writes together unless `options.context` says otherwise; each costs memory."""
MOST_CONTEXT = 131_072
WHOLE_BYTES = 2_000_000_000
"""From this size on, about three billion parameters, a file that is not in the catalogue is given whole tasks."""


def find_local_model(spec: ModelSpec, *, base_dir: Path | None = None, trust: bool = False) -> LocalModel:
    """Return the model that `local:<name>` or `local:./file.gguf` means.

    A path resolves against `base_dir`; one that leaves it needs `trust`. Raises NotReadyError (`missing_model`,
    `missing_weights`, `trust_required`) and UsageError for an unknown name or option.
    """
    context, wished = _options(spec)
    if not spec.name:
        raise NotReadyError(
            'the model "local" has no name',
            code="missing_model",
            hint="write local:<name> (see `gptsmith models`) or local:./file.gguf",
        )
    if _is_path(spec.name):
        model = LocalModel(f"local:{spec.name}", _file(spec.name, base_dir, trust), context)
        check_model_file(model)
        large = model.path.stat().st_size >= WHOLE_BYTES
        return replace(model, whole=large if wished is None else wished)
    from gptsmith.models import shelf

    entry = shelf.entry(spec.name)
    if entry.kind == "pictures":
        raise UsageError(f"{entry.name} draws pictures, it does not chat", hint="name it in an image_generation tool")
    return LocalModel(
        f"local:{entry.name}",
        shelf.require(entry.name),
        min(context, entry.context or context),
        shelf.path(entry.name, "projector") if entry.sees else None,
        (entry.whole_tasks or entry.kind == "vision") if wished is None else wished,
    )


def _options(spec: ModelSpec) -> tuple[int, bool | None]:
    """Return the tokens of the window, and whether whole tasks are wished for; None where nothing is said."""
    if unknown := sorted(set(spec.options) - {"context", "tasks"}):
        raise UsageError(f"local:{spec.name} does not take the option {unknown[0]}", hint="it takes context and tasks")
    context = spec.options.get("context", CONTEXT)
    if not isinstance(context, int) or isinstance(context, bool) or not 512 <= context <= MOST_CONTEXT:
        raise UsageError(
            f"model.options.context is {context!r}", hint=f"give a number of tokens from 512 to {MOST_CONTEXT}"
        )
    tasks = spec.options.get("tasks")
    if tasks not in (None, "whole", "small"):
        raise UsageError(f"model.options.tasks is {tasks!r}", hint="write whole or small, or leave it out")
    return context, None if tasks is None else tasks == "whole"


def _is_path(name: str) -> bool:
    return name.startswith((".", "~", "/")) or name.lower().endswith(".gguf") or (len(name) > 2 and name[1] == ":")


def _file(name: str, base_dir: Path | None, trust: bool) -> Path:
    from gptsmith.assistants.paths import resolve

    if base_dir is not None:
        return resolve(base_dir, name, trust)
    return Path(name).expanduser().absolute()
