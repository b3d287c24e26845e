"""The plan of one picture: the arguments of a pipeline's call, made of what was asked for and what the model can do."""

from __future__ import annotations

import inspect
from typing import TYPE_CHECKING, Any

import torch
from PIL import Image

from gptsmith.models.pictures.input_images import fitted, like
from gptsmith.models.pictures.samplers import sampler_name
from gptsmith.models.pictures.wishes import Job, Settings

if TYPE_CHECKING:
    from gptsmith.models.pictures.local import LocalGenerator

STEPS = 30  # where neither the person nor the model says how many; pipelines themselves say 50, more than helps
EMBEDDED_STEPS, EMBEDDED_GUIDANCE = 20, 1.5  # by the curves in docs/experiments.md
EMBEDDED_MARGIN = 8  # pixels around a part that is drawn anew, which it sees
EMBEDDED_CHANGE = 0.9  # below, a bright day shines through the night that was asked for
LEAST_STEPS, PATIENCE = 4, 10.0  # four show the things (docs/experiments.md); seconds of steps for one picture
STRENGTH = {"change": 0.7, "inpaint": 0.99}


class Plan:
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
