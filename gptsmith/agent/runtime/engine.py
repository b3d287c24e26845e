"""The engine of one assistant: its spec with everything that turns run on, each part made when first needed."""

from __future__ import annotations

import hashlib
import os
import threading
import time
import weakref
from collections.abc import Callable, Mapping
from contextlib import suppress
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from langchain_core.language_models import BaseChatModel
from langchain_core.messages import AIMessage, AnyMessage, HumanMessage
from langchain_core.tools import BaseTool

from gptsmith.agent.events import Event
from gptsmith.agent.runtime import prompts, streaming
from gptsmith.agent.runtime.afterwards import Afterwards
from gptsmith.agent.runtime.attachments import Before, Sight, needs_search, queries_for, search_all, sees, unread
from gptsmith.agent.runtime.facts import Facts, show_facts
from gptsmith.agent.runtime.graph import Graph, build_graph, current
from gptsmith.agent.runtime.inner_tools import helper, load_skills, memory_tools, skill_tools
from gptsmith.agent.runtime.store import ThreadStore
from gptsmith.agent.runtime.turn import CURRENT, Turn
from gptsmith.assistants.editing.splices import text_hash
from gptsmith.assistants.files.library import state_key
from gptsmith.assistants.files.skills import Skill
from gptsmith.assistants.files.trust import require_trust
from gptsmith.assistants.format import paths
from gptsmith.assistants.format.loader import Loaded
from gptsmith.assistants.format.spec import AssistantSpec, Knowledge, ModelSpec
from gptsmith.errors import GptsmithError, UsageError
from gptsmith.models.chat.limits import Window
from gptsmith.models.chat.messages import Passage, fence, strip_picture_notes
from gptsmith.state import State
from gptsmith.tools import ToolContext, Toolset, make_tools
from gptsmith.tools.knowledge_search import search_tool
from gptsmith.tools.registry import free_name

if TYPE_CHECKING:
    from gptsmith.models.chat.local.scribe import Scribe
    from gptsmith.rag.hit import Hit
    from gptsmith.rag.knowledge import KnowledgeBase

_ENGINES: weakref.WeakSet[Engine] = weakref.WeakSet()
_PARENTS: list[Any] = []  # kept from being closed: an SQLite file that is closed in a child takes the parent's locks
_TABLES = (".csv", ".tsv", ".xlsx", ".json", ".jsonl", ".parquet")  # what code reads better than a search does
_LOOK_AGAIN = 10.0  # seconds between looks at the knowledge files
_SLOW_LOOK = 0.5  # seconds; after a slower look (very many files, a slow disk) twenty times its time passes


