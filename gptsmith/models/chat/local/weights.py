"""Causal language models on this machine: weights and tokenizer of a folder or of the Hugging Face hub.

Safetensors only, and no code of the model's own: a spec may name a model, never bring a program.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import torch

from gptsmith.assistants.format.spec import ModelSpec
from gptsmith.errors import NotReadyError, UsageError

OPTIONS = ("device", "dtype", "revision")
DTYPES = {"float32": torch.float32, "float16": torch.float16, "bfloat16": torch.bfloat16}
FILES = ["*.json", "*.safetensors", "*.model", "*.jinja", "merges.txt", "vocab.txt"]
_loading = threading.Lock()


@dataclass(frozen=True)
class Weights:
    """A loaded model and its tokenizer; `context` is the number of tokens that it can read and write together."""

    model: Any
    tokenizer: Any
    device: str
    context: int | None


def load(spec: ModelSpec, *, base_dir: Path | None = None, trust: bool = False) -> Weights:
    """Load the model that `spec.name` names, once per process.

    A name that is a folder (or looks like one: `./`, `../`, `~`, `/`) resolves against `base_dir`; any other is a hub
    id, which is downloaded once. Options: `device`, `dtype` (float32, float16, bfloat16), `revision` (of a hub id).

    Raises NotReadyError (`missing_model`, `missing_weights`, `trust_required`) and UsageError.
    """
    if not spec.name:
        raise NotReadyError(
            'the model "huggingface" has no name', code="missing_model", hint="write huggingface:<folder or hub id>"
        )
    if unknown := sorted(set(spec.options) - set(OPTIONS)):
        raise UsageError(
            f"huggingface:{spec.name} does not take the option {unknown[0]}", hint=f"it takes {', '.join(OPTIONS)}"
        )
    device = str(spec.options.get("device") or _device())
    dtype = spec.options.get("dtype") or ("float32" if device == "cpu" else "bfloat16")
    if dtype not in DTYPES:
        raise UsageError(f"model.options.dtype is {dtype!r}", hint=f"use one of {', '.join(DTYPES)}")
    place = _place(spec.name, base_dir, trust)
    with _loading:
        return _load(place, str(spec.options.get("revision") or "main"), device, str(dtype))


def _place(name: str, base_dir: Path | None, trust: bool) -> str:
    """Return the folder as an absolute path, or the hub id as it is."""
    from gptsmith.assistants.format.paths import resolve

    looks_like_folder = name.startswith((".", "~", "/")) or (len(name) > 2 and name[1] == ":")
    root = base_dir or Path.cwd()
    folder = root / Path(name).expanduser()
    if not looks_like_folder and not folder.is_dir():
        return name
    if base_dir is not None:
        folder = resolve(base_dir, name, trust)
    if not (folder / "config.json").is_file():
        raise NotReadyError(
            f"the model folder {name} {'has no config.json' if folder.is_dir() else 'is not there'}",
            code="missing_weights",
            hint="name a folder with config.json, tokenizer.json and model.safetensors",
        )
    return str(folder.resolve())


def _device() -> str:
    if torch.cuda.is_available():
        return "cuda"
    return "mps" if torch.backends.mps.is_available() else "cpu"


@lru_cache(maxsize=2)
def _load(place: str, revision: str, device: str, dtype: str) -> Weights:
    if Path(place).is_absolute():
        return _read(place, device, dtype)
    try:  # what was downloaded once is used without asking the network
        return _read(_snapshot(place, revision, download=False), device, dtype)
    except NotReadyError:
        return _read(_snapshot(place, revision, download=True), device, dtype)


def _snapshot(name: str, revision: str, *, download: bool) -> str:
    """Return the folder of a hub model, from the cache or downloaded: configuration, tokenizer and safetensors only."""
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import HFValidationError

    try:
        return snapshot_download(name, revision=revision, allow_patterns=FILES, local_files_only=not download)
    except (OSError, HFValidationError, ValueError, RuntimeError) as error:
        raise NotReadyError(
            f"the weights of {name} are not on this machine and could not be downloaded",
            code="missing_weights",
            hint="check the id and the network, or name a folder on this machine",
        ) from error


def _read(folder: str, device: str, dtype: str) -> Weights:
    from transformers import AutoModelForCausalLM, AutoTokenizer
    from transformers.utils import logging

    keywords: dict[str, Any] = {"trust_remote_code": False, "local_files_only": True}
    bar = logging.is_progress_bar_enabled()
    logging.disable_progress_bar()
    try:
        tokenizer = AutoTokenizer.from_pretrained(folder, **keywords)
        model = AutoModelForCausalLM.from_pretrained(folder, use_safetensors=True, dtype=DTYPES[dtype], **keywords)
        model.to(device).eval()
    except (OSError, ValueError, KeyError, ImportError, RuntimeError) as error:
        raise _not_loaded(folder, error) from error
    finally:
        if bar:
            logging.enable_progress_bar()
    context = getattr(model.config, "max_position_embeddings", None)
    return Weights(model, tokenizer, device, context if isinstance(context, int) else None)


def _not_loaded(folder: str, error: Exception) -> NotReadyError:
    if "trust_remote_code" in str(error):
        hint = "it brings code of its own, which is never run; choose a model that transformers knows"
    else:
        hint = "the folder must hold config.json, the tokenizer and *.safetensors of a causal language model"
    return NotReadyError(f"the weights in {Path(folder).name} could not be loaded", code="missing_weights", hint=hint)
