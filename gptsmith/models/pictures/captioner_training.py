"""The training of a captioner on pictures with captions, and the run that keeps it."""

from __future__ import annotations

import json
import math
import random
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image
from safetensors.torch import load_file, save_file
from torch import Tensor, nn
from torch.nn import functional as F
from transformers import CLIPImageProcessor, PreTrainedTokenizerFast, VisionEncoderDecoderModel

from gptsmith.errors import UsageError

# One training run: its folder with config, log and checkpoint, its optimizer, its averaged weights.

SAVE_SECONDS = 180
LOG_SECONDS = 20


class TrainingRun:
    """Trains `model` in `folder` and resumes there: the same command goes on from the last checkpoint.

    The folder holds `config.json` (what was asked), `log.jsonl` (figures over time) and `checkpoint.safetensors`
    (weights, their average, the optimizer's state, the step). A folder with another config is refused (UsageError).
    """

    def __init__(self, folder: Path, model: nn.Module, config: dict[str, Any], *, ema: float = 0.0) -> None:
        self.folder, self.model, self.config = folder, model, config
        self.step, self.samples, self.seconds = 0, 0, 0.0
        trained = [p for p in model.parameters() if p.requires_grad]
        self.optimizer = torch.optim.AdamW(
            trained,
            lr=config["lr"],
            betas=(0.9, config.get("beta2", 0.99)),
            weight_decay=config.get("weight_decay", 0.0),
            fused=True,
        )
        self._pace = {name: config[name] for name in ("warmup", "flat") if name in config}
        self.ema_decay = ema
        self.average = {n: p.detach().clone() for n, p in self._trained()} if ema else {}
        folder.mkdir(parents=True, exist_ok=True)
        self._keep_config()
        if (folder / "checkpoint.safetensors").exists():
            self._load()

    def train(self, loss_of: Callable[[int], tuple[Tensor, int, dict[str, float]]], steps: int) -> None:
        """Step until `steps`; `loss_of(step)` returns the loss, the number of samples in it and figures to log."""
        started = saved = logged = time.monotonic()
        before = self.seconds
        seen: dict[str, list[float]] = {}
        while self.step < steps:
            for group in self.optimizer.param_groups:
                group["lr"] = self.config["lr"] * schedule(self.step, steps, **self._pace)
            loss, samples, figures = loss_of(self.step)
            self.optimizer.zero_grad(set_to_none=True)
            loss.backward()  # type: ignore[no-untyped-call]
            norm = nn.utils.clip_grad_norm_((p for _, p in self._trained()), self.config.get("clip", 1.0))
            if torch.isfinite(norm):  # one bad batch must not end a night's run
                self.optimizer.step()
            self.step, self.samples = self.step + 1, self.samples + samples
            self._follow()
            for name, value in {"loss": float(loss.detach()), **figures}.items():
                seen.setdefault(name, []).append(value)
            now = time.monotonic()
            self.seconds = before + now - started
            if now - logged > LOG_SECONDS or self.step == steps:
                self.log({name: round(sum(values) / len(values), 5) for name, values in seen.items()})
                logged, seen = now, {}
            if now - saved > SAVE_SECONDS or self.step == steps:
                self.save()
                saved = time.monotonic()

    def log(self, figures: dict[str, Any]) -> None:
        """Append one line of figures to `log.jsonl` and print it."""
        line = {"step": self.step, "samples": self.samples, "seconds": round(self.seconds), **figures}
        with (self.folder / "log.jsonl").open("a", encoding="utf-8") as file:
            file.write(json.dumps(line) + "\n")
        print(json.dumps(line), flush=True)

    def use_average(self) -> None:
        """Put the averaged weights into the model: what is measured and shipped."""
        with torch.no_grad():
            for name, parameter in self._trained():
                if name in self.average:
                    parameter.copy_(self.average[name])

    def restart_average(self) -> None:
        """Begin the average again from the weights as they are now."""
        self.average = {n: p.detach().clone() for n, p in self._trained()} if self.average else {}

    def start_from(self, folder: Path) -> None:
        """Begin with the averaged weights of another run, those that fit, unless this run has begun already."""
        if self.step:
            return
        tensors = load_file(folder / "checkpoint.safetensors")
        with torch.no_grad():
            for name, parameter in self._trained():
                found = tensors.get(f"average.{name}")
                if found is not None and found.shape == parameter.shape:
                    parameter.copy_(found)
        self.restart_average()

    def save(self) -> None:
        """Write the checkpoint, whole or not at all."""
        tensors = {f"model.{n}": p.detach() for n, p in self.model.state_dict().items()}
        tensors |= {f"average.{n}": t for n, t in self.average.items()}
        for name, parameter in self._trained():
            for key, value in self.optimizer.state.get(parameter, {}).items():
                tensors[f"optimizer.{key}.{name}"] = value.detach()
        tensors["progress"] = torch.tensor([self.step, self.samples, int(self.seconds)], dtype=torch.int64)
        part = self.folder / "checkpoint.part"
        save_file({n: t.clone(memory_format=torch.contiguous_format) for n, t in tensors.items()}, part)
        part.replace(self.folder / "checkpoint.safetensors")

    def _load(self) -> None:
        tensors = load_file(self.folder / "checkpoint.safetensors")
        self.model.load_state_dict({n.removeprefix("model."): t for n, t in tensors.items() if n.startswith("model.")})
        for name, parameter in self._trained():
            if self.ema_decay:
                self.average[name] = tensors[f"average.{name}"].to(parameter.device)
            keys = ("step", "exp_avg", "exp_avg_sq")
            state = {k: tensors[f"optimizer.{k}.{name}"] for k in keys if f"optimizer.{k}.{name}" in tensors}
            if state:
                self.optimizer.state[parameter] = {
                    k: v if k == "step" else v.to(parameter.device) for k, v in state.items()
                }
        self.step, self.samples, seconds = (int(v) for v in tensors["progress"])
        self.seconds = float(seconds)

    def _keep_config(self) -> None:
        file, wanted = self.folder / "config.json", json.dumps(self.config, indent=1, sort_keys=True)
        if file.exists() and file.read_text("utf-8") != wanted:
            raise UsageError(
                f"{self.folder} holds a run with another config",
                hint="give the same arguments to resume, or another folder",
            )
        file.write_text(wanted, encoding="utf-8")

    def _trained(self) -> list[tuple[str, nn.Parameter]]:
        return [(n, p) for n, p in self.model.named_parameters() if p.requires_grad]

    def _follow(self) -> None:
        if not self.ema_decay:
            return
        decay = min(self.ema_decay, (1 + self.step) / (10 + self.step))
        with torch.no_grad():
            for name, parameter in self._trained():
                self.average[name].lerp_(parameter, 1 - decay)


