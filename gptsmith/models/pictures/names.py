"""The name of a picture model, and the weights of those that come with gptsmith, checked by hash."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Literal

from gptsmith.assistants.format.providers import PROVIDERS
from gptsmith.errors import NotReadyError, UsageError

# The embedded picture models: the weights that gptsmith trained itself, in the package, checked by hash.

Kind = Literal["generator", "captioner", "clip", "upsampler"]

WEIGHTS = Path(__file__).with_name("weights")
HASHES = "SHA256SUMS"
_INSTEAD = {
    "generator": ("drawing", "name a diffusers folder or hub id, or openai:<images model>"),
    "captioner": ("describing pictures", "name a transformers folder or hub id, or a vision chat model"),
    "upsampler": ("writing descriptions", "name a chat model that writes freely"),
    "clip": ("recognizing pictures", "name the folder or hub id of a CLIP model"),
}


def folder(kind: Kind) -> Path:
    """Return the folder of the embedded model of a kind, its files checked once against their hashes.

    Raises:
        NotReadyError: `missing_weights`: they are not part of this release, or a file is not the expected one.
    """
    found = WEIGHTS / kind
    what, instead = _INSTEAD[kind]
    if not (found / HASHES).is_file():
        raise NotReadyError(
            f"the embedded model for {what} is not part of this release", code="missing_weights", hint=instead
        )
    _check(found)
    return found


@lru_cache(maxsize=8)
def _check(found: Path) -> None:
    for line in (found / HASHES).read_text("utf-8").splitlines():
        digest, _, name = line.partition("  ")
        if not name:
            continue
        try:
            with (found / name).open("rb") as file:
                same = hashlib.file_digest(file, "sha256").hexdigest() == digest
        except OSError:
            same = False
        if not same:
            raise NotReadyError(
                f"the file {found.name}/{name} of the embedded models is not the expected one (sha256 differs)",
                code="missing_weights",
                hint="install gptsmith again",
            )


# The name of a picture model: `embedded`, one of the shelf (`local:sd-turbo`), a folder, a hub id, or a model behind a
# provider (`openai:gpt-image-1`).

_HUB_ID = re.compile(r"^[A-Za-z0-9][\w.-]{0,95}(?:/[A-Za-z0-9][\w.-]{0,95})?$")
_FOLDER = re.compile(r"^(?:\.{1,2}(?:[/\\]|$)|/|~|[A-Za-z]:[/\\])")


@dataclass(frozen=True)
class ModelName:
    """`text` is what the person wrote; `place` the folder, the hub id, or the name that the provider knows.

    `steps` and `guidance` are what the model wants where nobody says otherwise, as far as the shelf knows it.
    """

    kind: Literal["embedded", "folder", "hub", "provider"]
    text: str
    place: str = ""
    provider: str = ""
    steps: int | None = None
    guidance: float | None = None


def read_name(text: str, *, base_dir: Path | None = None, trust: bool = False) -> ModelName:
    """Read a model's name. A folder resolves against `base_dir`, and one that leaves it needs `trust`.

    Without `base_dir` the name is the person's own: it starts at the working folder and may lead anywhere.

    Raises:
        UsageError: the text is no name of a model.
        NotReadyError: `trust_required`; `missing_weights` for a model of the shelf that is not here.
    """
    text = text.strip()
    if text == "embedded":
        return ModelName("embedded", text)
    provider, colon, rest = text.partition(":")
    if colon and provider in PROVIDERS and not PROVIDERS[provider].own and rest:
        return ModelName("provider", text, rest, provider)
    if provider == "local" and rest:
        return _on_shelf(text, rest)
    if _FOLDER.match(text) or _is_folder(base_dir, text):
        return ModelName("folder", text, str(_resolved(base_dir, text, trust)))
    if _HUB_ID.match(text):
        return ModelName("hub", text, text)
    raise UsageError(
        f"{text[:80]!r} names no picture model",
        code="unknown_model",
        hint="use embedded, local:<name>, a folder such as ./model, a hub id such as owner/model, or openai:<model>",
    )


def _on_shelf(text: str, name: str) -> ModelName:
    from gptsmith.models.shelf import Shelf

    shelf = Shelf()
    entry = shelf.entry(name)
    if entry.sees:
        return ModelName("provider", text, entry.name, "local")
    if entry.kind != "pictures":
        raise UsageError(
            f"{text} neither draws nor sees",
            code="unknown_model",
            hint="gptsmith models lists those that do",
        )
    drawing = entry.drawing
    return ModelName(
        "folder",
        text,
        str(shelf.require(name)),
        steps=drawing.steps if drawing else None,
        guidance=drawing.guidance if drawing else None,
    )


def _is_folder(base_dir: Path | None, text: str) -> bool:
    try:
        return bool(text) and ((base_dir or Path.cwd()) / text).is_dir()
    except (OSError, ValueError):  # a text that cannot be a path at all
        return False


def _resolved(base_dir: Path | None, text: str, trust: bool) -> Path:
    if base_dir is not None:
        from gptsmith.assistants.format.paths import resolve

        return resolve(base_dir, text, trust)
    return (Path.cwd() / Path(text).expanduser()).resolve()