class Engine:
    """One assistant, ready to run. Making one opens nothing; safe across threads."""

    def __init__(
        self,
        loaded: Loaded,
        *,
        trust: bool = False,
        model: str | BaseChatModel | None = None,
        variables: Mapping[str, str] | None = None,
        allow_hosted: bool | Callable[[str], bool] = False,
        folder: Path | None = None,
    ) -> None:
        self.loaded = loaded
        self._folder = folder
        self.allow_hosted = allow_hosted
        self._allowed: dict[str, bool] = {}
        self.trust = trust
        self.override = model
        self.variables = dict(variables or {})
        self.spec: AssistantSpec = loaded.spec.model_copy(update={"instructions": loaded.instructions(trust=trust)})
        self.base_dir = loaded.base_dir or Path.cwd()
        self._begin()
        _ENGINES.add(self)
        check_variables(self.spec, self.variables)

    def _begin(self) -> None:
        self._looked = self._look_at = 0.0
        self._making = threading.RLock()
        self._syncing = threading.Lock()
        self.is_ready = False

    def after_fork(self) -> None:
        """Leave files and connections to the parent process, unclosed; this one opens its own when it needs them."""
        for part in ("store", "knowledge", "model", "toolsets", "tools", "graph", "afterwards"):
            _PARENTS.append(self.__dict__.pop(part, None))
        self._begin()

    @cached_property
    def folder(self) -> Path:
        """The assistant's state folder; of a helper, one inside of the folder of the assistant that asks it."""
        if self._folder is not None:
            return self._folder
        if self.loaded.path is not None:
            return State().folder(state_key(self.loaded.path))
        place = hashlib.sha256(str(self.loaded.base_dir or "").encode("utf-8", "surrogateescape")).hexdigest()[:16]
        return State().folder(f"{(self.spec.id or 'assistant')[:40].strip('-')}-{place}")

    @cached_property
    def spec_digest(self) -> str:
        """The SHA-256 of the spec file as it was read; empty for a spec that is no file."""
        return "" if self.loaded.path is None else text_hash(self.loaded.text)

    @cached_property
    def store(self) -> ThreadStore:
        """The threads."""
        return ThreadStore(self.folder)

    @cached_property
    def facts(self) -> Facts | None:
        """What is remembered of the person across conversations; None when the spec does not ask for it."""
        return Facts(self.folder / "memory.md", self.spec.name) if self.spec.memory.facts else None

    @cached_property
    def model_spec(self) -> ModelSpec:
        """Which chat model answers."""
        if isinstance(self.override, BaseChatModel):
            return ModelSpec(provider="given", name=type(self.override).__name__)
        from gptsmith.models.chat.factory import choose_model

        return choose_model(self.spec.model, self.override)

    @cached_property
    def model(self) -> BaseChatModel:
        """The chat model."""
        if isinstance(self.override, BaseChatModel):
            from gptsmith.models.chat.given import given

            return given(self.override, self.model_name)
        from gptsmith.models.chat.factory import make_chat_model

        return make_chat_model(
            self.model_spec, allow_hosted=self._may_leave, base_dir=self.loaded.base_dir, trust=self.trust
        )

    @cached_property
    def window(self) -> Window:
        """What is known of how much the chat model reads; refusals teach it."""
        if self.model_spec.provider == "embedded":
            return Window()
        model = self.override if isinstance(self.override, BaseChatModel) else self.model
        return Window.of(model, self.model_spec.max_tokens)

    @cached_property
    def sight(self) -> Sight:
        """Whether the chat model is shown pictures; a refusal teaches it."""
        return Sight(sees(self.model, self.model_spec.provider))

    @cached_property
    def afterwards(self) -> Afterwards:
        """What is written behind the turns."""
        return Afterwards(self)

    @property
    def scribe(self) -> Scribe | None:
        """Who writes titles, notes and what to search for: the chat model where it is on this machine, else nobody."""
        if isinstance(self.override, BaseChatModel):
            return None
        from gptsmith.models.chat.local.scribe import find_scribe

        return find_scribe(self.model_spec, base_dir=self.loaded.base_dir, trust=self.trust)

    def before(self, asked: str, answered: str) -> Before:
        """Return the exchange before a message, for the search."""
        scribe = self.scribe
        return Before(strip_picture_notes(asked), answered, scribe.question if scribe is not None else None)

    def _may_leave(self, host: str) -> bool:
        """Return whether a fallback may send a conversation to `host` that has not left this machine; asked once."""
        if host not in self._allowed:
            self._allowed[host] = bool(self.allow_hosted(host) if callable(self.allow_hosted) else self.allow_hosted)
        if self._allowed[host]:
            text = f"{self.model_name} did not answer. The conversation is sent to {host} now."
            _emit("progress", {"stage": "model", "text": text})
        return self._allowed[host]

    @property
    def model_name(self) -> str:
        """The chat model as `provider:name`."""
        return ":".join(part for part in (self.model_spec.provider, self.model_spec.name) if part)

    @cached_property
    def knowledge(self) -> KnowledgeBase | None:
        """The knowledge, None when the spec has none."""
        if not self.spec.knowledge:
            return None
        from gptsmith.rag.knowledge import KnowledgeBase

        return KnowledgeBase(self.spec.knowledge, self.base_dir, self.folder, trust=self.trust)

    @cached_property
    def skills(self) -> list[Skill]:
        """The skills, read when the assistant is first used."""
        return load_skills(self.spec.skills, self.base_dir, trust=self.trust)

    @cached_property
    def toolsets(self) -> list[Toolset]:
        """What gives the tools: one for each entry of the spec, and one for the searches."""
        context = ToolContext(
            self.base_dir,
            self.folder,
            self.trust,
            self.model,
            _emit,
            _thread,
            _chosen,
            spec=self.loaded.path,
            cite=_cite,
            helper=lambda path: helper(self, path),
            given=self._for_code(),
        )
        made = [make_tools(tool, context) for tool in self.spec.tools]
        own = [search_tool(k, self._searching(k)) for k in self.spec.knowledge if k.mode == "tool"]
        runs = next((tool.name for tool in self.spec.tools if tool.type == "code"), "")
        own += skill_tools(self.skills, runs)
        return [*made, Toolset(own + (memory_tools(self.facts, self._said) if self.facts else []))]

    def _for_code(self) -> dict[str, Path]:
        """Return what `code` may read besides attached files: the tables of the knowledge, and the skills."""
        if not any(tool.type == "code" for tool in self.spec.tools):
            return {}
        patterns = [path for source in self.spec.knowledge for path in source.paths]
        files = paths.expand(self.base_dir, patterns, trust=self.trust)
        tables = {file.name: file for file in files if file.suffix.lower() in _TABLES}
        return tables | {f"skills/{skill.name}": skill.folder for skill in self.skills}

    def _said(self) -> list[str]:
        """Return the person's own messages of the running conversation."""
        turn = current()
        rows = self.store.messages(turn.thread_id) if turn.thread_id else []
        return [row.text for row in rows if row.role == "user"]

    @cached_property
    def tools(self) -> list[BaseTool]:
        """The tools that the model may call, as they were when they were last gathered."""
        return _gathered(self.toolsets)

    @property
    def is_moving(self) -> bool:
        """Whether tools come from a server, which may have others by now: see `gather`."""
        return any(one.moving for one in self.toolsets)

    def gather(self) -> None:
        """Ask servers and documents for their tools anew; may wait for them, a turn does it on a thread."""
        found = _gathered(self.toolsets)
        with self._making:
            if "tools" not in self.__dict__ or [*map(id, found)] != [*map(id, self.tools)]:
                self.__dict__["tools"] = found
                self.__dict__.pop("graph", None)

    @property
    def unavailable(self) -> list[str]:
        """Why tools of the spec cannot run here, one sentence each."""
        reasons = [(tool.metadata or {}).get("unavailable", "") for tool in self.tools]
        return [reason for reason in reasons if reason]

    @property
    def lacking(self) -> list[str]:
        """As `unavailable`, in the words for the model, which speaks to people who cannot change the spec."""
        return [tool.metadata["told"] for tool in self.tools if tool.metadata and "told" in tool.metadata]

    @cached_property
    def graph(self) -> Graph:
        """The graph on which a turn runs."""
        with self._making:
            return build_graph(self.model, self.tools)

    def make_ready(self) -> None:
        """Make what every turn needs; the first call may take a second, later ones nothing.

        Raises:
            NotReadyError: trust, a variable, a package, a model or weights are missing.
        """
        if not self.is_ready:
            with self._making:
                require_trust(self.loaded, self.trust)
                _ = self.store, self.knowledge
                for one in self.toolsets:
                    one.begin()
                self.is_ready = True

    def begin(self) -> None:
        """Start what tools need before the first message comes, beside everything else; a turn says what is wrong."""
        if any(tool.FACTS.starts for tool in self.spec.tools):
            threading.Thread(target=self._start, name="gptsmith-begin", daemon=True).start()

    def _start(self) -> None:
        with suppress(GptsmithError):
            self.make_ready()
            self.gather()

    def turn(self, turn_id: str, thread_id: str, deliver: Callable[[Event], None]) -> Turn:
        """Return a new turn of this assistant."""
        rails = streaming.rails_for(self.spec.guardrails, "output")
        turn = Turn(turn_id, thread_id, self.spec, rails, deliver, model=self.model_name, window=self.window)
        turn.sight = self.sight
        turn.cites = any(k.citations for k in self.spec.knowledge)
        turn.numbered = bool(self.spec.knowledge)
        return turn

    def close(self) -> None:
        """Let go of files; the engine cannot be used afterwards."""
        if "store" in self.__dict__:
            self.store.close()
        if self.__dict__.get("knowledge") is not None:
            self.knowledge.close()  # type: ignore[union-attr]
        for one in self.__dict__.get("toolsets", ()):
            one.close()

    # -- the parts of a turn ---------------------------------------------------------------------------------------

    def system(self, variables: Mapping[str, str], *, attached: bool = False) -> str:
        """Return the system message of a thread; `attached`: the thread has text files of its own."""
        values = resolve_variables(self.spec, {**self.variables, **variables})
        facts = show_facts(self.facts.all()) if self.facts else []
        return prompts.system_message(
            self.spec, values, attached=attached, unavailable=self.lacking, facts=facts, skills=self.skills
        )

    def sync_if_stale(self, turn: Turn) -> None:
        """Bring the index in step with the files, with progress events; looks at the files every few seconds."""
        if self.knowledge is None:
            return
        now = time.monotonic()
        if self._looked and now < self._look_at:
            return
        if not self._syncing.acquire(blocking=not self._looked):
            return  # another turn does it; the index of before answers until the new one is whole
        try:
            stale = self.knowledge.stale()
            took = time.monotonic() - now
            if stale:
                for receipt in self.knowledge.sync(
                    lambda text: turn.emit("progress", {"stage": "index", "text": text}), cancelled=lambda: turn.ended
                ):
                    if receipt.status != "ok":
                        text = f"{receipt.source} is not searched: {receipt.reason}"
                        turn.emit("progress", {"stage": "index", "text": text})
            self._looked = now
            self._look_at = now + (_LOOK_AGAIN if took < _SLOW_LOOK else max(_LOOK_AGAIN, 20 * took))
        finally:
            self._syncing.release()

    def search_first(self, turn: Turn, message: str, before: Before) -> None:
        """Search the sources that are searched before the model answers, and keep the passages in the turn."""
        draws = any(tool.FACTS.draws for tool in self.spec.tools)
        words = strip_picture_notes(message)
        wanted = needs_search(words, draws=draws)
        names = [k.name for k in self.spec.knowledge if k.mode == "always" or (k.mode == "auto" and wanted)]
        if not names or self.knowledge is None or not words:
            return
        queries = queries_for(words, before)
        turn.emit("progress", {"stage": "search", "text": f"Searching {', '.join(names)}"})
        knowledge = self.knowledge
        hits = search_all(lambda query: knowledge.search(query, names=names), queries)
        if said := unread(knowledge.receipts(), words, found=bool(hits)):
            turn.note(said)
        turn.passages = (turn.passages or []) + turn.found(queries[-1], hits, names)

    def _searching(self, source: Knowledge) -> Callable[[str], str]:
        def search(query: str) -> str:
            turn = current()
            if self.knowledge is None:
                return fence([])
            return _numbered(turn, query, self.knowledge.search(query, names=[source.name]), source.name)

        return search


