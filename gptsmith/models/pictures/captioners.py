"""Words about a picture: a captioning model on this machine, or a chat model with vision."""

from __future__ import annotations

import base64
import io
import math
import threading
import time
from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from PIL import Image

from gptsmith.errors import GptsmithError, ProviderError
from gptsmith.models.pictures.names import ModelName, read_name
from gptsmith.models.pictures.recognizers import load_recognizer
from gptsmith.models.pictures.world.requests import names_twice, parse_request

if TYPE_CHECKING:
    from langchain_core.language_models import BaseChatModel


Detail = Literal["short", "descriptive"]
DETAILS: tuple[Detail, ...] = ("short", "descriptive")
UNSURE = 0.35  # mean probability of the words below which a caption is a guess
_TOKENS = {"short": 24, "descriptive": 96}
_ASKS = {
    "short": "Say in one short sentence what this picture shows: its main subject and what it does.",
    "descriptive": (
        "Describe this picture in two to four sentences: the main subject first, then what is around it, the "
        "background, the light, the colours and the style. Say only what can be seen."
    ),
}
_LONGEST_SIDE = 1024  # pixels that are sent to a chat model; more is only slower


@dataclass(frozen=True)
class Caption:
    """`confidence` is the probability that the model gives its words, 0 to 1, None where it does not say; with less
    than `sure` it is guessing."""

    text: str
    confidence: float | None = None
    sure: float = UNSURE

    @property
    def unsure(self) -> bool:
        """Whether the model is guessing."""
        return self.confidence is not None and self.confidence < self.sure

    @property
    def told(self) -> str:
        """The words for people: nobody is told a guess."""
        return self.text if self.text and not self.unsure else "I cannot tell what this picture shows."


class Captioner(ABC):
    """Describes pictures. `leaves` is the host to which they go, None when they stay on this machine."""

    name: str
    leaves: str | None = None

    @abstractmethod
    def caption(self, image: Image.Image, detail: Detail = "descriptive") -> Caption:
        """Return what an RGB picture shows.

        Raises:
            NotReadyError, ProviderError, GptsmithError: it could not be described; it says why.
        """


_made: dict[tuple[str, str], Captioner] = {}
_making = threading.Lock()


def load_captioner(name: str = "embedded", *, base_dir: Path | None = None, trust: bool = False) -> Captioner:
    """Return the captioner called `name`: embedded, a transformers folder or hub id, or a chat model with vision.

    Raises:
        UsageError: `name` is no name of a model.
        NotReadyError: weights, a key or trust are missing.
    """
    model = read_name(name, base_dir=base_dir, trust=trust)
    key = (f"{model.kind}:{model.provider}", model.place)
    with _making:
        if key not in _made:
            _made[key] = _make(model)
        return _made[key]


def _make(model: ModelName) -> Captioner:
    if model.kind == "provider":
        from gptsmith.models.chat.factory import choose_model, leaves_machine, make_chat_model

        spec = choose_model(None, model.text)
        return ChatCaptioner(make_chat_model(spec), model.text, leaves_machine(spec))
    from gptsmith.models.pictures import names, weights

    if model.kind == "hub":
        return LocalCaptioner(model)
    if model.kind == "embedded":
        return EmbeddedCaptioner(model, names.folder("captioner"))
    return LocalCaptioner(model, weights.model_folder(model, _NEEDS))


_NEEDS = "a captioning model"


