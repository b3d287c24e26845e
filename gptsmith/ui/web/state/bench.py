"""The workbench: one spec file as the workspace changes it, whichever of its tabs does it; no Streamlit here.

The file is the draft. Every change is compared with the file as it was read (its digest), shown before it is written,
and can be undone.
"""

from __future__ import annotations

import difflib
import hashlib
import os
from dataclasses import dataclass, field
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gptsmith.assistants.editing.edited_file import Plan, plan_edit
from gptsmith.assistants.editing.operations import apply_to_data
from gptsmith.assistants.files.drafts import Drafts
from gptsmith.assistants.files.library import SUFFIX, is_shipped, state_key
from gptsmith.assistants.files.versions import Version, Versions
from gptsmith.assistants.format.loader import check_text, load_text
from gptsmith.assistants.format.paths import resolve
from gptsmith.assistants.format.reader import read_yaml
from gptsmith.assistants.format.spec import load_tool_types, tool_class
from gptsmith.errors import Diagnostic, GptsmithError, SpecError, UsageError
from gptsmith.models.pictures.input_images import open_picture
from gptsmith.state import State
from gptsmith.ui.web.state import form
from gptsmith.ui.web.state.form import Operation, lines_of
from gptsmith.ui.web.state.test_runs import TestRuns
from gptsmith.ui.web.state.unsaved import Unsaved
from gptsmith.ui.web.state.uploads import Upload, store

if TYPE_CHECKING:
    from gptsmith.agent.builder.portrait import Portrait

__all__ = ["Bench", "ChangePreview", "Sheet", "Version", "diff_of", "text_diff"]


@dataclass(frozen=True)
class Sheet:
    """A spec file as it was read: `digest` is the SHA-256 of its bytes, asked for again when it is saved.

    `data` is what the text says, empty when it cannot be read at all.
    """

    path: Path
    text: str
    digest: str
    data: dict[str, Any]
    problems: list[Diagnostic]
    read_only: bool

    @property
    def valid(self) -> bool:
        """Say whether the assistant can run."""
        return not any(p.severity == "error" for p in self.problems)


@dataclass(frozen=True)
class ChangePreview:
    """A change before it is written: in words, as a diff of the file, and why it cannot be written, if so."""

    operations: list[Operation]
    words: list[str]
    diff: str = ""
    problems: list[str] = field(default_factory=list)
    planned: Plan | None = None


