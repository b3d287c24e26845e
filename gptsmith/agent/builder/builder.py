"""The SDK's `Builder`: a description and files in, a new spec for review out."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gptsmith.agent.builder.attachments import Attachment, attach, beside, bring_files, listing
from gptsmith.agent.builder.language.answers import Draft, DraftKnowledge, DraftTest, DraftTool, Missing
from gptsmith.agent.builder.language.description import language
from gptsmith.agent.builder.language.requests import BuildRequest
from gptsmith.assistants.format.loader import load_text, slug
from gptsmith.assistants.format.spec import AssistantSpec, ToolSpec, load_tool_types
from gptsmith.assistants.format.writer import write_new
from gptsmith.errors import Diagnostic, UsageError

if TYPE_CHECKING:
    from langchain_core.language_models import BaseChatModel
    from langgraph.graph.state import CompiledStateGraph

    from gptsmith.agent.assistant import Assistant
    from gptsmith.agent.builder.changes import Change
    from gptsmith.agent.builder.changes.subject import Subject
    from gptsmith.agent.builder.session.session import BuilderSession, SessionEntry
    from gptsmith.agent.builder.testing.checked import CheckedTest
    from gptsmith.assistants.files.library import Library
    from gptsmith.models.chat.drafting import Drafting


# From a guarded draft to the data of a spec: code, not the model, decides what the YAML holds.

_HEADINGS = {
    "en": ("What matters", "How you work", "When to ask back", "How you speak"),
    "de": ("Worauf es ankommt", "So gehst du vor", "Wann du nachfragst", "So sprichst du"),
    "es": ("Lo que importa", "Cómo trabajas", "Cuándo preguntar", "Cómo hablas"),
    "fr": ("Ce qui compte", "Ta façon de travailler", "Quand poser une question", "Ta façon de parler"),
    "it": ("Ciò che conta", "Come lavori", "Quando fare domande", "Come parli"),
    "pt": ("O que importa", "Como trabalhas", "Quando perguntar", "Como falas"),
    "nl": ("Wat telt", "Zo werk je", "Wanneer je doorvraagt", "Zo praat je"),
}
RULES_HEADINGS = frozenset(headings[0] for headings in _HEADINGS.values())
WORK_HEADINGS = frozenset(headings[1] for headings in _HEADINGS.values())


def instructions(draft: Draft) -> str:
    """Join the five parts of the instructions, each under its heading, in the draft's own language."""
    matters, works, asks, speaks = _HEADINGS.get(language(draft.role), _HEADINGS["en"])
    parts = [draft.role.strip()]
    parts += [f"## {matters}\n{_bullets(draft.emphasis)}"] if draft.emphasis else []
    parts += [f"## {works}\n{_bullets(draft.guidelines)}"] if draft.guidelines else []
    parts += [f"## {asks}\n{draft.clarify.strip()}"] if draft.clarify.strip() else []
    parts += [f"## {speaks}\n{draft.tone.strip()}"] if draft.tone.strip() else []
    return "\n\n".join(parts) + "\n"


def spec_data(draft: Draft, id: str, attachments: list[Attachment]) -> dict[str, Any]:
    """Return the spec as plain data in the file's own terms, empty fields left out."""
    model = {"temperature": draft.temperature} if draft.temperature is not None else None
    variables = {
        v.name: {k: value for k, value in (("description", v.description), ("default", v.default)) if value is not None}
        for v in draft.variables
    }
    data: dict[str, Any] = {
        "schema": "assistant/v1",
        "id": id,
        "name": draft.name,
        "description": draft.description,
        "instructions": instructions(draft),
        "variables": variables,
        "model": model,
        "welcome_message": draft.welcome_message.strip(),
        "conversation_starters": draft.conversation_starters,
        "knowledge": [_source(source, id, attachments) for source in draft.knowledge],
        "tools": [_tool(tool, id, attachments) for tool in draft.tools],
        "skills": [_place(name.rstrip("/"), id, attachments) for name in draft.skills],
        "memory": {"facts": True} if draft.remembers else None,
        "tests": [_test(test) for test in draft.tests],
    }
    return {key: value for key, value in data.items() if value not in (None, "", [], {})}