def schedule(step: int, steps: int, warmup: int = 100, flat: float = 0.6) -> float:
    """Return the factor of the learning rate: up over `warmup` steps, flat until the part `flat` of all, then down to a
    tenth along a cosine."""
    if step < warmup:
        return (step + 1) / warmup
    down = max(0.0, (step / steps - flat) / (1 - flat))
    return 0.1 + 0.9 * (0.5 + 0.5 * math.cos(math.pi * min(1.0, down)))


def device() -> torch.device:
    """Return CUDA when there is one, else the CPU."""
    return torch.device("cuda" if torch.cuda.is_available() else "cpu")


# Training a captioner on pictures with captions: the next word, given the words before and the picture.
#
# The first word is `<short>` or `<descriptive>`. A folder of captions has the form of COCO captions: pictures, and
# `captions.json` with `images` (id, file_name) and `annotations` (image_id, caption).

SHORT, DESCRIPTIVE = "<short>", "<descriptive>"
POSITIONS = 128
LONG_FROM = 14  # words from which a person's own caption counts as descriptive


@dataclass(frozen=True)
class CaptionedPicture:
    """A picture's pixels (side, side, 3), a caption of it, and whether that is the descriptive one."""

    pixels: Any
    text: str
    long: bool


def load(folder: Path) -> tuple[Any, Any]:
    """Return a captioner's folder for training on, and its tokenizer."""
    model = VisionEncoderDecoderModel.from_pretrained(folder, dtype=torch.float32)
    return model, PreTrainedTokenizerFast.from_pretrained(folder)


def folder_pairs(folder: Path, side: int, seed: str) -> Iterator[CaptionedPicture]:
    """Yield the pictures and captions of a folder in the form of COCO captions, shuffled, without end.

    Raises:
        UsageError: `captions.json` or a picture is missing or cannot be read.
    """
    listed = listed_captions(folder)
    rng = random.Random(seed)
    while True:
        rng.shuffle(listed)
        for file, text in listed:
            try:
                with Image.open(file) as picture:
                    if picture.width * picture.height > 25_000_000:
                        raise UsageError(f"{file.name} has more than 25 million pixels", hint="make it smaller")
                    pixels = np.asarray(picture.convert("RGB").resize((side, side), Image.Resampling.BICUBIC))
            except OSError as error:
                raise UsageError(
                    f"{file.name} cannot be read as a picture", hint="take it out of captions.json"
                ) from error
            yield CaptionedPicture(pixels, text, len(text.split()) >= LONG_FROM)


