"""The embedded picture models: the weights that gptsmith trained itself, in the package, checked by hash."""

from __future__ import annotations

import hashlib
from functools import lru_cache
from pathlib import Path
from typing import Literal

from gptsmith.errors import NotReadyError

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
