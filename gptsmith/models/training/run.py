"""One training run: its folder with config, log and checkpoint, its optimizer, its averaged weights."""

from __future__ import annotations

import json
import math
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file, save_file
from torch import Tensor, nn

from gptsmith.errors import UsageError

SAVE_SECONDS = 180
LOG_SECONDS = 20


class Run:
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
