"""The course of one turn: message written, files searched, graph run, answer checked, all of it written down."""

from __future__ import annotations

import asyncio
import logging
import shutil
from collections.abc import Callable
from contextlib import ExitStack, aclosing, suppress
from dataclasses import dataclass, field
from typing import Any

from langchain_core.messages import AIMessage, AIMessageChunk, AnyMessage, HumanMessage, ToolMessage
from langgraph.types import StreamMode

from gptsmith.agent.events import Event, Reply
from gptsmith.agent.runtime import approvals, core, prompts, streaming
from gptsmith.agent.runtime.attachments import Attachments, Eyes, takes_no_pictures
from gptsmith.agent.runtime.callers import NOBODY as NO_CALLER
from gptsmith.agent.runtime.callers import Caller
from gptsmith.agent.runtime.engine import Engine, last_words, resolve_variables, still_fitting
from gptsmith.agent.runtime.facts import asked as facts_asked
from gptsmith.agent.runtime.graph import Graph, build_graph
from gptsmith.agent.runtime.history import as_message, as_messages, last_exchange, of_now, recall, with_notes
from gptsmith.agent.runtime.store import INTERRUPTED, Message, new_id, storage_error, title_of
from gptsmith.agent.runtime.streaming import whole, whole_values
from gptsmith.agent.runtime.turn import CURRENT, NOBODY, ChosenCall, ChosenModel, Turn
from gptsmith.errors import GptsmithError, NotReadyError, ProviderError, ThreadBusyError, UsageError
from gptsmith.state import lock

_LOG = logging.getLogger(__name__)
_NOTE_EVERY = 0.2  # seconds

Deliver = Callable[[Event], None]


@dataclass(frozen=True)
class Ask:
    """What a caller wants: a message on a thread, with files; `tokens` whether the text is streamed as it comes.

    With `call` the message only says what the person chose: that tool is called, and no model is asked. `replaces` is
    the last turn of the thread when this one takes its place; the files of that one come along. With `decisions` about
    its calls, the turn of the thread that waits for approval goes on. `passing`: the
    thread is thrown away, so that nothing is written behind the turn. `caller`: what the program that asks brings.
    """

    thread_id: str
    text: str
    files: list[str] = field(default_factory=list)
    variables: dict[str, str] = field(default_factory=dict)
    tokens: bool = True
    call: ChosenCall | None = None
    replaces: str = ""
    decisions: list[Any] | None = None
    passing: bool = False
    caller: Caller = NO_CALLER
    turn_id: str = field(default_factory=lambda: new_id("turn"))


class Outcome:
    """How a turn ended: its reply, or the error that the person was told."""

    reply: Reply | None = None
    error: GptsmithError | None = None


async def run_turn(engine: Engine, ask: Ask, deliver: Deliver, outcome: Outcome) -> None:
    """Run one turn of a stored thread. Every stream ends with `done` or `error`; the person's message is kept.

    One turn at a time runs on a thread, across processes: a second one ends with ThreadBusyError and writes nothing.
    """
    try:
        with ExitStack() as held:
            if not engine.is_ready:
                await asyncio.to_thread(engine.make_ready)
            _hold(held, engine, ask.thread_id)
            engine.afterwards.stop()  # the model is free for the answer
            await _Course(engine, ask, deliver, outcome).run()
        if not ask.passing:
            engine.afterwards.begin(ask.thread_id)
    except Exception as error:  # noqa: BLE001 - whatever is raised, the stream ends with a word about it
        outcome.error = _as_ours(error)
        deliver(_error_event(outcome.error))
    except asyncio.CancelledError:
        deliver(_error_event(GptsmithError("stopped before it began", code="cancelled", hint="send the message again")))
        raise


def _hold(held: ExitStack, engine: Engine, thread_id: str) -> None:
    try:
        held.enter_context(lock(engine.folder / "threads" / f"{thread_id}.lock", timeout=0))
    except GptsmithError as error:
        if error.code != "locked":
            raise
        hint = "wait for its end, or begin another thread"
        raise ThreadBusyError("another turn is running on this thread", hint=hint) from None


