"""A request's messages, in OpenAI's form, as a turn takes them: what is new, what was before, what comes along."""

from __future__ import annotations

import base64
import binascii
import json
import re
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from langchain_core.messages import AIMessage, AnyMessage, HumanMessage, ToolMessage
from langchain_core.tools import BaseTool

from gptsmith import Assistant
from gptsmith.agent.runtime.callers import Caller, callers_tool
from gptsmith.models.chat.messages import fence_result
from gptsmith.ui.http.faults import wrong

MAX_TOOLS = 128
MAX_FILE = 50_000_000
_NAME = re.compile(r"[A-Za-z0-9_-]{1,64}\Z")
_DATA = re.compile(r"data:([\w.+-]+/[\w.+-]+)?(?:;[\w.+-]+=[^;,]*)*;base64,", re.IGNORECASE)
_ENDINGS = {
    "image/png": ".png", "image/jpeg": ".jpg", "image/webp": ".webp", "image/gif": ".gif", "application/pdf": ".pdf",
    "text/plain": ".txt", "text/markdown": ".md", "text/csv": ".csv",
}  # fmt: skip


@dataclass(frozen=True)
class Given:
    """A picture or a file that came inside of a request."""

    name: str
    data: bytes
    is_picture: bool


@dataclass
class Said:
    """One message: who said it, its text, and what came with it. Of a tool, `call_id` is the call that it answers."""

    role: str
    text: str = ""
    files: list[Given] = field(default_factory=list)
    calls: list[dict[str, Any]] = field(default_factory=list)
    call_id: str = ""


@dataclass
class Conversation:
    """A request: the messages, and what its program asks for beside them."""

    said: list[Said]
    beside: str = ""

    @property
    def results(self) -> list[Said]:
        """The results of the program's own tools that the request ends with."""
        found: list[Said] = []
        for one in reversed(self.said):
            if one.role != "tool":
                break
            found.insert(0, one)
        return found

    @property
    def has_before(self) -> bool:
        """Whether there is more than one new message."""
        return len(self.said) > 1

    def new(self) -> Said:
        """Return what the person says now: everything behind the last answer, as one message."""
        after = 1 + max((i for i, one in enumerate(self.said) if one.role != "user"), default=-1)
        fresh = self.said[after:]
        if not fresh:
            raise wrong("The last message has to be the user's, or a tool's result.", "messages")
        return Said("user", "\n\n".join(one.text for one in fresh if one.text), [f for one in fresh for f in one.files])


FileOf = Callable[[str], Given]


def read(messages: Sequence[dict[str, Any]], file_of: FileOf) -> Conversation:
    """Return the messages of a chat completion; `file_of` gives a file that was uploaded before, by its id.

    Raises:
        Refusal: a message has no known form, or a tool's result answers no call.
    """
    found, beside, open_calls = [], [], set[str]()
    for number, message in enumerate(messages):
        where, role = f"messages.{number}", message.get("role")
        if role in ("system", "developer"):
            beside.append(_parts(message.get("content"), where, file_of)[0])
            continue
        if role not in ("user", "assistant", "tool"):
            raise wrong(f"A message is from system, user, assistant or tool, not from {str(role)[:40]!r}.", where)
        text, files = _parts(message.get("content"), where, file_of)
        one = Said(role, text, files)
        if role == "assistant":
            one.calls = [_call(call, where) for call in message.get("tool_calls") or []]
            open_calls |= {call["id"] for call in one.calls}
        elif role == "tool":
            one.call_id = str(message.get("tool_call_id") or "")
            if one.call_id not in open_calls and len(messages) > 1 and _has_calls(messages):
                raise wrong(f"No call before it has the id {one.call_id[:80]!r}.", f"{where}.tool_call_id")
            open_calls.discard(one.call_id)
        found.append(one)
    if not found:
        raise wrong("The conversation is empty.", "messages")
    return Conversation(found, "\n\n".join(text for text in beside if text))


