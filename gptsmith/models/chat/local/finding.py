"""Which file a spec's local model is: a name of the shelf, or a GGUF file by its path."""

from __future__ import annotations

from pathlib import Path

from gptsmith.assistants.spec import ModelSpec
from gptsmith.errors import NotReadyError, UsageError
from gptsmith.models.chat.local.engine import LocalModel, check_model_file

CONTEXT = 8192
"""Tokens that a model reads and writes together unless `options.context` says otherwise; each costs memory."""
MOST_CONTEXT = 131_072


def find_local_model(spec: ModelSpec, *, base_dir: Path | None = None, trust: bool = False) -> LocalModel:
    """Return the model that `local:<name>` or `local:./file.gguf` means.

    A path resolves against `base_dir`; one that leaves it needs `trust`. Raises NotReadyError (`missing_model`,
    `missing_weights`, `trust_required`) and UsageError for an unknown name or option.
    """
    context = _context(spec)
    if not spec.name:
        raise NotReadyError(
            'the model "local" has no name',
            code="missing_model",
            hint="write local:<name> (see `gptsmith models`) or local:./file.gguf",
        )
    if _is_path(spec.name):
        model = LocalModel(f"local:{spec.name}", _file(spec.name, base_dir, trust), context)
        check_model_file(model)
        return model
    from gptsmith.models import shelf

    entry = shelf.entry(spec.name)
    if entry.kind == "pictures":
        raise UsageError(f"{entry.name} draws pictures, it does not chat", hint="name it in an image_generation tool")
    return LocalModel(
        f"local:{entry.name}",
        shelf.require(entry.name),
        min(context, entry.context or context),
        shelf.path(entry.name, "projector") if entry.sees else None,
    )


def _context(spec: ModelSpec) -> int:
    if unknown := sorted(set(spec.options) - {"context"}):
        raise UsageError(f"local:{spec.name} does not take the option {unknown[0]}", hint="it takes context")
    context = spec.options.get("context", CONTEXT)
    if not isinstance(context, int) or isinstance(context, bool) or not 512 <= context <= MOST_CONTEXT:
        raise UsageError(
            f"model.options.context is {context!r}", hint=f"give a number of tokens from 512 to {MOST_CONTEXT}"
        )
    return context


def _is_path(name: str) -> bool:
    return name.startswith((".", "~", "/")) or name.lower().endswith(".gguf") or (len(name) > 2 and name[1] == ":")


def _file(name: str, base_dir: Path | None, trust: bool) -> Path:
    from gptsmith.assistants.paths import resolve

    if base_dir is not None:
        return resolve(base_dir, name, trust)
    return Path(name).expanduser().absolute()
