"""A writer of short texts on this machine: one small task per request, its fixed prompt read once and kept on disk.

The text that comes back is bounded by a grammar (llama.cpp's GBNF), a number of tokens, and a watch for repetition.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import math
import re
import threading
from collections.abc import Callable, Generator, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache, partial
from pathlib import Path
from typing import Any

import httpx

from gptsmith.errors import ProviderError
from gptsmith.models.chat.local.chat_model import PLACEHOLDER, AsyncEngineTransport, EngineTransport
from gptsmith.models.chat.local.engine import EngineAddress, LocalEngine
from gptsmith.models.chat.thinking import REPETITION, repeats

# Prompts of small tasks: a system message and worked examples, kept in files, always sent first and byte for byte.
#
# A file has blocks that begin with `[system]`, `[user]` or `[assistant]` on a line of their own. What is asked comes
# behind them, so that the engine reads the fixed part once and keeps it.

_MARK = re.compile(r"^\[(system|user|assistant)\]\s*$", re.MULTILINE)
Message = dict[str, str]


@dataclass(frozen=True)
class Prompt:
    """The fixed part of a task: `messages` end with the last example's answer."""

    name: str
    messages: tuple[tuple[str, str], ...]

    @property
    def key(self) -> str:
        """The name of the saved prefix; another text makes another name."""
        return f"{self.name}-{hashlib.sha256(repr(self.messages).encode()).hexdigest()[:16]}.bin"

    def fixed(self) -> list[Message]:
        """Return the messages of the prompt."""
        return [{"role": role, "content": text} for role, text in self.messages]

    def asked(self, words: str) -> list[Message]:
        """Return the messages with `words` as the last one."""
        return [*self.fixed(), {"role": "user", "content": words}]


