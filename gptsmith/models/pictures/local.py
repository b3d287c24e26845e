"""A diffusers pipeline on this machine: text to picture, picture to picture, and a part of one drawn anew."""

from __future__ import annotations

import inspect
import threading
import time
from collections import deque
from collections.abc import Callable
from functools import partial
from itertools import pairwise
from pathlib import Path
from typing import Any

import torch

from gptsmith.errors import GptsmithError, UsageError
from gptsmith.models.pictures import weights
from gptsmith.models.pictures.generators import DrawingStep, Drawn, Generator, Job, Stop
from gptsmith.models.pictures.names import ModelName
from gptsmith.models.pictures.plan import CleanView, PicturePlan, PreviewMap, fit_preview, make_sampler
from gptsmith.models.pictures.weights import is_half

KEPT = 2  # models whose weights stay in memory; one more, and the oldest is read again when it is next needed
_LOOK_SECONDS = 0.2  # between previews
_TASKS = {
    "new": ("AutoPipelineForText2Image", "draw a picture from words"),
    "change": ("AutoPipelineForImage2Image", "change a picture"),
    "inpaint": ("AutoPipelineForInpainting", "draw a part of a picture anew"),
}


class LocalGenerator(Generator):
    """Any text-to-image pipeline of diffusers, its weights read at the first picture.

    Pictures are drawn one by one, each with a generator of its own: the same seed gives the same picture, whatever
    else was asked for beside it.
    """

    def __init__(
        self, model: ModelName, folder: Path | None = None, *, device: str = "", dtype: torch.dtype | None = None
    ) -> None:
        self.name = model.text
        self.model = model
        self.folder = folder
        self.device = device or best_device()
        self.dtype = dtype or best_dtype(self.device)
        self._base: Any = None
        self._preview: PreviewMap | None = None
        self._reading = threading.Lock()
        self.step_seconds: float | None = None
        """What one step takes on this machine, measured on the last picture; before the first of the embedded model
        on one step without a picture."""

    @property
    def base(self) -> Any:
        """The pipeline as it was read; jobs run on copies that share its networks, never its scheduler."""
        with self._reading:
            if self._base is None:
                self.folder = self.folder or weights.pipeline_folder(self.model)
                self._base = weights.load_with(
                    self.model,
                    partial(self._read, self.folder),
                    "a diffusers text-to-image pipeline with safetensors weights",
                )
                self._preview = self._fitted_preview()
                _keep(self)
        return self._base

    def prepare(self, tell: Callable[[str], None], stop: Stop) -> None:
        if self.folder is None:
            self.folder = weights.pipeline_folder(self.model, tell=tell, check=stop.check)
        if self._base is None:
            tell(f"Reading {self.name}")
        _ = self.base

    def _read(self, folder: Path) -> Any:
        from diffusers import AutoPipelineForText2Image

        keywords: dict[str, Any] = {"dtype": self.dtype, "use_safetensors": True, "local_files_only": True}
        if is_half(folder):
            keywords["variant"] = "fp16"
        if self.model.kind == "embedded":
            keywords |= own_parts(self.dtype, folder)
        pipe = AutoPipelineForText2Image.from_pretrained(str(folder), **keywords)
        pipe.to(self.device)
        for part in pipe.components.values():
            if isinstance(part, torch.nn.Module):
                part.eval()
        return pipe

    def _fitted_preview(self) -> PreviewMap | None:
        vae, network = getattr(self._base, "vae", None), self.network
        channels = getattr(getattr(vae, "config", None), "latent_channels", 0)
        if vae is None or network is None or getattr(network.config, "in_channels", 0) not in (channels, 9):
            return None
        return fit_preview(vae, channels)

    @property
    def network(self) -> Any:
        """The network that takes the noise away."""
        return getattr(self._base, "unet", None) or getattr(self._base, "transformer", None)

    @property
    def native_size(self) -> tuple[int, int]:
        """The size (width, height) that the model was made for."""
        side = getattr(self.base, "default_sample_size", None) or getattr(self.network.config, "sample_size", None)
        height, width = side if isinstance(side, list | tuple) else (side or 64, side or 64)
        scale = int(getattr(self.base, "vae_scale_factor", 8))
        return int(width) * scale, int(height) * scale

    @property
    def multiple(self) -> int:
        """What both sides of a picture must divide by."""
        scale = int(getattr(self.base, "vae_scale_factor", 8))
        packed = 2 if hasattr(self.base, "_pack_latents") else 1  # FLUX and its kin pack 2 x 2 latents
        return max(8, scale * getattr(self.network, "patch", packed))

    def pipe(self, mode: str, sampler: str | None) -> Any:
        """Return a pipeline for one job, with a scheduler of its own.

        Raises:
            UsageError: the model cannot do this kind of job, or not with this sampler.
        """
        import diffusers

        task, what = _TASKS[mode]
        base = self.base
        try:
            with weights.quiet():
                scheduler = make_sampler(base.scheduler, sampler)
                pipe = getattr(diffusers, task).from_pipe(base, scheduler=scheduler)
        except ValueError:
            hint = "draw a new one" if mode != "new" else "choose a text-to-image model"
            raise UsageError(f"{self.name} cannot {what}", code="unsupported", hint=hint) from None
        pipe.set_progress_bar_config(disable=True)
        return pipe

    def draw(self, job: Job, on_step: Callable[[DrawingStep], None], stop: Stop) -> Drawn:
        stop.check()
        pipe = self.pipe(job.mode, job.settings.sampler)
        if self.step_seconds is None and self.model.kind == "embedded":
            self._measure()
        plan = PicturePlan(self, pipe, job)
        watch = _Watch(self._preview, CleanView(pipe.scheduler), plan.steps, on_step, stop)
        with torch.inference_mode(), weights.quiet():
            try:
                result = pipe(**plan.arguments, **watch.callback(pipe))
            except (ValueError, RuntimeError, TypeError) as error:
                raise _failed(self.name, error) from error
        self.step_seconds = watch.step_seconds or self.step_seconds
        if any(getattr(result, "nsfw_content_detected", None) or []):
            raise GptsmithError(
                f"{self.name} withheld the picture: its own safety checker took it for indecent",
                code="no_picture",
                hint="describe it in another way, or use another seed",
            )
        return Drawn(plan.finished(result.images[0]), plan.used(pipe), plan.notes)

    def _measure(self) -> None:
        """Time a step, the second of two: the first one warms up."""
        pipe = self.pipe("new", None)
        watch = _Watch(None, CleanView(pipe.scheduler), 2, lambda _step: None, Stop())
        with torch.inference_mode(), weights.quiet():
            pipe("a cube", num_inference_steps=2, output_type="latent", **watch.callback(pipe))
        self.step_seconds = watch.step_seconds


