"""The plan of a change: what the files would be, with attached files thought to lie where they will be copied."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

from gptsmith.agent.builder.attachments import Attachment, bring
from gptsmith.agent.builder.edits.order import Op, in_order
from gptsmith.agent.builder.edits.subject import Subject
from gptsmith.assistants import paths
from gptsmith.assistants.edited_file import PlannedEdit, plan_edit
from gptsmith.assistants.named_files import path_values
from gptsmith.errors import NotReadyError, UsageError


def plan(subject: Subject, ops: Sequence[Op], attachments: Sequence[Attachment] = ()) -> PlannedEdit:
    """Say what the operations would make of the files of `subject`, whatever they are by now; nothing is written.

    Raises UsageError and SpecError as `plan_edit` does.
    """
    ordered = in_order(subject.data, ops)
    coming = [attachment for attachment in attachments if not attachment.place]
    if not coming and subject.is_on_disk:
        return plan_edit(subject.path, ordered, subject.hash)
    with TemporaryDirectory(prefix="gptsmith-edit-") as folder:
        mirror = _mirror(subject, Path(folder).resolve())
        bring(coming, subject.files_folder.removesuffix(".files"), mirror.parent, empty=True)
        planned = plan_edit(mirror, ordered, subject.hash)
        return _moved(planned, mirror.parent, subject.path.parent)


def used(planned: PlannedEdit, subject: Subject, attachments: Sequence[Attachment]) -> list[Attachment]:
    """Return the attachments that the planned spec names, which are to be copied beside it."""
    from gptsmith.agent.builder.edits.mending import spec_path

    after = planned.files[0].after
    return [a for a in attachments if not a.place and spec_path(a, subject).removeprefix("./") in after]


def _mirror(subject: Subject, folder: Path) -> Path:
    """Make a folder in which every file that the spec names lies empty, as far as it may be looked at."""
    here = subject.path.parent
    for _, named in path_values(subject.data):
        try:
            found = [*paths.expand(here, [named]), paths.resolve(here, named)]
        except (NotReadyError, UsageError, OSError, ValueError):
            continue  # outside the folder or no path at all: the checks say so themselves
        for file in found:
            if file.is_file() and file.is_relative_to(here):
                place = folder / file.relative_to(here)
                place.parent.mkdir(parents=True, exist_ok=True)
                place.touch()
    if subject.told_file is not None:
        place = folder / subject.told_file.relative_to(here)
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(subject.told_text.encode("utf-8"))
    mirror = folder / subject.path.name
    mirror.write_bytes(subject.text.encode("utf-8"))
    return mirror


def _moved(planned: PlannedEdit, old: Path, new: Path) -> PlannedEdit:
    files = tuple(
        edit.model_copy(update={"path": new / edit.path.relative_to(old)}) if edit.path.is_relative_to(old) else edit
        for edit in planned.files
    )
    return PlannedEdit(files=files)