@lru_cache(maxsize=64)
def load_prompt(path: Path) -> Prompt:
    """Read a prompt file. Raises ValueError for one that does not alternate user and assistant after the system."""
    pieces = _MARK.split(path.read_text("utf-8"))[1:]
    messages = tuple((role, text.strip()) for role, text in zip(pieces[::2], pieces[1::2], strict=True))
    roles = [role for role, _ in messages]
    if roles[:1] != ["system"] or roles[1:] != ["user", "assistant"] * (len(roles[1:]) // 2):
        raise ValueError(f"{path.name}: the blocks are not a system message and pairs of user and assistant")
    return Prompt(path.stem, messages)


_TIMEOUT = httpx.Timeout(180, connect=200)
_BROKEN = (httpx.ReadError, httpx.RemoteProtocolError)
_TRY_AGAIN = "send it again; if that fails too, choose a smaller model or close other programs"


class Written:
    """A text in pieces, as it is written. `finish` says behind the last one why it ended: `stop`, `length` (it was cut
    off) or `repetition` (it began to say the same again and again, and was stopped).
    """

    def __init__(self, write: Callable[[Written], Generator[str, None, None]]) -> None:
        self.finish = "stop"
        self._pieces = write(self)

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        return next(self._pieces)

    def close(self) -> None:
        """Stop the engine's work on it."""
        self._pieces.close()


class Writer:
    """Writes with one local model. Safe to share between threads; the engine answers one request after the other."""

    def __init__(self, engine: LocalEngine) -> None:
        self.engine = engine
        self._http = httpx.Client(transport=EngineTransport(engine), base_url=PLACEHOLDER, timeout=_TIMEOUT)
        self._lock = threading.Lock()
        self._kept: set[tuple[str, str]] = set()

    def write(
        self,
        prompt: Prompt,
        words: str,
        *,
        grammar: str = "",
        tokens: int = 80,
        temperature: float = 0.0,
        seed: int | None = None,
        stop: Sequence[str] = (),
    ) -> str:
        """Return what the model writes behind `prompt` and `words`; `grammar` is GBNF.

        Raises ProviderError (`unreachable`, `timeout`, `rejected`) and NotReadyError of the engine.
        """
        address = self.engine.address()
        new = self._restore(prompt, address)
        body = _body(prompt.asked(words), grammar, tokens, temperature, seed, stop)
        answer = self._post("/chat/completions", body)
        if new:
            self._keep(prompt)
        return _content(answer)

    async def awrite(self, prompt: Prompt, words: str, *, grammar: str = "", tokens: int = 80) -> str:
        """Do what `write` does without blocking the event loop; when it is cancelled the engine stops at once."""
        import asyncio

        address = await asyncio.to_thread(self.engine.address)
        new = await asyncio.to_thread(self._restore, prompt, address)
        body = _body(prompt.asked(words), grammar, tokens, 0.0, None, ())
        with _told(self.engine):
            async with httpx.AsyncClient(transport=AsyncEngineTransport(self.engine), timeout=_TIMEOUT) as http:
                answer = await http.post(f"{PLACEHOLDER}/chat/completions", json=body)
        text = _content(self._read(answer))
        if new:
            await asyncio.to_thread(self._keep, prompt)
        return text

    def lines(
        self,
        prompt: Prompt,
        words: str,
        *,
        grammar: str,
        tokens: int,
        temperature: float = 0.0,
        seed: int | None = None,
    ) -> Generator[str, None, None]:
        """Do what `write` does, and yield each line as soon as it is whole; closing the generator stops the engine."""
        address = self.engine.address()
        new = self._restore(prompt, address)
        body = _body(prompt.asked(words), grammar, tokens, temperature, seed, ()) | {"stream": True}
        said, begun = "", False
        try:
            with contextlib.closing(Written(lambda written: self._streamed(body, written))) as pieces:
                for piece in pieces:
                    begun = True
                    *whole, said = (said + piece).split("\n")
                    yield from (line.strip() for line in whole if line.strip())
                if said.strip():
                    yield said.strip()
        finally:
            if new and begun:  # whoever reads may have had enough
                self._keep(prompt)

    def weigh(self, prompt: Prompt, words: str, choices: Sequence[str]) -> dict[str, float]:
        """Return the probability of each of `choices`, which must differ in their first token."""
        grammar = "root ::= " + " | ".join(json.dumps(c) for c in choices)
        address = self.engine.address()
        new = self._restore(prompt, address)
        body = _body(prompt.asked(words), grammar, 1, 0.0, None, ())
        body |= {"logprobs": True, "top_logprobs": 40}
        answer = self._post("/chat/completions", body)
        if new:
            self._keep(prompt)
        content = ((answer["choices"][0].get("logprobs") or {}).get("content") or [{}])[0]
        odds = dict.fromkeys(choices, 0.0)
        for token in content.get("top_logprobs") or []:
            text = str(token.get("token", "")).strip()
            for choice in choices:
                if text and choice.startswith(text):
                    odds[choice] += math.exp(float(token["logprob"]))
        total = sum(odds.values())
        return {c: p / total for c, p in odds.items()} if total else odds

    def stream(
        self,
        messages: Sequence[Message],
        *,
        prompt: Prompt | None = None,
        grammar: str = "",
        tokens: int = 400,
        temperature: float = 0.3,
        seed: int | None = None,
        stop: Sequence[str] = (),
    ) -> Written:
        """Return the answer in pieces as it is written; one that begins to repeat itself is ended there.

        `prompt` is what `messages` begin with, where that is kept on disk. No piece is empty. Iterating raises as
        `write` does.
        """
        body = _body(list(messages), grammar, tokens, temperature, seed, stop) | {"stream": True}
        body |= {"dry_multiplier": 0.6, "dry_allowed_length": 4}  # a small model runs in circles in long lists
        return Written(lambda written: self._prepared(prompt, body, written))

    def _prepared(self, prompt: Prompt | None, body: dict[str, Any], written: Written) -> Generator[str, None, None]:
        new = prompt is not None and self._restore(prompt, self.engine.address())
        yield from self._streamed(body, written)
        if new and prompt is not None:
            self._keep(prompt)

    def _streamed(self, body: dict[str, Any], written: Written) -> Generator[str, None, None]:
        said = ""
        with _told(self.engine), self._opened(body) as answer:
            if answer.status_code != 200:
                answer.read()
                raise _refused(self.engine, answer)
            for line in answer.iter_lines():
                if not line.startswith("data: ") or line == "data: [DONE]":
                    continue
                choice = (json.loads(line[6:]).get("choices") or [{}])[0]
                written.finish = choice.get("finish_reason") or written.finish
                piece = (choice.get("delta") or {}).get("content") or ""
                said += piece
                if piece:
                    yield piece
                if repeats(said):
                    written.finish = REPETITION
                    return

    @contextlib.contextmanager
    def _opened(self, body: dict[str, Any]) -> Iterator[httpx.Response]:
        """Open a stream; where the engine dies before it begins to answer, the next one is asked once."""
        with contextlib.ExitStack() as stack:
            asked = partial(self._http.stream, "POST", "/chat/completions", json=body)
            try:
                answer = stack.enter_context(asked())
            except _BROKEN:
                answer = stack.enter_context(asked())
            yield answer

    def count(self, text: str) -> int:
        """Return the number of tokens of `text`."""
        with _told(self.engine):
            answer = self._http.post("http://127.0.0.1/tokenize", json={"content": text})
        return len(answer.json().get("tokens", []))

    def _post(self, path: str, body: dict[str, Any]) -> dict[str, Any]:
        with _told(self.engine):
            try:
                answer = self._http.post(path, json=body)
            except _BROKEN:  # the engine died before it answered: the next one is asked once
                answer = self._http.post(path, json=body)
        return self._read(answer)

    def _read(self, answer: httpx.Response) -> dict[str, Any]:
        if answer.status_code != 200:
            raise _refused(self.engine, answer)
        found: dict[str, Any] = answer.json()
        return found

    def _restore(self, prompt: Prompt, address: EngineAddress) -> bool:
        """Give the engine the saved prefix, once per start; tell whether it still has to be kept.

        Later the engine finds it in its own memory, where it lays what its slot held before.
        """
        with self._lock:
            if (address.run, prompt.key) in self._kept:
                return False
            self._kept.add((address.run, prompt.key))
        if not (self.engine.folder / "prefixes" / prompt.key).is_file():
            return True
        try:
            self._lay_by()
            self._slot("restore", prompt.key)
        except ProviderError:  # a prefix that cannot be read is read anew from its text, and saved again
            return True
        return False

    def _lay_by(self) -> None:
        """Let the engine lay what its slot holds into its memory: restoring overwrites it, another text does not."""
        self._post(f"{PLACEHOLDER}/completions", {"prompt": ".", "max_tokens": 1})

    def _keep(self, prompt: Prompt) -> None:
        """Save the fixed part of a prompt alone: what a person asked behind it is not written to the disk."""
        try:
            self._post("/chat/completions", _body(prompt.fixed(), "", 1, 0.0, None, ()))
            self._slot("save", prompt.key)
        except ProviderError:  # a full disk: what was written of it is no prefix, and the next start pays for it again
            with contextlib.suppress(OSError):
                (self.engine.folder / "prefixes" / prompt.key).unlink(missing_ok=True)

    def _slot(self, action: str, name: str) -> None:
        self._post(f"http://127.0.0.1/slots/0?action={action}", {"filename": name})


def _content(answer: dict[str, Any]) -> str:
    return str(answer["choices"][0]["message"].get("content") or "").strip()


def _body(
    messages: list[Message], grammar: str, tokens: int, temperature: float, seed: int | None, stop: Sequence[str]
) -> dict[str, Any]:
    body: dict[str, Any] = {
        "messages": messages,
        "max_tokens": tokens,
        "temperature": temperature,
        "cache_prompt": True,
    }
    if temperature:
        body |= {"repeat_penalty": 1.05, "top_p": 0.9}
    if grammar:
        body["grammar"] = grammar
    if seed is not None:
        body["seed"] = seed
    if stop:
        body["stop"] = list(stop)
    return body


@contextlib.contextmanager
def _told(engine: LocalEngine) -> Iterator[None]:
    try:
        yield
    except httpx.TimeoutException:
        raise ProviderError(f"{engine.model.name} took too long", code="timeout", hint=_TRY_AGAIN) from None
    except httpx.HTTPError:
        raise ProviderError(
            f"{engine.model.name} on this machine stopped while it was answering", code="unreachable", hint=_TRY_AGAIN
        ) from None


def _refused(engine: LocalEngine, answer: httpx.Response) -> ProviderError:
    try:
        error = answer.json()["error"]
        why, kind = str(error.get("message", ""))[:200], error.get("type", "")
    except (ValueError, KeyError, AttributeError, TypeError):
        why, kind = f"HTTP {answer.status_code}", ""
    if kind == "exceed_context_size_error":
        return ProviderError(
            f"the text is longer than {engine.model.name} can read",
            code="rejected",
            hint="send less at once, or start a new conversation",
        )
    return ProviderError(f"{engine.model.name} refused the request: {why}", code="rejected", hint=_TRY_AGAIN)
