"""The command that talks to an assistant: chat."""

from __future__ import annotations

import json
import sys
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from gptsmith.ui.cli.options import AllowHosted, AsJson, File, Model, Trust, load_trusted
from gptsmith.ui.cli.output import ask, clean_line, document, fail, say, show, typed_lines

if TYPE_CHECKING:
    from gptsmith import Assistant

HELP = "/new starts a fresh conversation, /quit ends, anything else is a message"
ENDINGS = {"timeout": 1, "error": 1, "truncated": 1, "content_filter": 1, "cancelled": 130}


def register(app: typer.Typer) -> None:
    """Add the command to `app`."""
    app.command()(chat)


def chat(
    file: File,
    message: Annotated[
        str | None, typer.Option("-m", "--message", metavar="TEXT", help="Send this and end.", show_default=False)
    ] = None,
    files: Annotated[
        list[Path] | None, typer.Option("--file", metavar="PATH", help="Attach a file; may be repeated.")
    ] = None,
    thread: Annotated[
        str | None, typer.Option("--thread", metavar="ID", help="Go on with this conversation.", show_default=False)
    ] = None,
    var: Annotated[
        list[str] | None, typer.Option("--var", metavar="K=V", help="Fill {{K}} of the spec; may be repeated.")
    ] = None,
    model: Model = None,
    allow_hosted: AllowHosted = False,
    trust: Trust = False,
    as_json: AsJson = False,
) -> None:
    """Chat with an assistant; without -m a conversation in the terminal."""
    from gptsmith.errors import UsageError

    if as_json and message is None:
        raise UsageError("--json prints one reply", hint="give the message with -m TEXT")
    variables = _variables(var or [])
    attached = _present(files or [])
    from gptsmith import Assistant

    loaded = load_trusted(file, trust)
    made = Assistant(loaded, trust=trust, model=model, variables=variables, allow_hosted=allow_hosted)
    if message is None and not allow_hosted:
        made = _asked(made)
    with made as assistant:
        if message is None:
            assistant.engine.begin()
            code = TerminalChat(assistant, thread, attached).run()
        else:
            code = PrintedTurn(assistant, as_json).run(message, thread, attached)
    if code:
        raise typer.Exit(code)


def _asked(assistant: Assistant) -> Assistant:
    """Ask once, in a terminal, whether a fallback may send the conversation away; without an answer it may not."""
    hosts = assistant.fallback_hosts
    if not hosts or not sys.stdin.isatty():
        return assistant
    question = f"If {assistant.model_name} does not answer, may this conversation be sent to {' and '.join(hosts)}?"
    return assistant.with_(allow_hosted=True) if ask(question, yes=False, what="this was not asked") else assistant


def _variables(pairs: list[str]) -> dict[str, str]:
    """Return `K=V` pairs as a dict; UsageError for one without `=`."""
    from gptsmith.errors import UsageError

    for pair in pairs:
        if "=" not in pair:
            raise UsageError(f"--var {pair} has no =", hint="write --var city=Porto")
    return dict(pair.split("=", 1) for pair in pairs)


def _present(paths: list[Path]) -> list[Path]:
    from gptsmith.errors import UsageError

    for path in paths:
        if not path.is_file():
            raise UsageError(f"there is no file {path}", hint="check what --file names")
    return paths


def asks_for_a_model(reply: dict[str, Any]) -> bool:
    """Tell whether a reply is the embedded model's word that a language model is needed."""
    from gptsmith.models.chat.embedded.floor import CONNECT

    return CONNECT in str(reply.get("text", ""))


class PrintedTurn:
    """One message and its reply, printed as it comes."""

    def __init__(self, assistant: Assistant, as_json: bool = False) -> None:
        self.assistant = assistant
        self.as_json = as_json
        self.thread: str | None = None
        self.waits: list[dict[str, Any]] = []
        self._open_line = False
        self._said = self._known = 0  # characters printed, and those of them that a resumed turn says again

    def run(self, message: str, thread: str | None, files: list[Path]) -> int:
        """Send `message` and return the exit code; Ctrl-C stops the turn before it goes up."""
        stream = self.assistant.stream(message, thread_id=thread, files=[str(path) for path in files])
        return self.ask_first(self._follow(stream))

    def ask_first(self, code: int) -> int:
        """Ask about each call that waits, and go on with the answers; without a terminal say how to answer."""
        from gptsmith.errors import UsageError

        while self.waits and self.thread and not self.as_json:
            if not sys.stdin.isatty():
                names = ", ".join(call["name"] for call in self.waits)
                say(f"({names} waits for your approval: open this conversation in the page, or go on in a terminal")
                say(f" with --thread {self.thread})")
                break
            try:
                code = self.go_on(self.thread, [decided(call) for call in self.waits])
            except UsageError as error:  # changed arguments that do not fit
                say(str(error))
        return code

    def go_on(self, thread: str, decisions: list[dict[str, Any]]) -> int:
        """Go on with the turn that waits for approval; what it said before is not printed again."""
        stream = self.assistant.resume_stream(thread, decisions)
        self._known, self._said, self.waits = self._said, 0, []
        return self._follow(stream)

    def _follow(self, stream: Any) -> int:
        """Print the events of a turn and return the exit code."""
        code = 1
        try:
            for event in stream:
                if event.type == "done":
                    code = self._done(event.data)
                elif event.type == "error":
                    code = self._error(event.data)
                else:
                    self._step(event.type, event.data)
        finally:
            # Closing is what tells the runtime to stop and to mark the turn as cancelled.
            close = getattr(stream, "close", None)
            if close is not None:
                close()
        return code

    def _step(self, kind: str, data: dict[str, Any]) -> None:
        """Show one event on the way: text at once, everything else as a remark."""
        if self.as_json:
            return
        if kind == "text":
            whole = data.get("text", "")
            text = clean_line(whole[max(0, self._known - self._said) :])
            self._said += len(whole)
            print(text, end="", flush=True)
            self._open_line = self._open_line if not text else not text.endswith("\n")
        elif kind == "tool_call":
            self._remark(f"calls {data.get('name', 'a tool')}")
        elif kind == "tool_result" and data.get("status") not in (None, "ok"):
            self._remark(f"{data.get('name', 'the tool')}: {data.get('text', '')}")
        elif kind == "image":
            self._remark(f"picture: {data.get('path', '')}")
        elif kind == "file":
            self._remark(f"file: {data.get('path', '')}")
        elif kind == "approval":
            self.waits = data.get("requests", [])
        elif kind == "progress" and data.get("text") and not data.get("step"):
            self._remark(data["text"])

    def _done(self, reply: dict[str, Any]) -> int:
        self.thread = reply.get("thread_id")
        finish = reply.get("finish_reason", "stop")
        if self.as_json:
            document(reply)
        else:
            self._end_line()
            for citation in reply.get("citations", []):
                show(_cited(citation))
            if finish not in ("stop", "approval"):
                say(f"(ended: {finish})")
            if asks_for_a_model(reply):
                say("(get one for this machine: gptsmith models get; or connect one: --model ollama:qwen3:8b,")
                say(" or openai:gpt-4o-mini with the variable OPENAI_API_KEY)")
        return ENDINGS.get(finish, 0)

    def _error(self, data: dict[str, Any]) -> int:
        self._end_line()
        exit_code = int(data.get("exit_code", 1))
        return fail(data["message"], code=data["code"], exit_code=exit_code, as_json=self.as_json)

    def _remark(self, text: str) -> None:
        self._end_line()
        say(f"({text})")

    def _end_line(self) -> None:
        if self._open_line:
            print(flush=True)
            self._open_line = False


