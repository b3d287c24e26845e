"""The folder of a spec as it would be with the files that come with a change and are not beside it yet."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from gptsmith.agent.builder.attachments import Attachment, bring
from gptsmith.assistants import paths
from gptsmith.assistants.library import SUFFIX
from gptsmith.assistants.named_files import path_values
from gptsmith.assistants.reader import read
from gptsmith.errors import GptsmithError, UsageError

_MOST_BYTES = 200_000_000
_MODELS = ("model", "embedding_model")


@contextmanager
def folder_with(path: Path, text: str, attachments: Sequence[Attachment]) -> Iterator[Path]:
    """Lend the folder in which the proposed `text` of the spec at `path` finds all its files.

    Without files to come it is the spec's own; else a copy of what the spec names, with the new files in their place.

    Raises:
        UsageError: the files are too large to be tried.
    """
    here = path.absolute().parent
    coming = [attachment for attachment in attachments if not attachment.place]
    if not coming:
        yield here
        return
    with tempfile.TemporaryDirectory(prefix="gptsmith-try-", ignore_cleanup_errors=True) as name:
        folder = Path(name).resolve()
        data = read(text).data
        files = _named(here, data) if isinstance(data, dict) else []
        if sum(file.stat().st_size for file in files) > _MOST_BYTES:
            raise UsageError(
                "the files are too large to try the change", code="too_large", hint="apply it and run test"
            )
        for file in files:
            place = folder / file.relative_to(here.resolve())
            place.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(file, place)
        bring(coming, path.name.removesuffix(SUFFIX), folder)
        yield folder


def _named(here: Path, data: dict[str, Any]) -> list[Path]:
    """Return the files that a spec names, but for the weights of models."""
    found: dict[Path, None] = {}
    for place, named in path_values(data):
        if any(part in _MODELS for part in place):
            continue
        try:
            files = [*paths.expand(here, [named]), paths.resolve(here, named.partition(":")[0])]
        except (GptsmithError, OSError, ValueError):
            continue  # outside of the folder, or no path at all: loading says so
        found |= dict.fromkeys(file for file in files if file.is_file())
    return list(found)