def _tool(tool: DraftTool, id: str, attachments: list[Attachment]) -> dict[str, Any]:
    settings = dict(tool.settings)
    if isinstance(settings.get("schema"), str):
        settings["schema"] = _place(settings["schema"], id, attachments)
    if tool.type == "python":
        file, _, function = str(settings["ref"]).rpartition(":")
        settings["ref"] = f"{_place(file, id, attachments)}:{function}"
    return {"type": tool.type, "name": tool.name, "description": tool.description, **settings}


def _source(source: DraftKnowledge, id: str, attachments: list[Attachment]) -> dict[str, Any]:
    paths = [_place(path, id, attachments) for path in source.paths]
    data = {"name": source.name, "description": source.description[:1000], "paths": paths, "urls": source.urls}
    return {key: value for key, value in data.items() if value}


def _place(path: str, id: str, attachments: list[Attachment]) -> str:
    """Return the spec's path for a listed name: an attachment itself, or a file inside an attached folder."""
    for attachment in attachments:
        if path == attachment.name.rstrip("/") or path == attachment.name:
            return attachment.spec_path(id)
        if attachment.name.endswith("/") and path.startswith(attachment.name):
            return f"{attachment.spec_path(id)}/{path.removeprefix(attachment.name)}"
    return path


def _test(test: DraftTest) -> dict[str, Any]:
    expect: dict[str, Any] = {k: getattr(test, k) for k in ("contains", "not_contains", "cites", "calls")}
    expect = {key: value for key, value in expect.items() if value}
    if test.matches:
        expect["matches"] = test.matches
    return {"name": test.name, "message": test.message, "expect": expect}


def _bullets(lines: list[str]) -> str:
    return "\n".join("- " + line.strip().replace("\n", "\n  ") for line in lines)


MAX_DESCRIPTION = 24_000  # characters: with its rules kept word for word it still fits a spec's instructions


@dataclass(frozen=True)
class BuiltDraft:
    """A new assistant before it is saved: read `yaml` and `missing`, then `save`.

    `missing` lists what the description calls for and is not there, each with the way to add it. `diagnostics` holds
    warnings only: a draft with errors is never returned.
    """

    draft: Draft
    spec: AssistantSpec
    yaml: str
    id: str
    missing: list[Missing]
    diagnostics: list[Diagnostic]
    attachments: list[Attachment] = field(repr=False, default_factory=list)

    def save(self, path: str | Path | None = None, library: Library | None = None) -> Assistant:
        """Write the spec, its files copied beside it, and return the assistant.

        Without `path` it goes into `library` (default: the one in use), under `id` or the next free number.

        Raises:
            UsageError: `path` exists, or a file is in the way; nothing is overwritten and nothing half-written stays.
        """
        saved = self.write(path, library)
        from gptsmith.agent.assistant import Assistant

        return Assistant.from_file(saved)

    def write(self, path: str | Path | None = None, library: Library | None = None) -> Path:
        """Do what `save` does and return the spec's path, without opening the assistant."""
        from gptsmith.assistants.files.library import find_library
        from gptsmith.state import atomic_write

        if path is None:
            file = (library or find_library()).save(self.id, self.yaml)
        else:
            file = Path(path).expanduser()
            if file.exists():
                raise UsageError(f"{file} is already there", code="exists", hint="choose another name for the file")
            file.parent.mkdir(parents=True, exist_ok=True)
        id = slug(file.name)
        made: list[Path] = []
        try:
            made += bring_files(self.attachments, id, file.parent)
            if path is not None or id != self.id:
                atomic_write(file, self.render(id))
        except OSError as error:
            for copied in made:
                copied.unlink(missing_ok=True)
            with suppress(OSError):
                file.unlink(missing_ok=True)
            where = error.filename or file
            hint = "nothing was saved; make room or choose another place"
            raise UsageError(f"{where} cannot be written ({error.strerror})", code="unwritable", hint=hint) from error
        return file

    def verify(self, **options: Any) -> list[CheckedTest]:
        """Run each of the draft's tests with the part that it looks at and without it; nothing is written.

        Options: `model`, `seconds` (60), `progress`, `cancel`, `trust`, `allow_hosted`. A test that is `checked` passes
        with its part and fails without; `why` says why another one is not.
        """
        from gptsmith.agent.builder.testing.checked import check_draft

        return check_draft(self, **options)

    def render(self, id: str) -> str:
        """Return the YAML under another id: the folder of its files carries that name."""
        return write_new(spec_data(self.draft, id, self.attachments))