class Bench:
    """One assistant's file in the workspace."""

    def __init__(self, id: str, path: Path) -> None:
        self.id = id
        self.path = path
        self.shipped = is_shipped(path)
        self.is_draft = Drafts().holds(path)

    def sheet(self) -> Sheet:
        """Read the file, valid or not."""
        raw = self.path.read_bytes()
        text = raw.decode("utf-8", errors="replace")
        data = read_yaml(raw, self.path.name).data
        locked = self.shipped or not os.access(self.path, os.W_OK)
        found = data if isinstance(data, dict) else {}
        return Sheet(self.path, text, hashlib.sha256(raw).hexdigest(), found, self.check(text), locked)

    def digest(self) -> str:
        """Return the digest of the file as it is now, empty when it is gone."""
        try:
            return hashlib.sha256(self.path.read_bytes()).hexdigest()
        except OSError:
            return ""

    def check(self, text: str) -> list[Diagnostic]:
        """Return the problems of `text` if it stood in the file."""
        return check_text(text, self.path.parent, file=self.path.name)

    def without_effect(self, text: str) -> list[Diagnostic]:
        """Return a warning for each part of `text` that cannot run here; none while it has errors."""
        from gptsmith.agent.readiness import warnings

        try:
            return warnings(load_text(text, self.path.parent), self.path.name)
        except GptsmithError:
            return []

    def instructions(self, sheet: Sheet) -> str:
        """Return the text of the file's `instructions_file`, empty when it cannot be read."""
        try:
            return load_text(sheet.text, self.path.parent).instructions()
        except GptsmithError:
            return ""

    @staticmethod
    def tool_types() -> dict[str, str]:
        """Return the tool types that there are, with what each does."""
        return {kind: cls.SUMMARY for kind, cls in sorted(load_tool_types().items())}

    @staticmethod
    def needed(kind: str) -> tuple[str, ...]:
        """Return the settings without which a tool of this type cannot work, to be shown first."""
        return tool_class({"type": kind}).FACTS.first

    @property
    def unsaved(self) -> Unsaved:
        """What was typed and not saved."""
        return Unsaved(State().folder(state_key(self.path)) / "unsaved")

    # -- changes of the form -----------------------------------------------------------------------------------------

    def propose(self, sheet: Sheet, wanted: dict[str, Any]) -> ChangePreview:
        """Return what would be written for the file to say `wanted`; problems instead of errors."""
        operations = form.operations(sheet.data, wanted)
        words, data = [], sheet.data
        for op in operations:
            words.append(form.words(op, data))
            data = apply_to_data(data, [op])
        if not operations:
            return ChangePreview([], [])
        words.reverse()
        try:
            planned = plan_edit(self.path, operations, sheet.digest)
        except SpecError as error:
            return ChangePreview(operations, words, problems=[_told(d) for d in error.diagnostics])
        except GptsmithError as error:
            return ChangePreview(operations, words, problems=[str(error)])
        return ChangePreview(operations, words, diff_of(planned), planned=planned)

    def write(self, proposal: ChangePreview, reason: str = "") -> Sheet:
        """Write a proposal when the files are still those that it was made for; raise GptsmithError when not."""
        if proposal.planned is None:
            raise UsageError(
                proposal.problems[0] if proposal.problems else "there is nothing to save", hint="change it"
            )
        self._versions().write(proposal.planned, author="person", reason=reason or "; ".join(proposal.words)[:300])
        return self.sheet()

    def rebase(self, made_from: dict[str, Any], wanted: dict[str, Any], sheet: Sheet) -> dict[str, Any] | None:
        """Return what the file as it is now becomes by the changes `made_from` -> `wanted`; None when they clash."""
        mine, theirs = (form.operations(made_from, data) for data in (wanted, sheet.data))
        if form.clash(mine, theirs):
            return None
        try:
            result: dict[str, Any] = apply_to_data(sheet.data, mine)
        except GptsmithError:
            return None
        return result

    # -- the whole text ----------------------------------------------------------------------------------------------

    def save_text(self, text: str, digest: str, reason: str = "edited as YAML") -> Sheet:
        """Replace the file when `text` is valid and it is still the one with `digest`; raise `UsageError` if not."""
        try:
            self._versions().save(text, digest, author="person", reason=reason)
        except SpecError as error:
            hint = "correct the lines that are marked"
            raise UsageError(f"{self.path.name} was not saved: {error.diagnostics[0]}", hint=hint) from error
        except UsageError as error:
            if error.code != "changed_on_disk":
                raise
            raise UsageError(
                f"{self.path.name} was changed outside this page since you opened it, so it was not saved",
                hint="copy your text, take the file's version and add your changes again",
            ) from error
        return self.sheet()

    # -- versions ----------------------------------------------------------------------------------------------------

    def versions(self) -> list[Version]:
        """Return the versions, the newest first; a change that was made outside is noticed."""
        return [] if self.shipped else self._versions().list()[::-1]

    def undo(self) -> Version:
        """Take the last change back, to the byte; raise UsageError when there is none, or the file changed since."""
        return self._versions().undo()

    def restore(self, number: int) -> Version:
        """Write the files as they were in a version, as a new one."""
        return self._versions().restore(number)

    def version_diff(self, a: int, b: int | None) -> str:
        """Return what differs between two versions; b None: the file as it is."""
        return self._versions().diff(a, b)

    def name_version(self, number: int, name: str) -> None:
        """Give a version a name."""
        self._versions().name(number, name)

    def _versions(self) -> Versions:
        return Versions(self.path)

    # -- tests -------------------------------------------------------------------------------------------------------

    def runs(self) -> TestRuns:
        """Return the runs of the file's own tests."""
        return TestRuns(self.path, State().folder(state_key(self.path)) / "test-runs.json")

    def add_test(
        self, sheet: Sheet, name: str, message: str, contains: str, not_contains: str, unknown: bool = False
    ) -> Sheet:
        """Add a test to the file; the two lists have one text per line. Raises GptsmithError when it is not whole."""
        expect: dict[str, Any] = {"contains": lines_of(contains), "not_contains": lines_of(not_contains)}
        expect = {key: value for key, value in expect.items() if value} | ({"says_unknown": True} if unknown else {})
        if not message.strip() or not expect:
            hint = "write the message, and what the answer must or must not hold"
            raise UsageError("a test needs a message and something that the answer has to show", hint=hint)
        test = {"name": name.strip() or " ".join(message.split())[:60], "message": message.strip(), "expect": expect}
        wanted = {**sheet.data, "tests": [*(sheet.data.get("tests") or []), test]}
        return self.write(self.propose(sheet, wanted), f"a test: {test['name']}")

    def remove_test(self, sheet: Sheet, number: int) -> Sheet:
        """Take a test out of the file."""
        left = [test for n, test in enumerate(sheet.data["tests"]) if n != number]
        wanted = {**sheet.data, "tests": left}
        if not left:
            del wanted["tests"]
        return self.write(self.propose(sheet, wanted), f"without the test {sheet.data['tests'][number].get('name')}")

    # -- its picture -------------------------------------------------------------------------------------------------

    def picture(self, sheet: Sheet) -> bytes | None:
        """Return the picture that the file names, None when there is none that can be shown."""
        named = sheet.data.get("avatar")
        if not isinstance(named, str):
            return None
        try:
            picture, png = open_picture(resolve(self.path.parent, named)), BytesIO()
        except GptsmithError:  # a wrong path is among the file's problems
            return None
        picture.save(png, "PNG")
        return png.getvalue()

    def propose_picture(self) -> Portrait:
        """Draw a picture for the assistant; raise GptsmithError when it cannot be drawn."""
        from gptsmith.agent.builder.portrait import propose_picture

        return propose_picture(self.path)

    # -- files -------------------------------------------------------------------------------------------------------

    def add_files(self, files: list[Upload]) -> list[str]:
        """Put checked files beside the spec, into `<id>.files/`; return their paths as the spec names them."""
        folder = self.path.with_name(f"{self.path.name.removesuffix(SUFFIX)}.files")
        try:
            return [f"./{folder.name}/{path.name}" for path in store(files, folder)]
        except OSError as error:
            hint = "make room, or make the folder writable"
            raise UsageError(f"{folder} cannot be written ({error.strerror})", hint=hint) from error


def diff_of(planned: Plan) -> str:
    """Return the diff of a planned edit, three lines around each change; each further file with its name."""
    return "\n".join(
        text_diff(edit.before, edit.after, "" if number == 0 else edit.path.name)
        for number, edit in enumerate(planned.files)
        if edit.changed
    )


def text_diff(before: str, after: str, name: str = "") -> str:
    """Return the unified diff of two texts without its two head lines; `name` stands above it when given."""
    lines = list(difflib.unified_diff(before.splitlines(), after.splitlines(), lineterm="", n=3))[2:]
    return "\n".join([f"# {name}", *lines] if name else lines)


def _told(problem: Diagnostic) -> str:
    where = f"{form.place(problem.path)}: " if problem.path else ""
    return f"{where}{problem.message}" + (f" ({problem.hint})" if problem.hint else "")