def decided(call: dict[str, Any]) -> dict[str, Any]:
    """Show a call that waits and return what the person decides about it."""
    say(f"The assistant wants to call {call['name']} with {json.dumps(call['args'], ensure_ascii=False)}")
    while True:
        print("Allow it? [y]es, [a]lways in this conversation, [n]o, [e]dit: ", end="", file=sys.stderr, flush=True)
        answer = input().strip().lower()
        if answer in ("y", "yes", "a", "always"):
            return {"type": "approve", "always": answer.startswith("a")}
        if answer in ("n", "no"):
            print("Why not? (may stay empty) ", end="", file=sys.stderr, flush=True)
            return {"type": "reject", "message": input().strip()}
        if answer in ("e", "edit"):
            print("The arguments as JSON: ", end="", file=sys.stderr, flush=True)
            with suppress(ValueError):
                return {"type": "edit", "args": json.loads(input())}
            say("That is not JSON.")


def _cited(citation: dict[str, Any]) -> str:
    """Return one citation as a line: number, file, page, quote."""
    page = f", page {citation['page']}" if citation.get("page") else ""
    quote = " ".join(str(citation.get("quote", "")).split())
    doubt = "" if citation.get("verified", True) else " (does not say exactly this)"
    return f'  [{citation.get("id", "")}] {citation.get("source", "")}{page}{doubt}: "{quote}"'


class TerminalChat:
    """Messages from the terminal, or line by line from a pipe, until /quit or the end of input."""

    def __init__(self, assistant: Assistant, thread: str | None, files: list[Path]) -> None:
        self.assistant = assistant
        self.thread = thread
        self.files = files

    def run(self) -> int:
        """Talk until the person ends it; the exit code is that of the last turn."""
        self._welcome()
        code = self._waiting()
        for line in typed_lines():
            command = line.lower()
            if not line:
                continue
            if command == "/quit":
                break
            if command == "/help":
                say(HELP)
            elif command == "/new":
                self.thread, self.files = None, []
                say("A fresh conversation")
            elif command.startswith("/"):
                say(f"{line.split()[0]} is no command; {HELP}")
            else:
                code = self._send(line)
        if self.thread:
            say(f"Go on later with --thread {self.thread}")
        return code

    def _waiting(self) -> int:
        """Ask first about what waits on the conversation that goes on."""
        if not self.thread or not (asked := self.assistant.waiting(self.thread)):
            return 0
        turn = PrintedTurn(self.assistant)
        turn.thread, turn.waits = self.thread, [call.model_dump() for call in asked]
        return turn.ask_first(0)

    def _welcome(self) -> None:
        spec = self.assistant.spec
        say(f"{spec.name}. {HELP}")
        host = self.assistant.leaves_machine
        where = f"What you write goes to {host}." if host else f"Nothing leaves this machine{self._unless()}"
        say(f"Model: {self.assistant.model_name}. {where}")
        if spec.disclaimer:
            say(spec.disclaimer)
        welcome = self.assistant.welcome_message
        if welcome and self.thread is None:
            show(welcome)

    def _unless(self) -> str:
        """Return when text leaves the machine although the model is on it."""
        hosts = self.assistant.fallback_hosts
        if not hosts or not self.assistant.allow_hosted:
            return "."
        return f", unless the model does not answer: then the conversation goes to {' or '.join(hosts)}."

    def _send(self, message: str) -> int:
        turn = PrintedTurn(self.assistant)
        code = turn.run(message, self.thread, self.files)
        self.thread, self.files = turn.thread or self.thread, []
        return code