def listed_captions(folder: Path) -> list[tuple[Path, str]]:
    """Return the pictures that `captions.json` of a folder names, each with its caption.

    Raises:
        UsageError: the file is missing, of another form, or holds no caption.
    """
    try:
        data = json.loads((folder / "captions.json").read_text("utf-8"))
        files = {image["id"]: folder / Path(image["file_name"]).name for image in data["images"]}
        listed = [(files[note["image_id"]], str(note["caption"]).strip()) for note in data["annotations"]]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise UsageError(
            f"{folder} is no folder of captions ({type(error).__name__})",
            hint="put captions.json beside the pictures: images (id, file_name), annotations (image_id, caption)",
        ) from error
    if not listed:
        raise UsageError(f"{folder}/captions.json holds no caption", hint="add one for each picture")
    return listed


def train(
    out: Path,
    model: Any,
    tokenizer: Any,
    pairs: Callable[[str], Iterator[CaptionedPicture]],
    *,
    steps: int,
    batch: int,
    lr: float,
    seed: int,
    tower: bool = False,
) -> TrainingRun:
    """Train `model` in `out` on the pairs that each step's seed gives, and save it as `out/final`.

    The vision tower learns too where `tower` says so, else it stays as it is.
    """
    where = device()
    model.to(where)
    model.encoder.requires_grad_(tower)
    config = {"lr": lr, "steps": steps, "batch": batch, "seed": seed, "weight_decay": 0.02, "beta2": 0.98}
    config |= {"tower": True} if tower else {}
    run = TrainingRun(out, model, config, ema=0.998)

    def one(step: int) -> tuple[Tensor, int, dict[str, float]]:
        drawn = pairs(f"{seed} {step}")
        with torch.autocast(where.type, torch.bfloat16):
            loss, figures = loss_of(model, tokenizer, [next(drawn) for _ in range(batch)], where)
        return loss, batch, figures

    run.train(one, steps)
    run.use_average()
    save(model, tokenizer, out / "final")
    return run


def loss_of(
    model: Any, tokenizer: Any, pairs: list[CaptionedPicture], where: torch.device
) -> tuple[Tensor, dict[str, float]]:
    """Return the mean loss of the next token and the share of tokens guessed right."""
    with torch.set_grad_enabled(any(p.requires_grad for p in model.encoder.parameters())):
        seen = model.encoder(pixel_values=_pixels(pairs).to(where)).last_hidden_state
    first = {long: tokenizer.convert_tokens_to_ids(DESCRIPTIVE if long else SHORT) for long in (True, False)}
    rows = [
        [
            first[p.long],
            *tokenizer(p.text, add_special_tokens=False)["input_ids"][: POSITIONS - 2],
            tokenizer.eos_token_id,
        ]
        for p in pairs
    ]
    ids = torch.full((len(rows), max(map(len, rows))), tokenizer.pad_token_id)
    labels = torch.full_like(ids, -100)
    for i, row in enumerate(rows):
        ids[i, : len(row)] = torch.tensor(row)
        labels[i, : len(row)] = torch.tensor(row)
    ids, labels = ids.to(where), labels.to(where)
    logits = model.decoder(input_ids=ids[:, :-1], encoder_hidden_states=seen, use_cache=False).logits.float()
    wanted = labels[:, 1:]
    loss = F.cross_entropy(logits.flatten(0, 1), wanted.flatten(), ignore_index=-100)
    return loss, {"right": float((logits.argmax(-1) == wanted)[wanted >= 0].float().mean())}


def _pixels(pairs: list[CaptionedPicture]) -> Tensor:
    return torch.from_numpy(np.stack([p.pixels for p in pairs])).permute(0, 3, 1, 2).float().div_(127.5).sub_(1)


def write(model: Any, tokenizer: Any, pixels: Tensor, *, long: bool) -> list[str]:
    """Return greedy captions of pictures (n, 3, side, side) in -1..1."""
    start = tokenizer.convert_tokens_to_ids(DESCRIPTIVE if long else SHORT)
    out = model.generate(
        pixel_values=pixels,
        decoder_start_token_id=start,  # given as input it would come after the default one
        max_new_tokens=96 if long else 32,
        do_sample=False,
        no_repeat_ngram_size=3,
    )
    return [" ".join(tokenizer.decode(row, skip_special_tokens=True).split()) for row in out]


def save(model: Any, tokenizer: Any, folder: Path) -> None:
    """Save the captioner in half precision, as `AutoModelForImageTextToText` reads it."""
    copy = VisionEncoderDecoderModel(config=model.config)
    copy.load_state_dict(model.state_dict())
    copy.generation_config = model.generation_config
    copy.config.encoder._name_or_path = ""  # where the tower came from is nobody's business
    copy.half().save_pretrained(folder)
    side = model.config.encoder.image_size
    CLIPImageProcessor(
        size={"height": side, "width": side}, do_center_crop=False, image_mean=(0.5,) * 3, image_std=(0.5,) * 3
    ).save_pretrained(folder)
    tokenizer.save_pretrained(folder)