def tools(given: Sequence[dict[str, Any]] | None, own: Sequence[str], choice: Any) -> Caller:
    """Return the program's tools as a turn takes them; `own` are the names of the assistant's.

    Raises:
        Refusal: a tool is no function, its name is wrong or taken, or its parameters are no JSON Schema object.
    """
    made: list[BaseTool] = []
    if len(given or []) > MAX_TOOLS:
        raise wrong(f"A request can bring {MAX_TOOLS} tools.", "tools")
    for number, tool in enumerate(given or []):
        where = f"tools.{number}"
        function = tool.get("function", tool) if isinstance(tool, dict) else {}
        if not isinstance(tool, dict) or tool.get("type", "function") != "function" or not isinstance(function, dict):
            kind = str(tool.get("type") if isinstance(tool, dict) else tool)[:40]
            raise wrong(f"Only functions can be given; {kind!r} is the assistant's own affair.", where)
        name, schema = function.get("name"), function.get("parameters") or {"type": "object", "properties": {}}
        if not isinstance(name, str) or not _NAME.match(name):
            raise wrong("A function's name has 1 to 64 letters, digits, _ and -.", f"{where}.function.name")
        if name in own or any(name == other.name for other in made):
            raise wrong(f"The name {name} is taken; call the function something else.", f"{where}.function.name")
        if not isinstance(schema, dict) or schema.get("type") != "object":
            raise wrong("The parameters have to be a JSON Schema of type object.", f"{where}.function.parameters")
        made.append(callers_tool(name, str(function.get("description") or name)[:10_000], schema))
    if choice == "none":
        return Caller()
    return Caller(made, _choice(choice, [tool.name for tool in made]))


def _choice(choice: Any, names: Sequence[str]) -> Any:
    """Return which tool is to be called, in the form that chat models take; None leaves it to the model."""
    if choice in (None, "auto"):
        return None
    if choice == "required":
        return "any" if names else None
    function = choice.get("function", choice) if isinstance(choice, dict) else {}
    name = function.get("name") if isinstance(function, dict) else None
    if name not in names:
        raise wrong("tool_choice is none, auto, required or one of the tools.", "tool_choice")
    return {"type": "function", "function": {"name": name}}


def as_messages(conversation: Conversation, assistant: Assistant, place: str) -> list[AnyMessage]:
    """Return the whole conversation for a turn that nobody stores; its pictures are put into the folder of `place`."""
    with ExitStack() as held:
        shown = _shown(conversation, assistant, place, held)
        names = {call["id"]: call["name"] for one in conversation.said for call in one.calls}
        out: list[AnyMessage] = []
        for number, one in enumerate(conversation.said):
            if one.role == "assistant":
                out.append(AIMessage(content=one.text, tool_calls=one.calls))
            elif one.role == "tool":
                name = names.get(one.call_id, "tool")
                out.append(ToolMessage(fence_result(name, one.text), name=name, tool_call_id=one.call_id))
            else:
                out.append(HumanMessage(content=shown.get(number, one.text)))
    return out


def _shown(conversation: Conversation, assistant: Assistant, place: str, held: ExitStack) -> dict[int, Any]:
    """Return the content of each message that has pictures, by its number."""
    with_files = {i: one for i, one in enumerate(conversation.said) if one.files}
    if not with_files:
        return {}
    from gptsmith.agent.runtime.attachments import Attachments, Eyes, sees
    from gptsmith.agent.runtime.history import with_notes

    if not all(given.is_picture for one in with_files.values() for given in one.files):
        raise wrong('A file needs a conversation to be kept in: send metadata {"thread_id": "…"} along.', "messages")
    engine = assistant.engine
    attachments = Attachments(engine, place)
    taken = {i: attachments.take(written(one.files, held)) for i, one in with_files.items()}
    eyes = None
    if sees(engine.model, engine.model_spec.provider):
        eyes = Eyes(attachments.folder, [file for files in taken.values() for file in files])
    texts = {i: with_notes(with_files[i].text, files) for i, files in taken.items()}
    return {i: eyes.content(texts[i], files) if eyes else texts[i] for i, files in taken.items()}