class LocalCaptioner(Captioner):
    """BLIP, GIT, a vision encoder-decoder or a vision language model: whatever AutoModelForImageTextToText reads."""

    def __init__(self, model: ModelName, folder: Path | None = None) -> None:
        self.name = model.text
        self._name, self._folder = model, folder
        self._loaded: tuple[Any, Any, Any] | None = None
        self._lock = threading.Lock()

    def caption(self, image: Image.Image, detail: Detail = "descriptive") -> Caption:
        with self._lock:  # one at a time: the memory of a model is bounded, the person's patience with two is not
            said = self._say(image, detail)[0]
        return Caption(said.text, sum(said.chances) / len(said.chances) if said.chances else 0.0)

    def _say(self, image: Image.Image, detail: Detail, beams: int = 1, opening: str = "") -> list[_Said]:
        """Return the likeliest captions, the likeliest first; `opening` is how they begin."""
        import torch

        from gptsmith.models.pictures import weights

        model, processor, tokenizer = self._parts()
        inputs = self._inputs(processor, image, detail)
        inputs = {k: v.to(model.device, model.dtype if v.is_floating_point() else None) for k, v in inputs.items()}
        begun = _begun(model, tokenizer, detail, opening)
        given = begun.get("decoder_input_ids", inputs.get("input_ids"))
        try:
            with torch.inference_mode(), weights.quiet():
                out = model.generate(
                    **inputs,
                    **begun,
                    max_new_tokens=min(_TOKENS[detail], _room(model, 2 if given is None else given.shape[1])),
                    do_sample=False,
                    num_beams=beams,
                    num_return_sequences=beams,
                    no_repeat_ngram_size=3,
                    output_logits=True,
                    return_dict_in_generate=True,
                )
        except (ValueError, RuntimeError, TypeError, IndexError) as error:
            raise GptsmithError(
                f"{self.name} could not describe the picture ({' '.join(str(error).split())[:120]})",
                code="no_caption",
                hint="choose another captioning model",
            ) from error
        return _said(out, model, tokenizer)

    def _parts(self) -> tuple[Any, Any, Any]:
        from gptsmith.models.pictures import weights

        if self._loaded is None:
            self._folder = self._folder or weights.model_folder(self._name, _NEEDS)
            self._loaded = weights.load_with(self._name, self._read, f"{_NEEDS} with safetensors weights")
        return self._loaded

    def _read(self) -> tuple[Any, Any, Any]:
        from transformers import AutoImageProcessor, AutoModelForImageTextToText, AutoProcessor, AutoTokenizer

        from gptsmith.models.pictures.local import best_device, best_dtype

        place, keywords = str(self._folder), {"local_files_only": True, "trust_remote_code": False}
        device = best_device()
        model = AutoModelForImageTextToText.from_pretrained(
            place, use_safetensors=True, dtype=best_dtype(device), **keywords
        )
        model.to(device).eval()
        processor = AutoProcessor.from_pretrained(place, **keywords)
        if not hasattr(processor, "tokenizer"):  # a vision encoder-decoder has its two halves side by side
            processor = AutoImageProcessor.from_pretrained(place, **keywords)
            return model, processor, AutoTokenizer.from_pretrained(place, **keywords)
        return model, processor, processor.tokenizer

    def _inputs(self, processor: Any, image: Image.Image, detail: Detail) -> dict[str, Any]:
        if getattr(processor, "chat_template", None):
            content = [{"type": "image", "image": image}, {"type": "text", "text": _ASKS[detail]}]
            return dict(
                processor.apply_chat_template(
                    [{"role": "user", "content": content}],
                    add_generation_prompt=True,
                    tokenize=True,
                    return_dict=True,
                    return_tensors="pt",
                )
            )
        return dict(processor(images=image, return_tensors="pt"))


class ChatCaptioner(Captioner):
    """A chat model with vision."""

    def __init__(self, model: BaseChatModel, name: str, leaves: str | None) -> None:
        self.name, self.leaves = name, leaves
        self._model = model

    def caption(self, image: Image.Image, detail: Detail = "descriptive") -> Caption:
        from langchain_core.messages import HumanMessage

        small = image.copy()
        small.thumbnail((_LONGEST_SIDE, _LONGEST_SIDE))
        file = io.BytesIO()
        small.save(file, "PNG")
        data = base64.b64encode(file.getvalue()).decode()
        content: list[Any] = [
            {"type": "text", "text": _ASKS[detail]},
            {"type": "image", "base64": data, "mime_type": "image/png"},
        ]
        answer = self._model.invoke([HumanMessage(content=content)], {"tags": ["nostream"], "callbacks": []})
        text = " ".join(str(answer.text).split())
        if not text:
            raise ProviderError(f"{self.name} said nothing about the picture", code="bad_answer", hint="try again")
        return Caption(text)


def _begun(model: Any, tokenizer: Any, detail: Detail, opening: str) -> dict[str, Any]:
    """Return what lets a captioner that was trained with a word for each length begin with it, and with `opening`."""
    control = tokenizer.convert_tokens_to_ids(f"<{detail}>")
    if control in (None, tokenizer.unk_token_id):
        return {}
    begun: dict[str, Any] = {"decoder_start_token_id": control}
    if opening:
        import torch

        tokens = [control, *tokenizer(opening, add_special_tokens=False).input_ids]
        begun["decoder_input_ids"] = torch.tensor([tokens], device=model.device)
    return begun