class _Course:
    """One turn of a stored thread, step by step."""

    def __init__(self, engine: Engine, ask: Ask, deliver: Deliver, outcome: Outcome) -> None:
        self.engine = engine
        self.ask = ask
        self.outcome = outcome
        self.store = engine.store
        self.turn = engine.turn(ask.turn_id, ask.thread_id, deliver)
        self.turn.remarked = self._remarked
        self.turn.can_wait = True
        self.turn.caller = ask.caller
        self.attachments = Attachments(engine, ask.thread_id)
        self.message: Message | None = None  # the person's, once it is written
        self.variables: dict[str, str] = {}
        self.rows: list[Message] = []  # what followed it
        self.written = 0  # how many of them are in the file
        self.open: dict[str, str] = {}  # calls without a result: id and name
        self.before: list[Message] = []  # what the turn said and called before it waited for approval

    async def run(self) -> None:
        """Run it; what goes wrong after the message was written ends the turn, never the thread."""
        try:
            await self._run()
        except Exception as error:  # noqa: BLE001 - the one guard: any exception becomes a told, stored ending
            self._fail(error)

    async def _run(self) -> None:
        turn, store = self.turn, self.store
        store.heal(turn.thread_id)
        given = whole_values(self.ask.variables)
        self.variables = {**still_fitting(turn.spec, store.variables(turn.thread_id)), **given}
        resolve_variables(turn.spec, {**self.engine.variables, **self.variables})  # before anything is written
        CURRENT.set(turn)  # before the tools are gathered: a server that starts slowly says so
        if self.ask.decisions is None:
            blocked = self._begin(await self._take())
            if self.ask.call is None and not blocked:
                await asyncio.to_thread(self._remember)
            await self._gather()
        else:
            await self._gather()  # the decisions are about these tools
            blocked = self._go_on()
        turn.system = self.engine.system(self.variables, attached=self.attachments.any)
        turn.system += prompts.of_caller(self.ask.caller.beside)
        try:
            if self.engine.knowledge is not None and not blocked:
                await asyncio.to_thread(self.engine.sync_if_stale, turn)  # reading files is not the turn's own time
            if not blocked:
                await core.within(turn.seconds, self._answer())
        except core.LimitReachedError:
            turn.note(limit_text(turn), "timeout")
        except asyncio.CancelledError:
            turn.finish = "cancelled"  # the person stopped it; what was said so far is kept, and the turn ends normally
        except streaming.Blocked as found:
            turn.note(blocked_text("answer", found), "blocked")
        except Exception as error:
            raise as_told(error) from error
        self._end()

    async def _gather(self) -> None:
        if self.engine.is_moving:
            await asyncio.to_thread(self.engine.gather)

    def _remarked(self, remark: str) -> bool:
        """Tell whether an earlier answer of the thread carries the remark: it is made once."""
        return any(turn.reply and turn.reply.remark == remark for turn in self.store.turns(self.turn.thread_id))

    async def _take(self) -> list[dict[str, str]]:
        """Read the attached files, which may take a while, off the loop that all assistants share."""
        if not self.ask.files:
            return []
        try:
            return await asyncio.to_thread(self.attachments.take, self.ask.files)
        except asyncio.CancelledError as error:
            raise UsageError(
                "stopped while the attached files were read; the message was not sent", hint="send it again"
            ) from error

    def _begin(self, given: list[dict[str, str]]) -> bool:
        """Write the person's message, redacted, with the files `given`; return whether it is blocked."""
        rails = streaming.rails_for(self.turn.spec.guardrails, "input")
        text = whole(self.ask.text)
        blocked = False
        try:
            text = streaming.redact(text, rails)
        except streaming.Blocked as found:
            self.turn.note(blocked_text("message", found), "blocked")
            text, blocked = streaming.redact(text, rails, blocking=False), True
        self.text = text
        replaced = self.store.turn(self.ask.replaces) if self.ask.replaces else None
        self.files = [*(replaced.files if replaced else []), *given]
        data = {"files": self.files} if self.files else {}
        message = Message(turn_id=self.turn.id, role="user", text=text, data=data)
        self._write_begin(message, self.ask.replaces)
        self.message = message
        return blocked

    def _write_begin(self, message: Message, replaces: str = "") -> None:
        about: dict[str, Any] = {"title": title_of(message.text), "variables": self.variables}
        about["spec"] = self.engine.spec_digest
        self.store.begin(self.turn.thread_id, message, replaces=replaces, **about)

    def _remember(self) -> None:
        """Keep what the message plainly asks to remember; a model may do so with what is said less plainly."""
        facts, fact = self.engine.facts, facts_asked(self.text)
        if facts is None or not fact:
            return
        try:
            self.turn.note(f"I will remember: {facts.add(fact)}")
        except UsageError as error:
            self.turn.note(f"I could not remember that: {error}")

    def _go_on(self) -> bool:
        """Take up the turn that waits, with the person's decisions; nothing of it is blocked.

        Raises:
            UsageError: no turn waits, or the decisions do not fit its calls.
        """
        turn, store = self.turn, self.store
        state, own = approvals.find_paused(store, turn.thread_id), store.turn(turn.id)
        if state.turn_id != turn.id or own is None or own.reply is None:
            raise UsageError("another step waits for approval now", hint="look at the conversation again")
        turn.decisions = approvals.read_decisions(state.asked, self.ask.decisions, self.engine.tools)
        names = {call.id: call.name for call in state.asked}
        store.go_on(turn.thread_id, turn.id, {names[id] for id, said in turn.decisions.items() if said.always})
        self.text, self.files = own.message, own.files
        self.before = [row for row in store.messages(turn.thread_id) if row.turn_id == turn.id and row.role != "user"]
        self.message = Message(turn_id=turn.id, role="user", text=own.message, data={"files": own.files})
        approvals.restore(turn, state, own.reply)
        return False

    async def _answer(self) -> None:
        engine, turn = self.engine, self.turn
        turn.always = self.store.approved(turn.thread_id) if turn.asks else frozenset()
        if self.ask.call is not None:
            turn.model, turn.chosen = NOBODY, self.ask.call.more
            graph = build_graph(ChosenModel(call=self.ask.call), engine.tools)
            await self._follow(graph, [HumanMessage(content=with_notes(self.text, self.files))])
            return
        embedded = engine.model_spec.provider == "embedded"
        rows, summary = await recall(
            self.store,
            turn.thread_id,
            turn.spec.memory,
            turn_id=turn.id,
            summarizer=None if embedded else engine.model,
            count=turn.count,
            window=turn.window,
            beside=(turn.system, self.text),
        )
        if not rows:  # once, at the beginning of a thread
            for reason in engine.unavailable:
                turn.emit("progress", {"stage": "tools", "text": reason})
        if summary:
            turn.system += "\n\n" + prompts.earlier(summary)
        own = Message(turn_id=turn.id, role="user", text=self.text, data={"files": self.files})
        eyes = None
        if engine.sight.refused and any(file["kind"] == "image" for file in self.files):
            turn.mention(takes_no_pictures(turn.model))
        if engine.sight.open:
            eyes = Eyes(self.attachments.folder, [f for row in (*rows, own) for f in row.data.get("files", [])])
        messages = await asyncio.to_thread(lambda: [*as_messages(rows, eyes), as_message(own, eyes)])
        if self.before:
            await self._follow(self._graph(at_tools=True), messages + self._waited())
            return
        if engine.knowledge is not None or self.attachments.any:
            await asyncio.to_thread(self._search, *last_exchange(rows))
        await self._follow(self._graph() if self.ask.caller.tools else engine.graph, messages)

    def _graph(self, *, at_tools: bool = False) -> Graph:
        return build_graph(self.engine.model, [*self.engine.tools, *self.ask.caller.tools], at_tools=at_tools)

    def _waited(self) -> list[AnyMessage]:
        """Return what the turn said and called before it waited; results beside the waiting calls go to the gate."""
        turn = self.turn
        last = max(i for i, row in enumerate(self.before) if row.data.get("tool_calls"))
        calls = self.before[last].data["tool_calls"]
        self.open = {call["id"]: call["name"] for call in calls}
        results = {row.data["tool_call_id"]: of_now(row) for row in self.before if row.role == "tool"}
        turn.results = {id: results[id] for id in self.open if id in results}
        said = [results[row.data["tool_call_id"]] if row.role == "tool" else as_message(row) for row in self.before]
        return said[: last + 1]

    def _search(self, asked: str, answered: str) -> None:
        before = self.engine.before(asked, answered)
        if not self.attachments.search(self.turn, self.text, before, self.files):
            self.engine.search_first(self.turn, self.text, before)

    async def _follow(self, graph: Graph, messages: list[AnyMessage]) -> None:
        """Run the graph; what it says is noted while it comes."""
        noting = asyncio.create_task(self._note_so_far()) if self.ask.tokens else None
        try:
            await self._run_graph(graph, messages)
        finally:
            if noting is not None:
                noting.cancel()

    async def _note_so_far(self) -> None:
        """Note a few times a second what was said so far, for the case that this process dies."""
        noted = 0
        while not self.turn.ended:
            await asyncio.sleep(_NOTE_EVERY)
            text = self.turn.out.text
            if len(text) > noted and not self.turn.ended:
                noted = len(text)
                with suppress(GptsmithError):  # the turn itself says what is wrong with the disk
                    self.store.note_so_far(self.turn.id, self.turn.reply([]))

    async def _run_graph(self, graph: Graph, messages: list[AnyMessage]) -> None:
        """Write each message as soon as it is whole, a call before its tool runs."""
        modes: list[StreamMode] = ["updates", "messages"] if self.ask.tokens else ["updates"]
        async with aclosing(graph.astream({"messages": messages}, stream_mode=modes)) as run:  # type: ignore[type-var]
            async for mode, data in run:
                if self.turn.ended:
                    return  # it did not hear that it was stopped
                if mode == "messages":
                    feed(self.turn, data)
                else:
                    updates: dict[str, Any] = data  # type: ignore[assignment]
                    for node, update in updates.items():
                        if node != "__interrupt__":  # a call that waits for approval
                            self._keep((update or {}).get("messages", []))

    def _keep(self, messages: list[AnyMessage]) -> None:
        for message in messages:
            if isinstance(message, AIMessage):
                text = self.turn.out.complete(message.text)
                rails = self.turn.rails
                calls = [{**call, "args": streaming.clean_values(call["args"], rails)} for call in message.tool_calls]
                if not text and not calls:
                    continue
                self._add("assistant", text, {"tool_calls": calls} if calls else {})
                if calls:
                    self.open |= {call["id"] or "": call["name"] for call in calls}
                    self._flush()
            elif isinstance(message, ToolMessage):
                if self.turn.results.pop(message.tool_call_id, None) is not None:
                    self.open.pop(message.tool_call_id, None)  # it is written, from before the turn waited
                    continue
                record = next((r for r in self.turn.calls if r.id == message.tool_call_id), None)
                text = record.result if record else message.text
                status = "ok" if message.status == "success" else "error"
                about = {"tool_call_id": message.tool_call_id, "name": message.name, "status": status}
                self._add("tool", text, about)
                self.open.pop(message.tool_call_id, None)
        if messages and isinstance(messages[-1], ToolMessage):
            self._flush()

    def _add(self, role: Any, text: str, data: dict[str, Any]) -> None:
        self.rows.append(Message(turn_id=self.turn.id, role=role, text=text, data=data))

    def _flush(self) -> None:
        self.store.append(self.turn.thread_id, self.rows[self.written :])
        self.written = len(self.rows)

    def _settle(self) -> None:
        """Put a result behind every call that has none, then what was said of a message that did not come whole."""
        records = {record.id: record for record in self.turn.calls}
        waits = self.turn.waits
        for id, name in self.open.items():
            record = records.get(id)
            if record and record.status == "waiting":
                if waits:
                    continue
                record.status = "interrupted"
            status = record.status if record else "interrupted"
            if record and status == "interrupted":
                record.result = INTERRUPTED
            text = record.result if record else INTERRUPTED
            self._add("tool", text, {"tool_call_id": id, "name": name, "status": status})
        self.open = {}
        if cut := self.turn.out.drop():
            self._add("assistant", cut, {})

    def _end(self) -> None:
        """Say what is left to say, check the citations, write the end."""
        turn = self.turn
        turn.wait()
        self._settle()
        if notes := turn.unsaid():
            turn.out.say(notes)
            self._add("assistant", notes, {})
        if turn.waits:
            turn.emit("approval", {"requests": [asked.model_dump() for asked in turn.asked]})
        turn.ended = True
        citations = turn.citations()
        reply = turn.reply(citations)
        try:
            self._write_end("approval" if turn.waits else turn.finish, reply)
        except NotReadyError as error:
            raise _not_kept("this answer", error) from error
        self.outcome.reply = reply
        for citation in citations:
            turn.deliver(Event(type="citation", data=citation.model_dump()))
        turn.deliver(Event(type="done", data=reply.model_dump()))

    def _write_end(self, status: str, reply: Reply | None, error: dict[str, Any] | None = None) -> None:
        """Write how the turn ended; all of it where the file was taken away while it was answered."""
        about: dict[str, Any] = {"status": status, "reply": reply, "error": error}
        if status == "approval":
            about["paused"] = approvals.paused(self.turn).model_dump_json()
        thread, turn = self.turn.thread_id, self.turn.id
        if not self.store.finish(thread, turn, messages=_joined(self.rows[self.written :]), **about):
            assert self.message is not None, "a turn that ends has begun"  # noqa: S101
            self._write_begin(self.message)
            self.store.finish(thread, turn, messages=_joined(self.rows), **about)

    def _fail(self, raised: Exception) -> None:
        error = _as_ours(raised)
        self.turn.ended, self.turn.finish = True, "error"
        if self.message is None:
            error = _not_kept("your message", error) if error.code in ("storage", "damaged") else error
        else:
            self._write_failure({"code": error.code, "message": str(error)})
        self.outcome.error = error
        self.turn.deliver(_error_event(error))

    def _write_failure(self, told: dict[str, Any]) -> None:
        """Mark the turn as failed, with what was said of it; without that where just that cannot be written."""
        try:
            self._settle()
            self._write_end("error", self.turn.reply(self.turn.citations()), told)
        except Exception:  # noqa: BLE001 - what failed may be what is to be written
            _LOG.debug("a turn could not be written down whole", exc_info=True)
            with suppress(Exception):  # the turn is then healed when the thread is next used
                self.rows = self.rows[: self.written]
                self._write_end("error", None, told)


