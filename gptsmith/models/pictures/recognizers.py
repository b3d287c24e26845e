"""Which of some labels fits a picture, without training on them: CLIP, and models of its kind, by any name."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any, Literal

from PIL import Image

from gptsmith.errors import UsageError
from gptsmith.models.pictures.names import ModelName, read_name

MOST = 500  # labels at once
_BATCH = 8  # pictures at once
Ranking = Literal["prompt", "prior"]
RANKING: Ranking = "prompt"  # `python -m benchmarks.ranking` compares the two
_FORM = "a picture of {}"
_NEEDS = "a CLIP model with its processor and safetensors weights"


@dataclass(frozen=True)
class Match:
    """A label and how well it fits, from 0 to 1."""

    label: str
    score: float


class Recognizer:
    """A model with one space for pictures and words. Safe to share between threads."""

    def __init__(self, model: ModelName, folder: Path | None = None) -> None:
        self.name = model.text
        self._name, self._folder = model, folder
        self._loaded: tuple[Any, Any] | None = None
        self._lock = threading.Lock()

    @property
    def labels(self) -> list[str]:
        """The labels that the model brings with it: the lines of its `labels.txt`, none where it has no such file."""
        file = self._folder / "labels.txt" if self._folder else None
        return file.read_text("utf-8").splitlines() if file and file.is_file() else []

    def recognize(self, image: Image.Image, labels: Sequence[str]) -> list[Match]:
        """Return the labels, best first; the scores of a CLIP add up to 1, those of a SigLIP stand by themselves.

        Raises:
            UsageError: there are fewer than two labels, or too many.
        """
        import torch

        wanted = check_labels(labels)
        logits = self._compare([image], [_FORM.format(label) for label in wanted])[0]
        siglip = "siglip" in str(self._parts()[0].config.model_type)
        scores = torch.sigmoid(logits) if siglip else torch.softmax(logits, -1)
        found = [Match(label, round(float(score), 4)) for label, score in zip(wanted, scores, strict=True)]
        return sorted(found, key=lambda match: -match.score)

    def scores(self, images: Sequence[Image.Image], text: str, by: Ranking = RANKING) -> list[float]:
        """Return how well each picture fits a text; higher is better, comparable within one call only.

        `by` compares them with the text itself, or with what the prior makes of it, where the CLIP has one.
        """
        if by == "prior" and (scores := self._by_prior(images, text)) is not None:
            return scores
        return [float(score) for score in self._compare(images, [text])[:, 0]]

    def fits(self, image: Image.Image, texts: Sequence[str]) -> list[float]:
        """Return how well each text fits a picture; higher is better."""
        return [float(score) for score in self._compare([image], list(texts))[0]]

    def likeness(self, image: Image.Image, others: Iterable[Image.Image]) -> list[float]:
        """Return how much each of the other pictures is like this one: the cosine of their embeddings, -1 to 1.

        A few of the others are taken, and held in memory, at once.
        """
        one, left, scores = self._embeddings([image]), iter(others), list[float]()
        while some := list(islice(left, _BATCH)):
            scores += [float(score) for score in (self._embeddings(some) @ one.T)[:, 0]]
        return scores

    def _embeddings(self, images: Sequence[Image.Image]) -> Any:
        """Return the embeddings of pictures, (pictures, width), of length 1."""
        return self._run(images, [_FORM.format("something")]).image_embeds.float().cpu()

    def _by_prior(self, images: Sequence[Image.Image], text: str) -> list[float] | None:
        """Return the cosines of the pictures to the embedding that the prior expects; None without a prior."""
        import torch

        from gptsmith.models.pictures.prior import load_prior

        self._parts()  # finds the folder of a hub id
        prior = load_prior(self._folder) if self._folder else None
        if prior is None:
            return None
        out = self._run(images, [text])
        with torch.inference_mode():
            expected = prior(out.text_embeds.float().cpu())
        return [float(score) for score in (out.image_embeds.float().cpu() @ expected.T)[:, 0]]

    def _compare(self, images: Sequence[Image.Image], texts: list[str]) -> Any:
        """Return the logits of shape (pictures, texts)."""
        return self._run(images, texts).logits_per_image.float().cpu()

    def _run(self, images: Sequence[Image.Image], texts: list[str]) -> Any:
        """Return what the model says of pictures and texts."""
        import torch

        model, processor = self._parts()
        siglip = "siglip" in str(model.config.model_type)
        with self._lock, torch.inference_mode():
            given = processor(
                text=texts,
                images=list(images),
                return_tensors="pt",
                padding="max_length" if siglip else True,
                truncation=True,
            )
            given = {k: v.to(model.device, model.dtype if v.is_floating_point() else None) for k, v in given.items()}
            return model(**given)

    def _parts(self) -> tuple[Any, Any]:
        from gptsmith.models.pictures import weights

        with self._lock:
            if self._loaded is None:
                self._folder = self._folder or _folder(self._name)
                self._loaded = weights.load_with(self._name, self._read, _NEEDS)
            return self._loaded

    def _read(self) -> tuple[Any, Any]:
        from transformers import AutoModelForZeroShotImageClassification, AutoProcessor

        from gptsmith.models.pictures.local import best_device

        place = str(self._folder)
        model = AutoModelForZeroShotImageClassification.from_pretrained(
            place, use_safetensors=True, local_files_only=True, trust_remote_code=False
        )
        processor = AutoProcessor.from_pretrained(place, local_files_only=True, trust_remote_code=False)
        if not hasattr(processor, "tokenizer"):
            raise ValueError("no tokenizer beside the image processor")
        return model.to(best_device()).eval(), processor


_made: dict[tuple[str, str], Recognizer] = {}
_making = threading.Lock()


def load_recognizer(name: str = "embedded", *, base_dir: Path | None = None, trust: bool = False) -> Recognizer:
    """Return the model called `name`: embedded, or the folder or hub id of a CLIP.

    Raises:
        UsageError: `name` is no name of such a model.
        NotReadyError: weights or trust are missing.
    """
    model = read_name(name, base_dir=base_dir, trust=trust)
    if model.kind == "provider":
        raise UsageError(f"{name} cannot compare a picture with labels", hint="name the folder or hub id of a CLIP")
    with _making:
        if (key := (model.kind, model.place)) not in _made:
            folder = None if model.kind == "hub" else _folder(model)
            _made[key] = Recognizer(model, folder)
        return _made[key]


def _folder(model: ModelName) -> Path:
    from gptsmith.models.pictures import names, weights

    return names.folder("clip") if model.kind == "embedded" else weights.model_folder(model, "a CLIP model")


def check_labels(labels: Sequence[str]) -> list[str]:
    """Return the labels, each once.

    Raises:
        UsageError: there are fewer than two, or too many.
    """
    wanted = list(dict.fromkeys(" ".join(label.split())[:200] for label in labels if label.strip()))
    if len(wanted) < 2:
        problem = "one label alone says nothing about a picture" if wanted else "there are no labels to choose from"
        raise UsageError(problem, hint="give two or more, e.g. cat,dog")
    if len(wanted) > MOST:
        raise UsageError(f"{len(wanted)} labels are too many", hint=f"give up to {MOST}")
    return wanted
