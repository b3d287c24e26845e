"""The plan of one picture: the arguments of a pipeline's call, made of what was asked for and what the model can do."""

from __future__ import annotations

import functools
import inspect
import io
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image

from gptsmith.errors import UsageError
from gptsmith.models.pictures.generators import Job, Settings
from gptsmith.models.pictures.input_images import fitted, like

if TYPE_CHECKING:
    from gptsmith.models.pictures.local import LocalGenerator


# The sampler of one job: a scheduler of its own, and the clean picture that it sees at each step.
#
# No scheduler is shared between jobs: it counts steps, and two jobs on one would ruin each other.

CLASSES = {
    "ddim": "DDIMScheduler",
    "euler": "EulerDiscreteScheduler",
    "dpmpp": "DPMSolverMultistepScheduler",
    "unipc": "UniPCMultistepScheduler",
}
_NAMES = {name: key for key, name in CLASSES.items()} | {"FlowMatchEulerDiscreteScheduler": "euler"}


def make_sampler(own: Any, name: str | None) -> Any:
    """Return a fresh scheduler of the kind `name` with the model's settings; of the model's own kind when None.

    Raises:
        UsageError: the model cannot be drawn with that kind.
    """
    import diffusers

    if name is None:
        return type(own).from_config(own.config)
    if not _is_flow(own):
        return getattr(diffusers, CLASSES[name]).from_config(own.config)
    if name == "euler":
        return diffusers.FlowMatchEulerDiscreteScheduler.from_config(own.config)
    if name == "ddim":
        raise UsageError("this model predicts a flow, which ddim cannot follow", hint="use euler, dpmpp or unipc")
    shift = own.config.get("shift", 1.0)
    flow = {"use_flow_sigmas": True, "prediction_type": "flow_prediction", "flow_shift": shift}
    return getattr(diffusers, CLASSES[name]).from_config(own.config, **flow)


def sampler_name(scheduler: Any) -> str:
    """Return the sampler's short name, its class where it has none."""
    return _NAMES.get(type(scheduler).__name__, type(scheduler).__name__.removesuffix("Scheduler"))


def _is_flow(own: Any) -> bool:
    prediction = str(own.config.get("prediction_type", ""))
    return prediction == "flow_prediction" or type(own).__name__.startswith("FlowMatch")


class CleanView:
    """Watches a scheduler's steps; `latents` is then its guess of the finished picture, None where it gives none."""

    def __init__(self, scheduler: Any) -> None:
        self.latents: Any = None
        self._scheduler = scheduler
        self._step = scheduler.step

        @functools.wraps(scheduler.step)  # pipelines look at the signature to see which arguments a step takes
        def step(*args: Any, **keywords: Any) -> Any:
            return self._watched(*args, **keywords)

        scheduler.step = step

    def _watched(self, model_output: Any, timestep: Any, sample: Any, *args: Any, **keywords: Any) -> Any:
        sigma = self._flow_sigma()
        as_tuple = keywords.pop("return_dict", True) is False
        out = self._step(model_output, timestep, sample, *args, return_dict=True, **keywords)
        clean = getattr(out, "pred_original_sample", None)
        if clean is None and (seen := getattr(self._scheduler, "model_outputs", None)):
            clean = seen[-1]  # DPM++ and UniPC keep the clean guess itself
        if clean is None and sigma is not None:
            clean = sample - sigma * model_output
        self.latents = clean if clean is not None else getattr(out, "denoised", None)
        return (out.prev_sample, self.latents) if as_tuple else out

    def _flow_sigma(self) -> Any:
        """Return the noise level before the step of a flow-matching Euler sampler, None for any other."""
        if type(self._scheduler).__name__ != "FlowMatchEulerDiscreteScheduler":
            return None
        return self._scheduler.sigmas[self._scheduler.step_index or 0]


# A quick look at latents: the linear map from latent channels to colours, fitted by least squares to the model's own.
#
# Decoding costs as much as several steps on a CPU; the map costs nothing and shows colours and places.

_PICTURES, _CELLS = 6, 12
_LONGEST = 64  # pixels of a preview's longer side: it travels in an event, and whoever shows it enlarges it


