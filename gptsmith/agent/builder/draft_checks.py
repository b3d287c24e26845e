"""The checks of a draft's tests: each run with its part and without it, before anything is saved."""

from __future__ import annotations

import dataclasses
import shutil
import tempfile
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gptsmith.agent.builder.attachments import Attachment, files_in
from gptsmith.agent.builder.checked_tests import CheckedTest, Checker
from gptsmith.agent.builder.parts import part_of
from gptsmith.agent.builder.trial_bench import Bench, Version
from gptsmith.assistants.loader import load_file
from gptsmith.errors import GptsmithError

if TYPE_CHECKING:
    from gptsmith.agent.builder.builder import BuiltDraft

SECONDS = 60.0
_MOST_BYTES = 200_000_000


def check_draft(
    built: BuiltDraft,
    *,
    seconds: float = SECONDS,
    progress: Callable[[str], None] | None = None,
    cancel: threading.Event | None = None,
    **options: Any,
) -> list[CheckedTest]:
    """Run the tests of a draft in a folder that goes afterwards, and return what each showed, in their order.

    A draft is tried as it would be saved, its files beside it. Options: `model`, `trust`, `allow_hosted`.
    """
    deadline = time.monotonic() + seconds

    def stopped() -> bool:
        return time.monotonic() > deadline or (cancel is not None and cancel.is_set())

    told = {"model": None, "trust": False, "allow_hosted": False} | options
    try:
        with tempfile.TemporaryDirectory(prefix="gptsmith-try-", ignore_cleanup_errors=True) as name:
            folder = Path(name)
            _lay_out(built.attachments, built.id, folder)
            file = folder / f"{built.id}.assistant.yaml"
            file.write_text(built.yaml, "utf-8")
            version = Version(load_file(file))
            with Bench(file, folder / "scratch", told, state=folder / "state") as bench:
                bench.make_ready(version, progress or (lambda _text: None))
                checker = Checker(bench, version, stopped)
                pairs = zip(built.draft.tests, version.loaded.spec.tests, strict=True)
                return [checker.check(test, part_of(drafted, version.loaded)) for drafted, test in pairs]
    except (GptsmithError, OSError) as error:
        return [CheckedTest(name=t.name, verdict="not_checked", why=str(error)) for t in built.draft.tests]


def without_failing(built: BuiltDraft, checks: Sequence[CheckedTest]) -> BuiltDraft:
    """Return the draft without the tests that fail although their part is there; the others stay."""
    failing = {check.name for check in checks if check.verdict == "failing"}
    if not failing:
        return built
    draft = built.draft.model_copy(update={"tests": [t for t in built.draft.tests if t.name not in failing]})
    spec = built.spec.model_copy(update={"tests": [t for t in built.spec.tests if t.name not in failing]})
    changed = dataclasses.replace(built, draft=draft, spec=spec)
    return dataclasses.replace(changed, yaml=changed.render(built.id))


def _lay_out(attachments: Sequence[Attachment], id: str, folder: Path) -> None:
    """Put the attached files where the spec names them; too many bytes are no matter for a quick check."""
    files = [(a, file) for a in attachments for file in files_in(a.source)]
    if sum(file.stat().st_size for _, file in files) > _MOST_BYTES:
        raise GptsmithError("the files are too large for a quick check", hint="save it and run its tests")
    for attachment, file in files:
        root = folder / attachment.spec_path(id)
        target = root / file.relative_to(attachment.source) if attachment.source.is_dir() else root
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(file, target)