class _Watch:
    """Called after each step: stops when asked to, finds broken numbers, shows a preview now and then."""

    def __init__(
        self,
        preview: PreviewMap | None,
        view: CleanView,
        steps: int,
        on_step: Callable[[DrawingStep], None],
        stop: Stop,
    ) -> None:
        self.preview, self.view, self.steps, self.on_step, self.stop = preview, view, steps, on_step, stop
        self._looked = 0.0
        self._times: list[float] = []

    @property
    def step_seconds(self) -> float | None:
        """The seconds from step to step, the median; None before the second."""
        gaps = sorted(after - before for before, after in pairwise(self._times))
        return gaps[len(gaps) // 2] if gaps else None

    def callback(self, pipe: Any) -> dict[str, Any]:
        """Return the arguments by which a pipeline calls this; the older ones have a form of their own."""
        taken = inspect.signature(pipe.__call__).parameters
        if "callback_on_step_end" in taken:
            return {"callback_on_step_end": self}
        if "callback" in taken:
            return {"callback": lambda index, _time, latents: self.see(index, latents), "callback_steps": 1}
        return {}

    def __call__(self, pipe: Any, index: int, timestep: Any, values: dict[str, Any]) -> dict[str, Any]:
        self.see(index, values.get("latents"))
        return {}

    def see(self, index: int, latents: Any) -> None:
        """Take note of a step."""
        self._times.append(time.monotonic())
        self.stop.check()
        if latents is not None and not torch.isfinite(latents).all():
            raise GptsmithError(
                "the numbers of the picture ran out of range (NaN) while it was drawn",
                code="no_picture",
                hint="use other steps, guidance or another sampler",
            )
        self.on_step(DrawingStep(index + 1, max(self.steps, index + 1), self._look()))

    def _look(self) -> bytes | None:
        now = time.monotonic()
        if self.preview is None or (self._looked and now - self._looked < _LOOK_SECONDS):
            return None
        self._looked = now
        return self.preview.look(self.view.latents)


_kept: deque[LocalGenerator] = deque()


def _keep(generator: LocalGenerator) -> None:
    """Remember a model whose weights were read, and let go of those of the one that was read longest ago."""
    _kept.append(generator)
    if len(_kept) > KEPT:
        old = _kept.popleft()
        if old is not generator:
            old._base = None


def best_device() -> str:
    """Return where to compute: cuda, mps or cpu."""
    if torch.cuda.is_available():
        return "cuda"
    return "mps" if torch.backends.mps.is_available() else "cpu"


def best_dtype(device: str) -> torch.dtype:
    """Return the numbers to compute with: bfloat16 on a GPU and on a CPU that is faster with them."""
    if device != "cpu":
        return torch.bfloat16 if device == "cuda" else torch.float16
    from gptsmith.models.embedding.minilm import bf16_is_faster

    return torch.bfloat16 if bf16_is_faster() else torch.float32


def own_parts(dtype: torch.dtype, folder: Path) -> dict[str, Any]:
    """Return the parts of the embedded generator in a folder that diffusers does not know: its U-Net, and the tokenizer
    and text encoder that it shares with the sentence encoder."""
    from gptsmith.models.pictures.embedded_parts import PatchedUNet, load_text_encoder

    encoder, tokenizer = load_text_encoder(dtype, folder)
    unet = PatchedUNet.from_pretrained(folder / "unet", torch_dtype=dtype, use_safetensors=True, local_files_only=True)
    return {"unet": unet, "tokenizer": tokenizer, "text_encoder": encoder}


def _failed(name: str, error: Exception) -> GptsmithError:
    said = " ".join(str(error).split())[:200]
    if "out of memory" in said.lower():
        return GptsmithError(
            f"there is not enough memory for a picture of this size with {name}",
            code="no_memory",
            hint="make it smaller",
        )
    return GptsmithError(
        f"{name} could not draw this ({said or type(error).__name__})", code="no_picture", hint="try other settings"
    )