class PreviewMap:
    """The map of one autoencoder: `weights` has the shape (channels + 1, 3), for colours from 0 to 1."""

    def __init__(self, weights: NDArray[np.float32]) -> None:
        self.weights = weights

    def look(self, latents: Any) -> bytes | None:
        """Return a small JPEG of latents of shape (1, channels, height, width); None for any other shape."""
        import torch

        if latents is None or latents.ndim != 4 or latents.shape[1] + 1 != len(self.weights):
            return None
        cells = latents[0].detach().to("cpu", torch.float32).numpy().transpose(1, 2, 0)
        colours = np.nan_to_num(cells @ self.weights[:-1] + self.weights[-1])
        picture = Image.fromarray((colours.clip(0, 1) * 255).astype(np.uint8))
        picture.thumbnail((_LONGEST, _LONGEST))
        file = io.BytesIO()
        picture.save(file, "JPEG", quality=85)
        return file.getvalue()


def fit_preview(vae: Any, channels: int) -> PreviewMap | None:
    """Fit the map on soft colour fields that the autoencoder encodes; None where its latents are of another kind.

    `channels` is the number of latent channels that the sampler sees.
    """
    import torch

    pictures = _colour_fields()
    pixels = torch.from_numpy(pictures).permute(0, 3, 1, 2) * 2 - 1
    with torch.inference_mode():
        encoded = vae.encode(pixels.to(vae.device, vae.dtype))
    if hasattr(encoded, "latent_dist"):
        latents = encoded.latent_dist.mean
    elif hasattr(encoded, "latents"):
        latents = encoded.latents
    else:
        return None
    if latents.ndim != 4 or latents.shape[1] != channels:
        return None
    shift, scale = getattr(vae.config, "shift_factor", None) or 0.0, getattr(vae.config, "scaling_factor", None) or 1.0
    cells = ((latents.float() - shift) * scale).cpu().permute(0, 2, 3, 1).numpy()
    height, width = cells.shape[1:3]
    means = pictures.reshape(len(pictures), height, pictures.shape[1] // height, width, -1, 3).mean((2, 4))
    rows = np.concatenate([cells.reshape(-1, channels), np.ones((means[..., 0].size, 1))], axis=1)
    found = np.linalg.lstsq(rows, means.reshape(-1, 3), rcond=1e-4)[0]
    return PreviewMap(found.astype(np.float32))


def _colour_fields() -> NDArray[np.float32]:
    """Return pictures of shape (n, side, side, 3), values 0 to 1: soft fields in many colours, light and dark."""
    draw = np.random.default_rng(7)
    side = _CELLS * 16
    small = draw.uniform(0, 1, (_PICTURES, 5, 5, 3)).astype(np.float32)
    fields = [
        Image.fromarray((field * 255).astype(np.uint8)).resize((side, side), Image.Resampling.BICUBIC)
        for field in small
    ]
    return np.stack([np.asarray(field, dtype=np.float32) / 255 for field in fields])


STEPS = 30  # where neither the person nor the model says how many; pipelines themselves say 50, more than helps
EMBEDDED_STEPS, EMBEDDED_GUIDANCE = 20, 1.5  # by the curves in docs/experiments.md
EMBEDDED_MARGIN = 8  # pixels around a part that is drawn anew, which it sees
EMBEDDED_CHANGE = 0.9  # below, a bright day shines through the night that was asked for
LEAST_STEPS, PATIENCE = 4, 10.0  # four show the things (docs/experiments.md); seconds of steps for one picture
STRENGTH = {"change": 0.7, "inpaint": 0.99}


class PicturePlan:
    """`arguments` is what the pipeline is called with; `notes` say what is not as it was asked for."""

    def __init__(self, model: LocalGenerator, pipe: Any, job: Job) -> None:
        self.model, self.job, self.settings = model, job, job.settings
        self.notes: list[str] = []
        self._taken = inspect.signature(pipe.__call__).parameters
        own = model.model.kind == "embedded"
        most = EMBEDDED_STEPS if own else STEPS
        self.steps = self.settings.steps or model.model.steps or min(most, self._own("num_inference_steps", most))
        if own and not self.settings.steps:
            self.steps = self._in_time(self.steps)
        self.guidance = self.settings.guidance
        if self.guidance is None:
            self.guidance = model.model.guidance
        if self.guidance is None:
            self.guidance = EMBEDDED_GUIDANCE if own else self._own("guidance_scale", None)
        self.size = self._size()
        self.strength = self._strength()
        self.arguments: dict[str, Any] = {
            "prompt": job.caption,
            "num_inference_steps": self.steps,
            "width": self.size[0],
            "height": self.size[1],
            "generator": torch.Generator("cpu").manual_seed(job.seed),
        }
        self._add("guidance_scale", self.guidance)
        self._add_negative(self.settings)
        if job.image is not None:
            self.arguments |= {"image": fitted(job.image, self.size), "strength": self.strength}
        if job.mask is not None:
            self.arguments["mask_image"] = fitted(job.mask, self.size)
            if own:  # it draws things whole in the middle of a picture, so the part becomes one
                self.arguments["padding_mask_crop"] = EMBEDDED_MARGIN
        if "use_resolution_binning" in self._taken:  # else PixArt and its kin draw at a size of their own list
            self.arguments["use_resolution_binning"] = False
        self._note_cut(pipe)
        # some picture-to-picture pipelines take their size from the picture
        self.arguments = {k: v for k, v in self.arguments.items() if k in self._taken}

    def _in_time(self, steps: int) -> int:
        """Return how many of the steps a person's patience lasts for on this machine; fewer are said."""
        taken = self.model.step_seconds
        if not taken or steps * taken <= PATIENCE:
            return steps
        fewer = max(LEAST_STEPS, int(PATIENCE / taken))
        if fewer < steps:
            self.notes.append(
                f"Drawn in {fewer} steps rather than {steps}, since one takes {taken:.1f} s here; more are finer."
            )
        return min(fewer, steps)

    def _own(self, name: str, otherwise: Any) -> Any:
        value = self._taken[name].default if name in self._taken else None
        return otherwise if value is None or value is inspect.Parameter.empty else value

    def _add(self, name: str, value: Any) -> None:
        if value is not None:
            self.arguments[name] = value

    def _add_negative(self, settings: Settings) -> None:
        if not settings.negative:
            return
        if self.guidance is not None and self.guidance <= 1:
            self.notes.append("The negative description does nothing at guidance 1 or below, so it was left out.")
        elif "negative_prompt" not in self._taken:
            self.notes.append("This model takes no negative description, so it was left out.")
        else:
            self.arguments["negative_prompt"] = settings.negative

    def _size(self) -> tuple[int, int]:
        multiple = self.model.multiple
        native = self.model.native_size
        if self.settings.size is None:
            image = self.job.image
            return native if image is None else like(image.size, native[0] * native[1], multiple)
        if self.model.model.kind == "embedded":  # it draws at its own size; what is asked for is enlarged to
            return like(self.settings.size, native[0] * native[1], multiple)
        wanted = self.settings.size
        size = tuple(max(multiple, round(side / multiple) * multiple) for side in wanted)
        if size != wanted:
            text = "{}x{}".format(*size)
            self.notes.append(f"This model draws sides that divide by {multiple}: it drew {text}.")
        return size[0], size[1]

    def _strength(self) -> float | None:
        if self.job.image is None:
            return None
        usual = STRENGTH[self.job.mode]
        if self.model.model.kind == "embedded" and self.job.mode == "change":
            usual = EMBEDDED_CHANGE
        strength = usual if self.settings.strength is None else self.settings.strength
        if int(self.steps * strength) < 1:
            self.notes.append(
                f"Strength {strength:g} of {self.steps} steps is less than one step, so it was raised to one."
            )
            strength = min(1.0, (1 + 1e-6) / self.steps)
        return strength

    def _note_cut(self, pipe: Any) -> None:
        """Say when the model reads the beginning of a long description only."""
        tokenizers = [t for t in (getattr(pipe, f"tokenizer{i}", None) for i in ("", "_2", "_3")) if t is not None]
        if not tokenizers:
            return
        most = [int(t.model_max_length) for t in tokenizers]
        longest = tokenizers[most.index(max(most))]
        length = len(longest(self.job.caption, truncation=False, verbose=False)["input_ids"])
        if length > max(most):
            self.notes.append(
                f"The description has {length} pieces, and this model reads the first {max(most)} of them."
            )

    def finished(self, image: Image.Image) -> Image.Image:
        """Return the picture as the person asked for it: outside a mask, the given picture's own pixels."""
        image = image.convert("RGB")
        job = self.job
        if job.image is not None and job.mask is not None:
            whole = image.resize(job.image.size, Image.Resampling.LANCZOS)
            return Image.composite(whole, job.image, job.mask)
        wanted = self.settings.size
        if wanted and image.size != wanted and self.model.model.kind == "embedded":
            return image.resize(wanted, Image.Resampling.LANCZOS)
        return image

    def used(self, pipe: Any) -> dict[str, Any]:
        """Return the settings that were used, for the record."""
        negative = self.arguments.get("negative_prompt", "")
        return {
            "steps": self.steps,
            "guidance": self.guidance,
            "sampler": sampler_name(pipe.scheduler),
            "native_size": "{}x{}".format(*self.size),
            "negative": negative,
            "strength": self.strength,
        }