def _room(model: Any, used: int) -> int:
    """Return how many tokens the model can still write after `used` ones."""
    parts = [model.config, *(getattr(model.config, n, None) for n in ("text_config", "decoder"))]
    known = [int(n) for part in parts if (n := getattr(part, "max_position_embeddings", None))]
    return max(1, min(known) - used - 1) if known else max(_TOKENS.values())


@dataclass(frozen=True)
class _Said:
    """The new words of an answer and the probability of each of their tokens."""

    text: str
    chances: tuple[float, ...]

    @property
    def chance(self) -> float:
        """The probability of all its words."""
        return math.prod(self.chances)


def _said(out: Any, model: Any, tokenizer: Any) -> list[_Said]:
    if not out.logits:
        return [_Said("", ())]
    beams = getattr(out, "beam_indices", None)
    likely = model.compute_transition_scores(out.sequences, out.logits, beams, normalize_logits=True).exp().float()
    ends = {tokenizer.eos_token_id, tokenizer.sep_token_id, tokenizer.pad_token_id} - {None}
    said = []
    for tokens, row in zip(out.sequences[:, -likely.shape[1] :].tolist(), likely.tolist(), strict=True):
        chances = tuple(chance for token, chance in zip(tokens, row, strict=True) if token not in ends)
        said.append(_Said(" ".join(tokenizer.decode(tokens, skip_special_tokens=True).split()), chances))
    return said


# The captioner of the small world: it checks its words by the grammar of that world and by what the CLIP sees.

BEAMS, LEAST_BEAMS = 12, 3
PATIENCE = 4.0  # seconds for the short captions among which it chooses
SURE = 0.5
_FIT = 0.5  # what the CLIP's logit counts against the logarithm of a probability: docs/training.md
_BY_FIT, _BY_CHANCE, _BIAS = 0.79, 1.45, -20.9  # fitted on pictures of the world and others: docs/training.md
_UNLIKELY = 1e-3
_SHARED = 4.0  # beams that cost about as much as one: they share the picture's embedding and run side by side


class EmbeddedCaptioner(LocalCaptioner):
    """Of its likeliest short captions it takes the one that the embedded CLIP, too, finds to fit (CLIPScore, Hessel et
    al. 2021, https://arxiv.org/abs/2104.08718), and goes on from there.

    How sure it is: a logistic regression on that fit and on the probability of the captions that name the same things.
    """

    def __init__(
        self, model: ModelName, folder: Path | None = None, *, clock: Callable[[], float] = time.monotonic
    ) -> None:
        super().__init__(model, folder)
        self._clock = clock
        self._one: float | None = None  # seconds of one caption, measured before the first

    def caption(self, image: Image.Image, detail: Detail = "descriptive") -> Caption:
        with self._lock:
            likely = self._say(image, "short", beams=self._beams(image))
            fits = load_recognizer("embedded").fits(image, [said.text for said in likely])

            def worth(number: int) -> tuple[bool, float]:
                chance = math.log(max(likely[number].chance, 1e-9))
                return not names_twice(likely[number].text), chance + _FIT * fits[number]

            best = max(range(len(likely)), key=worth)
            text = likely[best].text
            chance = sum(said.chance for said in likely if _things(said.text) == _things(text))
            if detail == "descriptive":
                text = f"{text} {self._say(image, detail, opening=text)[0].text}"
        return Caption(text, _sure(fits[best], chance), SURE)

    def _beams(self, image: Image.Image) -> int:
        """Return how many captions can be weighed on this machine before a person grows impatient."""
        if self._one is None:
            self._parts()
            began = self._clock()
            self._say(image, "short")
            self._one = self._clock() - began
        return max(LEAST_BEAMS, min(BEAMS, int(PATIENCE / max(self._one, 1e-3) * _SHARED)))


def _sure(fit: float, chance: float) -> float:
    score = _BY_FIT * fit + _BY_CHANCE * math.log(chance + _UNLIKELY) + _BIAS
    return 1 / (1 + math.exp(-score))


def _things(text: str) -> frozenset[tuple[str, str | None, int]]:
    return frozenset((group.name, group.color, group.count) for group in parse_request(text).groups)