def _numbered(turn: Turn, query: str, hits: list[Hit], name: str) -> str:
    """Return what was found as the block of passages; what stands in the turn already is only named."""
    seen = set(turn.hits)
    found: list[Passage] = turn.found(query, hits, [name])
    return fence([p for p in found if p.id not in seen], [p.id for p in found if p.id in seen])


def _cite(query: str, hits: list[Hit]) -> str:
    """Number what a tool found outside of the knowledge; the answer is checked against it as against files."""
    turn = current()
    turn.cites = True
    return _numbered(turn, query, hits, hits[0].knowledge if hits else "")


def _gathered(toolsets: list[Toolset]) -> list[BaseTool]:
    """Return all tools; one whose name another has already gets a number behind it."""
    found: dict[str, BaseTool] = {}
    for tool in (tool for one in toolsets for tool in one.tools()):
        if tool.name in found:
            tool.name = free_name(tool.name, found)
        found[tool.name] = tool
    return list(found.values())


def _after_fork() -> None:
    for engine in list(_ENGINES):
        engine.after_fork()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)


def check_variables(spec: AssistantSpec, values: Mapping[str, str]) -> None:
    """Refuse values for variables that the spec does not have, and values outside of the choices.

    Raises:
        UsageError: it names them.
    """
    unknown = sorted(set(values) - set(spec.variables))
    if unknown:
        known = ", ".join(spec.variables) or "none"
        raise UsageError(f"the assistant has no variable {', '.join(unknown)}", hint=f"it has: {known}")
    for name, value in values.items():
        choices = spec.variables[name].choices
        if not isinstance(value, str) or (choices and value not in choices):
            hint = f"choose one of: {', '.join(choices)}" if choices else "give a text"
            raise UsageError(f"the variable {name} cannot be {str(value)[:60]!r}", hint=hint)


