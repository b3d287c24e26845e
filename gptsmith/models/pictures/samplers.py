"""The sampler of one job: a scheduler of its own, and the clean picture that it sees at each step.

No scheduler is shared between jobs: it counts steps, and two jobs on one would ruin each other.
"""

from __future__ import annotations

import functools
from typing import Any

from gptsmith.errors import UsageError

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
