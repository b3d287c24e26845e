"""What drawing costs beside the network itself, and beside a bare call of diffusers.

    python -m benchmarks.pictures [--model embedded | turbo] [--steps N] [--repeat 3]

`embedded` is the shipped generator with its usual guidance, `turbo` random weights of SD-Turbo's shape at 512 px with
the tiny autoencoder, one pass for each step. Timed in turn, so that all meet the same machine, in seconds of CPU; the
best of the repeats counts, and only the ratios travel.
"""

from __future__ import annotations

import argparse
import resource
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch

from gptsmith.models.pictures import names
from gptsmith.models.pictures.generators import DrawingStep, Job, Settings, Stop
from gptsmith.models.pictures.local import LocalGenerator
from gptsmith.models.pictures.names import ModelName, read_name
from gptsmith.models.pictures.plan import EMBEDDED_GUIDANCE, EMBEDDED_STEPS

STEPS = {"embedded": EMBEDDED_STEPS, "turbo": 1}
GUIDANCE = {"embedded": EMBEDDED_GUIDANCE, "turbo": 1.0}
TURBO: dict[str, Any] = {
    "sample_size": 64,
    "block_out_channels": (320, 640, 1280, 1280),
    "cross_attention_dim": 1024,
    "attention_head_dim": (5, 10, 20, 20),
    "use_linear_projection": True,
}


def write_turbo(folder: Path) -> None:
    """Write a pipeline of SD-Turbo's shape, in half the size of full floats."""
    from diffusers import AutoencoderTiny, DDIMScheduler, StableDiffusionPipeline, UNet2DConditionModel
    from transformers import BertConfig, BertModel, BertTokenizer

    torch.manual_seed(0)
    width = TURBO["cross_attention_dim"]
    words = BertTokenizer(
        vocab={w: i for i, w in enumerate(["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "a", "cat"])}
    )
    words.model_max_length = 77
    text = BertModel(BertConfig(vocab_size=7, hidden_size=width, num_hidden_layers=1, num_attention_heads=8))
    torch.set_default_dtype(torch.bfloat16)
    unet = UNet2DConditionModel(in_channels=4, out_channels=4, **TURBO)
    torch.set_default_dtype(torch.float32)
    scheduler = DDIMScheduler(steps_offset=1, clip_sample=False)
    pipe = StableDiffusionPipeline(
        vae=AutoencoderTiny(), unet=unet, text_encoder=text, tokenizer=words, scheduler=scheduler,
        safety_checker=None, feature_extractor=None, requires_safety_checker=False,
    )  # fmt: skip
    pipe.save_pretrained(folder)


def timed(work: Callable[[], Any]) -> tuple[float, Any]:
    """Return how many seconds of CPU `work` took, and what it gave: what else the machine does counts little then."""
    began = time.process_time()
    result = work()
    return time.process_time() - began, result


class Bench:
    """One pipeline, and the three ways to spend its time."""

    def __init__(self, ours: LocalGenerator, steps: int, guidance: float) -> None:
        self.ours, self.steps, self.guidance = ours, steps, guidance
        self.looks: list[int] = []
        self.job = Job("a cat", 7, Settings(steps=steps, guidance=guidance))

    def draw(self) -> Any:
        """Draw through gptsmith, previews and checks included."""
        return self.ours.draw(self.job, self.see, Stop()).image

    def see(self, step: DrawingStep) -> None:
        """Remember at which steps a preview came."""
        if step.preview:
            self.looks.append(step.step)

    def bare(self) -> Any:
        """Draw by calling diffusers."""
        pipe = self.ours.pipe("new", None)
        generator = torch.Generator("cpu").manual_seed(7)
        given = {"num_inference_steps": self.steps, "guidance_scale": self.guidance, "generator": generator}
        return pipe("a cat", **given).images[0]

    @torch.inference_mode()
    def limit(self) -> None:
        """Spend what cannot be saved: each step's network pass, and one decoding."""
        unet, vae = self.ours.base.unet, self.ours.base.vae
        side = unet.config.sample_size
        guided = self.guidance > 1
        said, unsaid = self.ours.base.encode_prompt("a cat", self.ours.device, 1, guided)
        words = torch.cat([unsaid, said]) if guided else said
        latents = torch.randn(len(words), 4, side, side, dtype=unet.dtype)
        for _ in range(self.steps):
            unet(latents, 500, encoder_hidden_states=words)
        vae.decode(latents[:1])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", choices=list(STEPS), default="embedded")
    parser.add_argument("--steps", type=int)
    parser.add_argument("--repeat", type=int, default=3)
    given = parser.parse_args()
    steps = given.steps or STEPS[given.model]
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        if given.model == "turbo":
            write_turbo(place)
            name = read_name(folder)
        else:
            place, name = names.folder("generator"), ModelName("embedded", "embedded")
        bench = Bench(LocalGenerator(name, place), steps, GUIDANCE[given.model])
        cold, first = timed(bench.draw)
        best = {"limit": float("inf"), "bare": float("inf"), "draw": float("inf")}
        for _ in range(given.repeat):
            for name in best:
                seconds, picture = timed(getattr(bench, name))
                best[name] = min(best[name], seconds)
                assert picture is None or picture.tobytes() == first.tobytes(), "equal seeds, unequal pixels"
        side = bench.ours.native_size[0]
        print(f"{side} px, {steps} steps, {bench.ours.dtype}, {torch.get_num_threads()} threads")
        limit, bare, ours = best["limit"], best["bare"], best["draw"]
        print(f"network passes and decoding {limit:.2f} s, diffusers {bare:.2f} s, ours {ours:.2f} s")
        print(f"ours / passes and decoding {ours / limit:.2f}, ours / diffusers {ours / bare:.2f}")
        print(f"equal pixels; first preview at step {bench.looks[0]}; weights and first picture {cold:.1f} s")
        print(f"peak memory {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6:.1f} GB")


if __name__ == "__main__":
    main()