def written(files: Sequence[Given], held: ExitStack) -> list[str]:
    """Write files where they stay until `held` is closed; return their paths."""
    if not files:
        return []
    folder = Path(held.enter_context(TemporaryDirectory(prefix="gptsmith-")))
    paths = []
    for number, given in enumerate(files):
        (folder / str(number)).mkdir()
        path = folder / str(number) / given.name
        path.write_bytes(given.data)
        paths.append(str(path))
    return paths


# -- the parts of a message ------------------------------------------------------------------------------------------


def _parts(content: Any, where: str, file_of: FileOf) -> tuple[str, list[Given]]:
    if content is None or isinstance(content, str):
        return content or "", []
    if not isinstance(content, list):
        raise wrong("A message's content is a text or a list of parts.", f"{where}.content")
    texts, files = [], []
    for number, part in enumerate(content):
        place = f"{where}.content.{number}"
        kind = part.get("type") if isinstance(part, dict) else None
        if kind in ("text", "input_text", "output_text"):
            texts.append(str(part.get("text") or ""))
        elif kind == "refusal":
            texts.append(str(part.get("refusal") or ""))
        elif kind in ("image_url", "input_image"):
            files.append(_picture(part, place, file_of))
        elif kind in ("file", "input_file"):
            files.append(_file(part, place, file_of))
        else:
            raise wrong(f"Parts of the type {str(kind)[:40]!r} cannot be read here.", place)
    return "\n".join(texts), files


def _picture(part: dict[str, Any], where: str, file_of: FileOf) -> Given:
    if isinstance(part.get("file_id"), str):
        return file_of(part["file_id"])
    given = part.get("image_url")
    url = given.get("url") if isinstance(given, dict) else given
    if not isinstance(url, str) or not url.startswith("data:"):
        raise wrong("Send the picture itself, as data:image/…;base64,…: addresses are not fetched.", where)
    kind, data = _decoded(url, where)
    return Given(f"picture{_ENDINGS.get(kind, '.png')}", data, is_picture=True)


def _file(part: dict[str, Any], where: str, file_of: FileOf) -> Given:
    inner = part.get("file", part)
    inner = inner if isinstance(inner, dict) else {}
    if isinstance(inner.get("file_id"), str):
        return file_of(inner["file_id"])
    data = inner.get("file_data")
    if not isinstance(data, str):
        raise wrong("Send the file itself as file_data, or the file_id of one that was uploaded.", where)
    kind, content = _decoded(data if data.startswith("data:") else f"data:;base64,{data}", where)
    return Given(safe_name(str(inner.get("filename") or f"file{_ENDINGS.get(kind, '.txt')}")), content, False)


def safe_name(name: str) -> str:
    """Return a file's name without a way to another folder."""
    plain = re.sub(r"[^\w. -]", "_", name.replace("\\", "/").rpartition("/")[2]).strip(". ")
    return plain[-120:] or "file"


def _decoded(url: str, where: str) -> tuple[str, bytes]:
    head = _DATA.match(url) or re.match(r"data:();base64,", url)
    if head is None:
        raise wrong("A data URI begins with data:<type>;base64,", where)
    try:
        data = base64.b64decode(url[head.end() :], validate=True)
    except (binascii.Error, ValueError):
        raise wrong("What follows base64, is no base64.", where) from None
    if len(data) > MAX_FILE:
        raise wrong(f"A file may have {MAX_FILE // 1_000_000} MB.", where)
    return (head.group(1) or "").lower(), data


def _call(call: Any, where: str) -> dict[str, Any]:
    function = call.get("function") if isinstance(call, dict) else None
    if not isinstance(function, dict) or not isinstance(function.get("name"), str):
        raise wrong("A call of a tool has a function with a name.", f"{where}.tool_calls")
    return {"name": function["name"], "args": arguments(function.get("arguments")), "id": str(call.get("id") or "")}


def arguments(text: Any) -> dict[str, Any]:
    """Return the arguments that a client sends back with a call; what is no JSON object is kept as text."""
    try:
        made = json.loads(text or "{}")
    except (TypeError, ValueError):
        made = None
    return made if isinstance(made, dict) else {"arguments": text}


def _has_calls(messages: Sequence[dict[str, Any]]) -> bool:
    return any(message.get("tool_calls") for message in messages)