def feed(turn: Turn, data: Any) -> None:
    """Hand a streamed piece of the model's own text to the turn; other models' pieces are not for the person."""
    chunk, about = data
    if isinstance(chunk, AIMessageChunk) and about.get("langgraph_node") == "model" and chunk.text:
        turn.out.feed(chunk.text)


def _joined(messages: list[Message]) -> list[Message]:
    """Join assistant messages that follow each other: a provider wants roles to alternate."""
    out: list[Message] = []
    for message in messages:
        last = out[-1] if out else None
        if last and last.role == message.role == "assistant" and not last.data and not message.data:
            out[-1] = last.model_copy(update={"text": f"{last.text}\n\n{message.text}"})
        else:
            out.append(message)
    return out


def _as_ours(error: Exception) -> GptsmithError:
    """Return an error of the course itself, no model's, as a person is told it."""
    if isinstance(error, GptsmithError):
        return error
    _LOG.debug("a turn failed", exc_info=error)
    if isinstance(error, OSError):
        return storage_error(error, "a file")
    what = f"this message could not be answered ({type(error).__name__})"
    return GptsmithError(what, code="internal", hint="try again, or begin another thread")


def _not_kept(what: str, error: GptsmithError) -> GptsmithError:
    return NotReadyError(f"{what} was not kept: {error.message}", code=error.code, hint=error.hint)


