"""One answer of transformers' `generate`, in pieces: the library draws the tokens, in a thread that can be left."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from copy import deepcopy
from typing import Any

import torch
from torch import Tensor
from transformers import (
    GenerationConfig,
    LogitsProcessor,
    LogitsProcessorList,
    StoppingCriteria,
    TemperatureLogitsWarper,
    TextIteratorStreamer,
    TopKLogitsWarper,
    TopPLogitsWarper,
)

from gptsmith.assistants.format.spec import ModelSpec
from gptsmith.errors import ProviderError
from gptsmith.models.chat.limits import TooLongError
from gptsmith.models.chat.local.weights import Weights

MAX_TOKENS = 1024  # of an answer, where the spec says nothing


class Writing:
    """One answer being written behind `prompt`: iterate for its text, then `close`; that sets `finish` and `wrote`.

    The text ends before the first of `stops`. `finish` is stop or length, `wrote` the number of tokens. Raises
    TooLongError at once, ProviderError on the way.
    """

    def __init__(self, weights: Weights, spec: ModelSpec, prompt: list[int], stops: Sequence[str] = ()) -> None:
        self._limit = spec.max_tokens or MAX_TOKENS
        if weights.context is not None:
            self._limit = min(self._limit, weights.context - len(prompt))
        if self._limit < 1:
            raise TooLongError("this model", limit=weights.context, sent=len(prompt))
        self._weights, self._spec, self._prompt = weights, spec, prompt
        self._stops = [stop for stop in stops if stop]
        own = weights.model.generation_config.eos_token_id
        self._ends = {*(own if isinstance(own, list) else [own]), weights.tokenizer.eos_token_id} - {None}
        self.finish, self.wrote = "stop", 0
        self._texts = _Texts(weights.tokenizer, skip_prompt=True, skip_special_tokens=True)
        self._left = threading.Event()
        self._error: Exception | None = None
        self._thread = threading.Thread(target=self._run, name="generate", daemon=True)
        self._thread.start()

    def __iter__(self) -> Iterator[str]:
        """Yield the text as it comes; nothing that may be the beginning of a stop goes out early."""
        held = ""
        for text in self._texts:
            held += text
            if found := [at for stop in self._stops if (at := held.find(stop)) >= 0]:
                held = held[: min(found)]
                self.close()
                self.finish = "stop"
                break
            begun = (n for n in range(len(held)) if any(stop.startswith(held[n:]) for stop in self._stops))
            sure = next(begun, len(held))
            if sure:
                yield held[:sure]
            held = held[sure:]
        if held:
            yield held
        if self._error is not None:
            raise self._error

    def close(self) -> None:
        """Stop the work, if it is still going on, and wait for its end."""
        self._left.set()
        self._thread.join()

    def _run(self) -> None:
        ids = torch.tensor([self._prompt], device=self._weights.device)
        try:
            made = self._weights.model.generate(
                input_ids=ids,
                attention_mask=torch.ones_like(ids),
                generation_config=self._settings(),
                logits_processor=drawing(self._spec, self._weights.model.generation_config),
                stopping_criteria=[_Left(self._left)],
                streamer=self._texts,
            )
            written = made[0, len(self._prompt) :].tolist()
            self.finish = "stop" if written and written[-1] in self._ends else "length"
            self.wrote = len([token for token in written if token not in self._ends])
        except Exception as error:  # noqa: BLE001  the thread's last door: raised where the text is read
            self._error = error
            self._texts.end()

    def _settings(self) -> GenerationConfig:
        """Return the model's own settings, less those that `drawing` applies: `generate` takes the likeliest token."""
        settings = deepcopy(self._weights.model.generation_config)
        settings.update(
            do_sample=False, temperature=None, top_k=None, top_p=None, num_beams=1, num_return_sequences=1,
            max_length=None, max_new_tokens=self._limit, eos_token_id=sorted(self._ends) or None,
            return_dict_in_generate=False,
        )  # fmt: skip
        if settings.pad_token_id is None and self._ends:
            settings.pad_token_id = min(self._ends)
        return settings