class Builder:
    """Makes new assistants from descriptions.

    `model` is `provider:name`, a LangChain chat model, or None for the default model.
    """

    def __init__(self, model: str | BaseChatModel | None = None) -> None:
        self._model = model

    def build(
        self,
        description: str,
        knowledge: Sequence[str | Path] = (),
        *,
        base_dir: str | Path | None = None,
        drafting: Drafting | None = None,
    ) -> BuiltDraft:
        """Return a complete new assistant for `description`; nothing is written.

        `knowledge` are files and folders to answer from; those inside `base_dir` are named where they lie, the others
        are copied beside the spec when it is saved. `drafting` is shown the draft as it grows, where the model writes
        it part by part, and can end it early.

        Raises:
            UsageError: an empty description, a path that is not there.
            SpecError: the design breaks the spec's rules and one repair round did not mend it.
            ProviderError: the model failed or gave no design.
        """
        start, attachments, graph = self._prepared(description, knowledge, base_dir, drafting)
        return _built(graph.invoke(start), attachments)

    async def abuild(
        self,
        description: str,
        knowledge: Sequence[str | Path] = (),
        *,
        base_dir: str | Path | None = None,
        drafting: Drafting | None = None,
    ) -> BuiltDraft:
        """Do what `build` does without blocking the event loop."""
        import asyncio

        start, attachments, graph = await asyncio.to_thread(self._prepared, description, knowledge, base_dir, drafting)
        return await asyncio.to_thread(_built, await graph.ainvoke(start), attachments)

    def from_thread(self, assistant: Assistant, thread_id: str) -> BuiltDraft:
        """Return a new assistant made of a conversation: what was asked, corrected and praised; nothing is written.

        Files that its answers cited go along. Personal data and secrets do not reach the model, and so not the spec.

        Raises:
            UsageError: there is no such thread, or nothing was answered in it.
            SpecError: the design breaks the spec's rules and one repair round did not mend it.
            ProviderError: the model failed or gave no design.
        """
        from gptsmith.agent.builder.draft.from_thread import design

        return _built(*design(self.chat_model(), assistant, thread_id, _offered(), _unbuilt()))

    async def afrom_thread(self, assistant: Assistant, thread_id: str) -> BuiltDraft:
        """Do what `from_thread` does without blocking the event loop."""
        import asyncio

        return await asyncio.to_thread(self.from_thread, assistant, thread_id)

    def edit(self, path: str | Path, words: str, knowledge: Sequence[str | Path] = ()) -> Change:
        """Return what `words` would change in the spec at `path`, a file or an id; nothing is written before `apply`.

        `knowledge` are files that come with the words; those outside the spec's folder are copied beside it when the
        change is applied.

        Raises:
            UsageError: no words, no such file, a path that is not there.
            SpecError: the file is not valid as it is.
            ProviderError: the model failed, or gave nothing that can be used; one repair round did not mend it.
        """
        from gptsmith.agent.builder.changes import Change
        from gptsmith.agent.builder.changes.editor import Editor

        subject, attached = _read(path, knowledge)
        return Change(Editor(self.chat_model()).propose(subject, words, attached))

    async def aedit(self, path: str | Path, words: str, knowledge: Sequence[str | Path] = ()) -> Change:
        """Do what `edit` does without blocking the event loop."""
        import asyncio

        from gptsmith.agent.builder.changes import Change
        from gptsmith.agent.builder.changes.editor import Editor

        subject, attached = await asyncio.to_thread(_read, path, knowledge)
        return Change(await Editor(self.chat_model()).apropose(subject, words, attached))

    def session(self, path: str | Path | None = None, *, id: str | None = None) -> BuilderSession:
        """Begin to build by talking: on nothing yet, or on the spec at `path` (a file or an id); `id` goes on with one.

        Raises UsageError for a session or a file that is not there, and for a shipped assistant.
        """
        from gptsmith.agent.builder.session import session
        from gptsmith.agent.builder.session.session import BuilderSession
        from gptsmith.assistants.files.library import find_library

        if id is not None:
            return BuilderSession(self, session.known(id).id)
        return BuilderSession.begin(self, find_library().find(path) if path is not None else None)

    def sessions(self, path: str | Path | None = None) -> list[SessionEntry]:
        """Return the building sessions, of one spec file or all, the one that was changed last first."""
        from gptsmith.agent.builder.session import session

        return session.entries(Path(path) if path is not None else None)

    def _prepared(
        self,
        description: str,
        knowledge: Sequence[str | Path],
        base_dir: str | Path | None,
        drafting: Drafting | None,
    ) -> tuple[dict[str, Any], list[Attachment], CompiledStateGraph[Any, Any, Any, Any]]:
        attachments = attach(knowledge, Path(base_dir) if base_dir is not None else None)
        start = _start(description, attachments)
        return start, attachments, self._graph(attachments, drafting)

    def _graph(
        self, attachments: list[Attachment], drafting: Drafting | None
    ) -> CompiledStateGraph[Any, Any, Any, Any]:
        from gptsmith.agent.builder.attachments import topics
        from gptsmith.agent.builder.draft.graph import build_graph

        held = topics(attachments) if attachments else {}
        return build_graph(self.chat_model(), attachments, _unbuilt(), topics=held, drafting=drafting)

    def chat_model(self) -> BaseChatModel:
        """Return the chat model that this builder asks. Raises NotReadyError when it lacks its key or package."""
        if self._model is not None and not isinstance(self._model, str):
            return self._model
        from gptsmith.models.chat.factory import choose_model, make_chat_model

        return make_chat_model(choose_model(None, self._model))