def as_told(error: Exception) -> GptsmithError:
    """Return the error as a person is told it; one that is not ours is a provider's, and its text may hold secrets."""
    if isinstance(error, GptsmithError):
        return error
    _LOG.debug("a turn failed", exc_info=error)
    return ProviderError(
        f"the model did not answer ({type(error).__name__})", code="unavailable", hint="try again, or choose another"
    )


def _error_event(error: GptsmithError) -> Event:
    return Event(type="error", data={"code": error.code, "message": str(error), "exit_code": error.exit_code})


def limit_text(turn: Turn) -> str:
    return f"I stopped here: the limit of {turn.seconds:g} seconds is reached."


def blocked_text(what: str, found: streaming.Blocked) -> str:
    kinds = ", ".join(entity.replace("_", " ") for entity in found.entities)
    return f"This {what} was blocked, because it holds personal data ({kinds}). Please leave it out and ask again."


def conclude(turn: Turn, messages: list[AnyMessage]) -> AIMessage:
    """Return the answer of a turn whose memory belongs to a host: one message, checked, with the reply beside it."""
    try:
        for message in messages:
            if isinstance(message, AIMessage):
                turn.out.complete(message.text)
    except streaming.Blocked as found:
        turn.note(blocked_text("answer", found), "blocked")
    turn.out.say(turn.unsaid())
    reply = turn.reply(turn.citations())
    used = turn.usage.model_dump()
    return AIMessage(
        content=turn.out.text,
        additional_kwargs={"gptsmith": reply.model_dump(mode="json")},
        response_metadata={"finish_reason": turn.finish, "model_name": turn.model},
        usage_metadata=used if any(used.values()) else None,
    )


def prepare(engine: Engine, messages: list[AnyMessage], deliver: Deliver, caller: Caller = NO_CALLER) -> Turn:
    """Return a turn on messages that a host keeps, its files searched; input rails apply to the messages sent on."""
    turn = engine.turn(new_id("turn"), caller.place, deliver)
    turn.caller = caller
    if engine.is_moving:
        engine.gather()
    turn.system = engine.system({}) + prompts.of_caller(caller.beside)
    answered = any(isinstance(message, AIMessage) for message in messages)
    turn.remarked = lambda _: answered
    message, *before = last_words(messages)
    engine.sync_if_stale(turn)
    engine.search_first(turn, message, engine.before(*before))
    return turn


def forget_thread(engine: Engine, thread_id: str) -> None:
    """Delete a thread, its messages and its attached files.

    Raises:
        ThreadBusyError: a turn is running on it.
    """
    with ExitStack() as held:
        _hold(held, engine, thread_id)
        engine.store.delete(thread_id)
        shutil.rmtree(engine.folder / "threads" / f"{thread_id}.files", ignore_errors=True)
    (engine.folder / "threads" / f"{thread_id}.lock").unlink(missing_ok=True)