def drawing(spec: ModelSpec, own: GenerationConfig) -> LogitsProcessorList:
    """Return what draws the tokens of one answer: the spec's settings, where it says nothing the model's `own`.

    Without a temperature anywhere the likeliest token is taken, unless top-k or top-p ask for a draw.
    """
    draws = bool(getattr(own, "do_sample", False))
    temperature, top_k, top_p = spec.temperature, spec.top_k, spec.top_p
    if temperature is None:
        asked = top_k is not None or top_p is not None
        temperature = (getattr(own, "temperature", None) or 1.0) if draws else (1.0 if asked else 0.0)
    if draws:
        top_k = top_k if top_k is not None else (getattr(own, "top_k", None) or None)
        top_p = top_p if top_p is not None else getattr(own, "top_p", None)
    steps: list[LogitsProcessor] = [_Numbers()]
    if temperature > 0:
        steps.append(TemperatureLogitsWarper(float(temperature)))
        steps += [TopKLogitsWarper(top_k)] if top_k is not None else []
        steps += [TopPLogitsWarper(top_p)] if top_p is not None else []
        steps.append(_Draw(spec.seed))
    return LogitsProcessorList(steps)


class _Texts(TextIteratorStreamer):  # type: ignore[misc]  # transformers is not typed there
    """Texts of whole characters, each decoded behind the one before.

    The library decodes each line by itself, and tokenizers of the SentencePiece kind drop the blank that a line so
    begins with.
    """

    token_cache: list[int]
    print_len: int
    next_tokens_are_prompt: bool
    _new = 0

    def put(self, value: Tensor) -> None:
        """Take one token more, or the prompt."""
        if self.next_tokens_are_prompt:
            self.next_tokens_are_prompt = False
            return
        self.token_cache += value.flatten().tolist()
        self._new += 1
        text = self._decoded()
        if len(text) > self.print_len and not text.endswith("\ufffd"):
            self.on_finalized_text(text[self.print_len :])
            self.token_cache, self._new = self.token_cache[-self._new :], 0
            self.print_len = len(self._decoded())

    def _decoded(self) -> str:
        return str(self.tokenizer.decode(self.token_cache, **self.decode_kwargs))


class _Numbers(LogitsProcessor):  # type: ignore[misc]  # transformers is not typed there
    """Refuses scores that are no numbers, as half precision makes them on some processors."""

    def __call__(self, _ids: Any, scores: Tensor) -> Tensor:
        if torch.isnan(scores).any():
            raise ProviderError(
                "the model computed no numbers for its next word",
                code="bad_answer",
                hint="set options.dtype to float32",
            )
        return scores.float()


class _Draw(LogitsProcessor):  # type: ignore[misc]  # transformers is not typed there
    """Draws by adding Gumbel noise, so that the highest score is the token drawn.

    The generator is its own: a seed gives the same text whatever else runs in the process, whose state is not touched.
    """

    def __init__(self, seed: int | None) -> None:
        self._generator = torch.Generator(device="cpu")
        self._generator.manual_seed(self._generator.seed() if seed is None else seed % 2**63)

    def __call__(self, _ids: Any, scores: Tensor) -> Tensor:
        noise = torch.empty(scores.shape, dtype=torch.float64).exponential_(generator=self._generator)
        return scores - noise.log().to(scores.device, scores.dtype)


class _Left(StoppingCriteria):  # type: ignore[misc]  # transformers is not typed there
    """Ends the work when nobody reads the answer any more."""

    def __init__(self, left: threading.Event) -> None:
        self._left = left

    def __call__(self, input_ids: Tensor, _scores: Any, **_: Any) -> Tensor:
        return torch.full((len(input_ids),), self._left.is_set(), device=input_ids.device)