def still_fitting(spec: AssistantSpec, stored: Mapping[str, str]) -> dict[str, str]:
    """Return the values of a thread that its spec, which may have changed since, still takes."""
    known = spec.variables
    return {n: v for n, v in stored.items() if n in known and (not known[n].choices or v in known[n].choices)}


def resolve_variables(spec: AssistantSpec, values: Mapping[str, str]) -> dict[str, str]:
    """Return the value of every variable of the spec.

    Raises:
        UsageError: required ones have no value, or a value does not fit; it names them.
    """
    check_variables(spec, values)
    defaults = {name: v.default for name, v in spec.variables.items() if v.default is not None}
    missing = [name for name, v in spec.variables.items() if v.required and name not in {**defaults, **values}]
    if missing:
        example = f"variables={{'{missing[0]}': '…'}}"
        raise UsageError(f"the assistant needs a value for {', '.join(missing)}", hint=f"give it, e.g. {example}")
    return {**dict.fromkeys(spec.variables, ""), **defaults, **values}


def last_words(messages: list[AnyMessage]) -> tuple[str, str, str]:
    """Return the person's last message, the one before it and the answer to that one."""
    places = [i for i, m in enumerate(messages) if isinstance(m, HumanMessage)]
    if len(places) < 2:
        return (messages[places[-1]].text if places else ""), "", ""
    between = messages[places[-2] : places[-1]]
    answers = [m.text for m in between if isinstance(m, AIMessage) and m.text]
    return messages[places[-1]].text, between[0].text, (answers[-1] if answers else "")


def _thread() -> str:
    turn = CURRENT.get()
    return turn.thread_id if turn is not None else ""


def _chosen() -> dict[str, Any]:
    turn = CURRENT.get()
    return turn.chosen if turn is not None else {}


def _emit(kind: str, data: dict[str, Any]) -> None:
    turn = CURRENT.get()
    if turn is not None:
        turn.emit(kind, data)  # type: ignore[arg-type]