def _start(description: str, attachments: list[Attachment]) -> dict[str, Any]:
    text = description.strip()
    if not text:
        hint = "say in a sentence what the assistant should do"
        raise UsageError("the description is empty", code="empty_description", hint=hint)
    if len(text) > MAX_DESCRIPTION:
        hint = "shorten it, and attach long material as files"
        raise UsageError(f"the description has more than {MAX_DESCRIPTION:,} characters", code="too_long", hint=hint)
    from gptsmith.agent.builder.reach import attached

    request = BuildRequest(
        description=text,
        files=listing(attachments),
        tools=_offered(),
        calls=attached.calls(attachments),
        skills=attached.skills(attachments),
    )
    return {"request": request.model_dump(), "rounds": 0, "draft": {}, "problems": []}


def _read(path: str | Path, knowledge: Sequence[str | Path]) -> tuple[Subject, list[Attachment]]:
    """Read the spec that a path or an id names, and the files that come with a message about it."""
    from gptsmith.agent.builder.changes.subject import read_subject
    from gptsmith.assistants.files.library import find_library

    subject = read_subject(find_library().find(path))
    return subject, beside(attach(knowledge, subject.path.parent), subject.path.parent, subject.files_folder)


def _offered() -> dict[str, str]:
    """Return the tool types with what each does; what a type needs is checked when a draft names it."""
    return {kind: cls.SUMMARY for kind, cls in sorted(load_tool_types().items()) if _is_offered(cls)}


def _is_offered(cls: type[ToolSpec]) -> bool:
    """A type with further required fields is the person's to add, where nobody checks what a draft gives them."""
    from gptsmith.agent.builder.reach.checked import CHECKED

    shared = {"type", "name", "description"}
    needed = {name for name, info in cls.model_fields.items() if info.is_required()} - shared
    return cls.FACTS.offered and (not needed or cls.TYPE in CHECKED)


def _unbuilt() -> dict[str, str]:
    """Return, for each offered type that cannot run yet, what to do about it."""
    from gptsmith.tools import ToolContext, not_ready

    with_none = ToolContext(base_dir=Path(), folder=Path())
    found = {}
    for kind, cls in load_tool_types().items():
        if any(info.is_required() for info in cls.model_fields.values()) or cls.FACTS.starts:
            continue  # what it lacks depends on its settings
        error = not_ready(cls(type=kind, name=kind), with_none)
        if error is not None and error.code in ("not_built", "missing_weights"):
            found[kind] = f"It is in the spec, but {error}."
    return found


def _built(state: dict[str, Any], attachments: list[Attachment]) -> BuiltDraft:
    import tempfile

    with tempfile.TemporaryDirectory(prefix="gptsmith-build-") as folder:
        bring_files(attachments, state["id"], Path(folder), empty=True)
        spec = load_text(state["yaml"], folder).spec
    draft = Draft.model_validate(state["draft"])
    diagnostics = [Diagnostic.model_validate(d) for d in state["diagnostics"]]
    return BuiltDraft(draft, spec, state["yaml"], state["id"], draft.missing, diagnostics, attachments)
