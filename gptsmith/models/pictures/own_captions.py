"""A person's own captions: a captioner goes on learning from a folder of pictures."""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import redirect_stdout
from dataclasses import dataclass
from functools import partial
from io import TextIOBase
from pathlib import Path

from gptsmith.errors import NotReadyError, UsageError

Tell = Callable[[str], None]
_NEEDS = "a captioner of gptsmith's own form"


@dataclass(frozen=True)
class Learned:
    """`model` is the captioner's folder, which every `--model` and `model:` takes; `loss` None when nothing was left.

    `pictures` and `captions` are those of the person's folder, `steps` all steps of the run so far.
    """

    model: Path
    pictures: int
    captions: int
    steps: int
    loss: float | None


def learn(
    data: Path,
    out: Path,
    *,
    start: str = "embedded",
    steps: int = 300,
    batch: int = 8,
    lr: float = 3e-4,
    seed: int = 0,
    tell: Tell = lambda _text: None,
) -> Learned:
    """Train the captioner `start` on the folder `data`, in `out`; the same call goes on where it was stopped.

    `data` holds pictures and `captions.json` in the form of COCO captions. `start` is `embedded` or a folder.

    Raises:
        UsageError: a number is out of range, a file of `data` cannot be used, `out` holds another run.
        NotReadyError: `start` is not there or is no captioner of this form.
    """
    _check_numbers(steps, batch, lr)
    pictures, captions = _check_data(data)
    folder = _start(start)
    try:
        out.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UsageError(f"{out} cannot be made ({error.strerror})", hint="name another folder with --out") from error
    import torch

    from gptsmith.models.pictures import captioner_training, weights

    tell(f"Learning {captions} captions of {pictures} pictures; the same command goes on after a stop")
    heard = _Log(steps, tell)
    with redirect_stdout(heard), weights.quiet():
        torch.manual_seed(seed)
        model, tokenizer = captioner_training.load(folder)
        pairs = partial(captioner_training.folder_pairs, data, model.config.encoder.image_size)
        captioner_training.train(out, model, tokenizer, pairs, steps=steps, batch=batch, lr=lr, seed=seed)
    return Learned(out / "final", pictures, captions, heard.step, heard.loss)


def _check_numbers(steps: int, batch: int, lr: float) -> None:
    for name, value, most in (("steps", steps, 1_000_000), ("batch", batch, 1024)):
        if not 1 <= value <= most:
            raise UsageError(f"{name} cannot be {value}", hint=f"give 1 to {most:,}")
    if not 0 < lr <= 0.1:
        raise UsageError(f"lr cannot be {lr:g}", hint="give a rate above 0, to 0.1")


def _check_data(data: Path) -> tuple[int, int]:
    """Return the numbers of pictures and captions; every picture is opened once, so that no wrong one ends a run."""
    from gptsmith.models.pictures import captioner_training
    from gptsmith.models.pictures.input_images import open_picture

    listed = captioner_training.listed_captions(data)
    files = dict.fromkeys(file for file, _ in listed)
    for file in files:
        open_picture(file)
    return len(files), len(listed)


def _start(name: str) -> Path:
    from transformers import PreTrainedTokenizerFast

    from gptsmith.models.pictures import names, weights
    from gptsmith.models.pictures.captioner_training import DESCRIPTIVE, SHORT
    from gptsmith.models.pictures.names import read_name

    model = read_name(name)
    if model.kind == "embedded":
        try:
            return names.folder("captioner")
        except NotReadyError as error:
            raise NotReadyError(error.message, code=error.code, hint="name a captioner's folder with --start") from None
    if model.kind != "folder":
        raise UsageError(f"{name} is no folder", hint=f"give embedded, or the folder of {_NEEDS}, e.g. ./mine/final")
    folder = weights.model_folder(model, _NEEDS)
    form = json.loads((folder / "config.json").read_text("utf-8")).get("model_type")
    if form == "vision-encoder-decoder":
        words = weights.load_with(model, lambda: PreTrainedTokenizerFast.from_pretrained(folder), _NEEDS).get_vocab()
        if SHORT in words and DESCRIPTIVE in words:
            return folder
    raise NotReadyError(
        f"{name} cannot be trained on: it is not {_NEEDS}",
        code="missing_weights",
        hint="start from embedded, or from a folder that this command wrote",
    )


class _Log(TextIOBase):
    """Hears the lines that a run prints and tells them in words."""

    def __init__(self, steps: int, tell: Tell) -> None:
        self._steps, self._tell, self._first = steps, tell, (0, 0.0)
        self.step = steps
        self.loss: float | None = None
        self._heard = False

    def write(self, text: str) -> int:
        if text.startswith("{"):
            line = json.loads(text)
            if "loss" in line:
                self._line(line)
        return len(text)

    def _line(self, line: dict[str, float]) -> None:
        self.step, self.loss = int(line["step"]), line["loss"]
        words = f"Step {self.step} of {self._steps}: loss {line['loss']:.3f}, {line['right']:.0%} of the words right"
        if self._heard and self.step < self._steps:
            step, seconds = self._first
            left = (self._steps - self.step) * (line["seconds"] - seconds) / max(1, self.step - step)
            words += f", about {_duration(left)} left"
        if not self._heard:
            self._heard, self._first = True, (self.step, line["seconds"])
        self._tell(words)


def _duration(seconds: float) -> str:
    return f"{seconds:.0f} seconds" if seconds < 90 else f"{seconds / 60:.0f} minutes"
