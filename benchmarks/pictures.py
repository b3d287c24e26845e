"""What drawing costs beside the network itself, and beside a bare call of diffusers.

    python benchmarks/pictures.py [--shape small | turbo] [--steps 20] [--repeat 3]

Random weights of the shapes that matter: `small` is the embedded form (128 px, 16 x 16 latents, a U-Net of 25M),
`turbo` is SD-Turbo's U-Net at 512 px with the tiny autoencoder. Timed in turn, so that all meet the same machine, in
seconds of CPU; the best of the repeats counts, and only the ratios travel.
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

from gptsmith.models.pictures.generators import Step, Stop
from gptsmith.models.pictures.local import LocalGenerator
from gptsmith.models.pictures.names import read_name
from gptsmith.models.pictures.wishes import Job, Settings

SHAPES: dict[str, dict[str, Any]] = {
    "small": {
        "sample_size": 16,
        "block_out_channels": (96, 192, 288),
        "layers_per_block": 1,
        "down_block_types": ("DownBlock2D", "CrossAttnDownBlock2D", "CrossAttnDownBlock2D"),
        "up_block_types": ("CrossAttnUpBlock2D", "CrossAttnUpBlock2D", "UpBlock2D"),
        "cross_attention_dim": 384,
        "attention_head_dim": 8,
    },
    "turbo": {
        "sample_size": 64,
        "block_out_channels": (320, 640, 1280, 1280),
        "cross_attention_dim": 1024,
        "attention_head_dim": (5, 10, 20, 20),
        "use_linear_projection": True,
    },
}


def write(shape: str, folder: Path) -> None:
    """Write a pipeline of the shape, in half the size of full floats."""
    from diffusers import AutoencoderTiny, DDIMScheduler, StableDiffusionPipeline, UNet2DConditionModel
    from transformers import BertConfig, BertModel, BertTokenizer

    torch.manual_seed(0)
    width = SHAPES[shape]["cross_attention_dim"]
    words = BertTokenizer(
        vocab={w: i for i, w in enumerate(["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "a", "cat"])}
    )
    words.model_max_length = 77
    text = BertModel(BertConfig(vocab_size=7, hidden_size=width, num_hidden_layers=1, num_attention_heads=8))
    torch.set_default_dtype(torch.bfloat16)
    unet = UNet2DConditionModel(in_channels=4, out_channels=4, **SHAPES[shape])
    torch.set_default_dtype(torch.float32)
    scheduler = DDIMScheduler(steps_offset=1, clip_sample=False)
    pipe = StableDiffusionPipeline(
        vae=AutoencoderTiny(), unet=unet, text_encoder=text, tokenizer=words, scheduler=scheduler,
        safety_checker=None, feature_extractor=None, requires_safety_checker=False,
    )  # fmt: skip
    print(f"{shape}: a U-Net of {sum(p.numel() for p in unet.parameters()) / 1e6:.0f}M")
    pipe.save_pretrained(folder)


def timed(work: Callable[[], Any]) -> tuple[float, Any]:
    """Return how many seconds of CPU `work` took, and what it gave: what else the machine does counts little then."""
    began = time.process_time()
    result = work()
    return time.process_time() - began, result


class Bench:
    """One pipeline, and the three ways to spend its time."""

    def __init__(self, folder: Path, steps: int) -> None:
        self.steps = steps
        self.looks: list[int] = []
        self.ours = LocalGenerator(read_name(str(folder)), folder)
        # guidance 1: one pass of the network for each step, as few-step models are drawn
        self.job = Job("a cat", 7, Settings(steps=steps, guidance=1.0))

    def draw(self) -> Any:
        """Draw through gptsmith, previews and checks included."""
        return self.ours.draw(self.job, self.see, Stop()).image

    def see(self, step: Step) -> None:
        """Remember at which steps a preview came."""
        if step.preview:
            self.looks.append(step.step)

    def bare(self) -> Any:
        """Draw by calling diffusers."""
        pipe = self.ours.pipe("new", None)
        generator = torch.Generator("cpu").manual_seed(7)
        return pipe("a cat", num_inference_steps=self.steps, guidance_scale=1.0, generator=generator).images[0]

    @torch.inference_mode()
    def limit(self) -> None:
        """Spend what cannot be saved: each step's network pass, and one decoding."""
        unet, vae = self.ours.base.unet, self.ours.base.vae
        side = unet.config.sample_size
        latents = torch.randn(1, 4, side, side, dtype=unet.dtype)
        words = torch.randn(1, 77, unet.config.cross_attention_dim, dtype=unet.dtype)
        for _ in range(self.steps):
            unet(latents, 500, encoder_hidden_states=words)
        vae.decode(latents)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--shape", choices=sorted(SHAPES), default="small")
    parser.add_argument("--steps", type=int, default=20)
    parser.add_argument("--repeat", type=int, default=3)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        write(given.shape, Path(folder))
        bench = Bench(Path(folder), given.steps)
        cold, first = timed(bench.draw)
        best = {"limit": float("inf"), "bare": float("inf"), "draw": float("inf")}
        for _ in range(given.repeat):
            for name in best:
                seconds, picture = timed(getattr(bench, name))
                best[name] = min(best[name], seconds)
                assert picture is None or picture.tobytes() == first.tobytes(), "equal seeds, unequal pixels"
        side = bench.ours.native_size[0]
        print(f"{side} px, {given.steps} steps, {bench.ours.dtype}, {torch.get_num_threads()} threads")
        limit, bare, ours = best["limit"], best["bare"], best["draw"]
        print(f"network passes and decoding {limit:.2f} s, diffusers {bare:.2f} s, ours {ours:.2f} s")
        print(f"ours / passes and decoding {ours / limit:.2f}, ours / diffusers {ours / bare:.2f}")
        print(f"equal pixels; first preview at step {bench.looks[0]}; weights and first picture {cold:.1f} s")
        print(f"peak memory {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6:.1f} GB")


if __name__ == "__main__":
    main()
