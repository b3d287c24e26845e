"""The SDK's `Assistant`: one spec, ready to chat, as a Runnable, a graph or a tool."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gptsmith.agent.events import Event, Reply
from gptsmith.agent.kept import Kept
from gptsmith.assistants.files.library import find_library
from gptsmith.assistants.format import loader
from gptsmith.assistants.format.loader import Loaded
from gptsmith.assistants.format.spec import AssistantSpec, Starter
from gptsmith.assistants.format.variables import fill
from gptsmith.errors import Diagnostic, UsageError

if TYPE_CHECKING:
    from langchain_core.language_models import BaseChatModel
    from langchain_core.tools import BaseTool

    from gptsmith.agent.runtime.callers import Caller
    from gptsmith.agent.runtime.engine import Engine
    from gptsmith.agent.runtime.graph import Graph
    from gptsmith.agent.runtime.running import Ask, Outcome
    from gptsmith.agent.runtime.spec_tests import TestResult


class Assistant(Kept):
    """An assistant made of a spec: `from_file`, `from_yaml` or `from_dict`, then `chat` or `stream`.

    It is also a LangChain Runnable (`invoke`, `batch` and `transform` yield messages) whose memory then belongs to the
    caller. Nothing heavy is loaded before the first turn.

    >>> from gptsmith import Assistant
    >>> with Assistant.from_file("museum-guide", model="embedded") as guide:
    ...     reply = guide.chat("When was the ship panel painted?")
    >>> reply.citations[0].source
    'museum-guide.files/collection.md'
    """

    def __new__(cls, *_args: Any, **_options: Any) -> Assistant:
        """Make a Runnable of it; only now, so that importing gptsmith does not import LangChain."""
        if cls is Assistant:
            from gptsmith.agent.runnable import RunnableAssistant

            return object.__new__(RunnableAssistant)
        return object.__new__(cls)

    def __init__(
        self,
        loaded: Loaded,
        *,
        trust: bool = False,
        model: str | BaseChatModel | None = None,
        variables: Mapping[str, str] | None = None,
        allow_hosted: bool | Callable[[str], bool] = False,
    ) -> None:
        self.loaded = loaded
        self.trust = trust
        self.allow_hosted = allow_hosted
        self._model = model
        self._variables = dict(variables or {})

    # -- making one ------------------------------------------------------------------------------------------------

    @classmethod
    def from_file(
        cls,
        path: str | Path,
        *,
        trust: bool = False,
        model: str | BaseChatModel | None = None,
        variables: Mapping[str, str] | None = None,
        allow_hosted: bool | Callable[[str], bool] = False,
    ) -> Assistant:
        """Return the assistant of a spec file, named by its path or by its id in the library.

        `model` (`"provider:name"` or a LangChain chat model) and `variables` override the file. `trust` allows what a
        spec may not allow itself: code tools, commands and paths outside of its folder. `allow_hosted` (or a function
        that is asked once with each host) lets a fallback send a conversation away that a model on this machine had.

        Raises:
            SpecError: the spec is wrong; every problem at once.
            UsageError: there is no such file.
        """
        loaded = loader.load_file(_spec_file(path))
        return cls(loaded, trust=trust, model=model, variables=variables, allow_hosted=allow_hosted)

    @classmethod
    def from_yaml(cls, text: str, base_dir: str | Path | None = None, **options: Any) -> Assistant:
        """Return the assistant of a spec's text; `base_dir` is where its paths start. Options as in `from_file`."""
        return cls(loader.load_text(text, base_dir), **options)

    @classmethod
    def from_dict(cls, data: dict[str, Any], base_dir: str | Path | None = None, **options: Any) -> Assistant:
        """Return the assistant of plain data, by the same rules. Options as in `from_file`.

        >>> about = {"name": "Night sky", "description": "A guide to the stars.", "instructions": "Use small words."}
        >>> Assistant.from_dict({"schema": "assistant/v1", **about}).spec.name
        'Night sky'
        """
        return cls(loader.load_dict(data, base_dir), **options)

    @staticmethod
    def check(path: str | Path) -> list[Diagnostic]:
        """Return every error and warning of a spec file; nothing is raised, loaded or fetched.

        >>> Assistant.check("museum-guide")
        []
        """
        from gptsmith.agent.readiness import warnings

        file = _spec_file(path)
        found = loader.check(file)
        if any(d.severity == "error" for d in found):
            return found
        return found + warnings(loader.load_file(file), str(file))

    def with_(
        self,
        *,
        model: str | BaseChatModel | None = None,
        variables: Mapping[str, str] | None = None,
        allow_hosted: bool | Callable[[str], bool] | None = None,
    ) -> Assistant:
        """Return a copy with another model, variables or leave to fall back; threads and knowledge are shared."""
        return type(self)(
            self.loaded,
            trust=self.trust,
            model=model if model is not None else self._model,
            variables={**self._variables, **(variables or {})},
            allow_hosted=self.allow_hosted if allow_hosted is None else allow_hosted,
        )

    # -- what it is ------------------------------------------------------------------------------------------------

    @property
    def spec(self) -> AssistantSpec:
        """The spec."""
        return self.loaded.spec

    @cached_property
    def engine(self) -> Engine:
        """What turns run on; made at the first use."""
        from gptsmith.agent.runtime.engine import Engine

        return Engine(
            self.loaded,
            trust=self.trust,
            model=self._model,
            variables=self._variables,
            allow_hosted=self.allow_hosted,
        )

    @property
    def model_name(self) -> str:
        """The chat model that answers, as `provider:name`."""
        return self.engine.model_name

    @property
    def welcome_message(self) -> str:
        """The welcome message with its variables filled in; empty when there is none."""
        return self._filled(self.spec.welcome_message or "")

    @property
    def starters(self) -> list[Starter]:
        """The conversation starters: what a button says and what it sends, variables filled in."""
        found = [s if isinstance(s, Starter) else Starter(title=s, text=s) for s in self.spec.conversation_starters]
        return [Starter(title=self._filled(s.title), text=self._filled(s.text)) for s in found]

    def _filled(self, text: str) -> str:
        defaults = {name: v.default for name, v in self.spec.variables.items() if v.default is not None}
        return fill(text, {**defaults, **self._variables})

    @property
    def unavailable(self) -> list[str]:
        """Why tools of the spec cannot run here, one sentence each; empty when all can."""
        from gptsmith.agent.readiness import unavailable_tools

        return [str(error) for _, error in unavailable_tools(self.loaded, self.folder, trust=self.trust)]

    @property
    def leaves_machine(self) -> str | None:
        """Where the text of a turn goes (a host), None when it stays on this machine."""
        if self.engine.model_spec.provider == "given":
            return None
        from gptsmith.models.chat.factory import leaves_machine

        return leaves_machine(self.engine.model_spec)

    @property
    def fallback_hosts(self) -> list[str]:
        """Where a fallback would send text that stays on this machine otherwise; it does so only with allow_hosted."""
        from gptsmith.models.chat.factory import fallback_hosts

        return fallback_hosts(self.engine.model_spec)

    @property
    def folder(self) -> Path:
        """The folder that holds this assistant's threads and index."""
        return self.engine.folder

    @cached_property
    def graph(self) -> Graph:
        """The bare compiled LangGraph graph over `{"messages": […]}`; memory and locks belong to the host."""
        from gptsmith.agent.runtime.bare import bare_graph

        return bare_graph(self.engine)

    def as_tool(self) -> BaseTool:
        """Return a LangChain tool with one argument, `request: str`, whose result is the assistant's answer."""
        from gptsmith.agent.runnable import assistant_tool

        return assistant_tool(self)

    def close(self) -> None:
        """Let go of files; the assistant opens them again when it is used again."""
        self.__dict__.pop("graph", None)
        engine = self.__dict__.pop("engine", None)
        if engine is not None:
            engine.close()

    def __enter__(self) -> Assistant:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"Assistant({self.spec.id!r})"

    # -- talking ---------------------------------------------------------------------------------------------------

    def chat(
        self,
        text: str,
        *,
        thread_id: str | None = None,
        files: list[str] | None = None,
        variables: Mapping[str, str] | None = None,
    ) -> Reply:
        """Send a message and return the whole reply; a new thread begins when `thread_id` is left out.

        `files` are paths of texts or pictures that come with the message; `variables` fill the thread's `{{names}}`.

        Raises:
            UsageError: the message, the thread id, a file or a variable cannot be used.
            NotReadyError: a variable, a package, a model or weights are missing.
            ThreadBusyError: another turn is running on the thread.
            ProviderError: the model failed; the message is kept, the thread goes on.
        """
        return self._run(self._ask(text, thread_id, files, variables, tokens=False), "await assistant.achat(…)")

    async def achat(
        self,
        text: str,
        *,
        thread_id: str | None = None,
        files: list[str] | None = None,
        variables: Mapping[str, str] | None = None,
    ) -> Reply:
        """As `chat`, for asynchronous code."""
        return await self._arun(self._ask(text, thread_id, files, variables, tokens=False))

    def stream(
        self,
        input: Any,
        config: Any = None,
        *,
        thread_id: str | None = None,
        files: list[str] | None = None,
        variables: Mapping[str, str] | None = None,
        **_options: Any,
    ) -> Iterator[Event]:
        """Send a message and yield the events of the turn as they come; the last one is `done` or `error`.

        Closing the iterator stops the turn; what was said so far is kept. Messages instead of a text (as a chain hands
        them on) run without a thread: nothing is stored.
        """
        from gptsmith.agent.runtime import core

        return core.stream(
            self._work(input, thread_id, files, variables), instead="write `async for event in assistant.astream(…)`"
        )

    def astream(
        self,
        input: Any,
        config: Any = None,
        *,
        thread_id: str | None = None,
        files: list[str] | None = None,
        variables: Mapping[str, str] | None = None,
        caller: Caller | None = None,
        **_options: Any,
    ) -> AsyncIterator[Event]:
        """As `stream`, for asynchronous code; `caller` holds tools that the program that asks runs itself."""
        from gptsmith.agent.runtime import core

        return core.astream(self._work(input, thread_id, files, variables, caller))

    def resume(self, thread_id: str, decisions: list[dict[str, Any]]) -> Reply:
        """Go on with a turn that waits for approval, here or in another process, and return its whole reply.

        `decisions` holds one for each call of `reply.approvals`, in order: `{"type": "approve"}`,
        `{"type": "edit", "args": {…}}` (the arguments are checked again, the tool stays the same) or
        `{"type": "reject", "message": "…"}`; with `"always": True` the tool is not asked about again in this
        conversation. Another message instead of this call takes the request back.

        Raises:
            UsageError: no turn of the thread waits, or the decisions do not fit; the turn goes on waiting.
        """
        return self._run(self._resumed(thread_id, decisions, tokens=False), "await assistant.aresume(…)")

    async def aresume(self, thread_id: str, decisions: list[dict[str, Any]]) -> Reply:
        """As `resume`, for asynchronous code."""
        return await self._arun(self._resumed(thread_id, decisions, tokens=False))

    def _run(self, ask: Ask, instead: str) -> Reply:
        from gptsmith.agent.runtime import core
        from gptsmith.agent.runtime.running import Outcome, run_turn

        outcome = Outcome()
        core.run(run_turn(self.engine, ask, lambda _event: None, outcome), instead=f"write `{instead}`")
        return _settled(outcome)

    async def _arun(self, ask: Ask) -> Reply:
        from gptsmith.agent.runtime import core
        from gptsmith.agent.runtime.running import Outcome, run_turn

        outcome = Outcome()
        events: AsyncIterator[Event] = core.astream(lambda deliver: run_turn(self.engine, ask, deliver, outcome))
        async for _ in events:
            pass
        return _settled(outcome)

    def resume_stream(self, thread_id: str, decisions: list[dict[str, Any]]) -> Iterator[Event]:
        """As `resume`, and yield the events of the turn; what it said before it waited comes first."""
        from gptsmith.agent.runtime import core
        from gptsmith.agent.runtime.running import Outcome, run_turn

        engine, ask = self.engine, self._resumed(thread_id, decisions)
        return core.stream(
            lambda deliver: run_turn(engine, ask, deliver, Outcome()), instead="write `await assistant.aresume(…)`"
        )

    def aresume_stream(
        self, thread_id: str, decisions: list[dict[str, Any]], caller: Caller | None = None
    ) -> AsyncIterator[Event]:
        """As `resume_stream`, for asynchronous code."""
        from gptsmith.agent.runtime import core
        from gptsmith.agent.runtime.running import Outcome, run_turn

        engine, ask = self.engine, self._resumed(thread_id, decisions, caller=caller)
        return core.astream(lambda deliver: run_turn(engine, ask, deliver, Outcome()))

    def _resumed(
        self,
        thread_id: str,
        decisions: list[dict[str, Any]],
        *,
        tokens: bool = True,
        caller: Caller | None = None,
    ) -> Ask:
        from gptsmith.agent.runtime import approvals
        from gptsmith.agent.runtime.callers import NOBODY
        from gptsmith.agent.runtime.running import Ask
        from gptsmith.agent.runtime.store import check_thread_id

        engine = self.engine
        found = approvals.find_paused(engine.store, check_thread_id(thread_id))
        approvals.read_decisions(
            found.asked, decisions, engine.tools
        )  # what does not fit is said before anything begins
        values = dict(engine.variables)
        ask = Ask(thread_id, "", variables=values, tokens=tokens, decisions=decisions, turn_id=found.turn_id)
        return replace(ask, caller=caller or NOBODY)

    def start_resume(self, thread_id: str, decisions: list[dict[str, Any]]) -> str:
        """As `resume`, but return the turn's id at once, for `turn_events` and `stop_turn`."""
        from gptsmith.agent.runtime import turns

        return turns.start(self.engine, self._resumed(thread_id, decisions))

    def run_tests(self) -> list[TestResult]:
        """Run the tests that stand in the spec, each in a fresh thread that is deleted afterwards."""
        from gptsmith.agent.runtime.spec_tests import run_tests

        return run_tests(self)

    def _work(
        self,
        given: Any,
        thread_id: str | None,
        files: list[str] | None,
        variables: Mapping[str, str] | None,
        caller: Caller | None = None,
    ) -> Any:
        from gptsmith.agent.runtime.callers import NOBODY
        from gptsmith.agent.runtime.running import Outcome, run_turn

        engine = self.engine
        if not isinstance(given, str):
            from gptsmith.agent.runtime.bare import run_messages

            return lambda deliver: run_messages(engine, given, deliver, caller or NOBODY)
        ask = replace(self._ask(given, thread_id, files, variables), caller=caller or NOBODY)
        return lambda deliver: run_turn(engine, ask, deliver, Outcome())

    def _ask(
        self,
        text: str,
        thread_id: str | None,
        files: list[str] | None,
        variables: Mapping[str, str] | None,
        *,
        tokens: bool = True,
    ) -> Ask:
        from gptsmith.agent.runtime.engine import resolve_variables, still_fitting
        from gptsmith.agent.runtime.running import Ask
        from gptsmith.agent.runtime.store import check_thread_id, new_id

        if not isinstance(text, str) or not (text.strip() or files):
            raise UsageError("the message is empty", hint="write what you want to know")
        engine = self.engine
        thread = new_id("thread") if thread_id is None else check_thread_id(thread_id)
        stored = still_fitting(self.spec, engine.store.variables(thread))
        values = {**stored, **engine.variables, **(variables or {})}
        resolve_variables(self.spec, values)
        return Ask(thread, text, [str(f) for f in files or []], values, tokens=tokens)

    def start_turn(
        self,
        text: str,
        *,
        thread_id: str | None = None,
        files: list[str] | None = None,
        variables: Mapping[str, str] | None = None,
    ) -> str:
        """Begin a turn that runs to its end whoever listens; return its id for `turn_events` and `stop_turn`."""
        from gptsmith.agent.runtime import turns

        return turns.start(self.engine, self._ask(text, thread_id, files, variables))


def _spec_file(path: str | Path) -> Path:
    """Return the file that a path names or, where there is none of that name, an id of the library."""
    if isinstance(path, Path) or Path(path).exists():
        return Path(path)
    return find_library().find(path)


def _settled(outcome: Outcome) -> Reply:
    if outcome.error is not None:
        raise outcome.error
    assert outcome.reply is not None, "a turn ends with a reply or an error"  # noqa: S101
    return outcome.reply
