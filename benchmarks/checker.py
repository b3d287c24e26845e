"""How well the exact checker reads pictures whose truth is known: clean, blurred, noisy, through an autoencoder.

python benchmarks/checker.py [--scenes 40] [--seed 123] [--autoencoder runs/out/autoencoder/final]

Two to five seconds of one core for each scene and kind of picture. `right` is the share of true requests that it
accepts, `fooled` that of requests with one thing false.
"""

from __future__ import annotations

import argparse
import random
from collections.abc import Callable
from typing import Any

import numpy as np
from PIL import Image, ImageFilter

from gptsmith.models.pictures.world import captions
from gptsmith.models.pictures.world.requests import parse_request
from gptsmith.models.pictures.world.scene import sample_scene
from training.falsehoods import falsehoods
from training.world.checker import Seen, judge, look
from training.world.render import RenderedScene, render

NEAR = 0.08  # of the picture's side: how far off a thing may be seen


def blurred(pixels: Any) -> Any:
    return np.asarray(Image.fromarray(pixels).filter(ImageFilter.GaussianBlur(1.0)))


def noisy(pixels: Any) -> Any:
    noise = np.random.default_rng(0).normal(0, 12, pixels.shape)
    return (pixels + noise).clip(0, 255).astype(np.uint8)


def rebuilt(folder: str) -> Callable[[Any], Any]:
    import torch
    from diffusers import AutoencoderTiny

    model = AutoencoderTiny.from_pretrained(folder).eval()

    def through(pixels: Any) -> Any:
        x = torch.from_numpy(pixels.copy()).permute(2, 0, 1)[None].float() / 127.5 - 1
        with torch.inference_mode():
            y = model.decode(model.encode(x).latents).sample.clamp(-1, 1)[0]
        return ((y.permute(1, 2, 0) + 1) * 127.5).numpy().astype(np.uint8)

    return through


def compare(picture: RenderedScene, seen: list[Seen]) -> tuple[int, int, int]:
    """Return things seen rightly, those of them in the right colour, and things seen that are not there."""
    left = [(picture.scene.groups[p.group], p) for p in picture.placed]
    right = colored = wrong = 0
    for thing in seen:
        here = [
            (g, p) for g, p in left if g.name == thing.name and abs(p.x - thing.x) < NEAR and abs(p.y - thing.y) < NEAR
        ]
        if here:
            right, colored = right + 1, colored + (here[0][0].color == thing.color)
            left.remove(here[0])
        else:
            wrong += 1
    return right, colored, wrong


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--scenes", type=int, default=40)
    parser.add_argument("--seed", type=int, default=123)
    parser.add_argument("--autoencoder")
    asked = parser.parse_args()
    kinds: dict[str, Callable[[Any], Any]] = {"clean": lambda p: p, "blur 1 px": blurred, "noise 12": noisy}
    if asked.autoencoder:
        kinds["autoencoder"] = rebuilt(asked.autoencoder)
    rng = random.Random(asked.seed)
    sums = {kind: np.zeros(6) for kind in kinds}
    things = 0
    for _ in range(asked.scenes):
        scene = sample_scene(rng)
        picture = render(scene, rng)
        true = parse_request(captions.stated(scene, rng))
        false = parse_request(captions.stated(falsehoods(scene, rng, 1)[0], rng))
        things += len(picture.placed)
        for kind, change in kinds.items():
            seen = look(change(picture.pixels))
            right, colored, wrong = compare(picture, seen)
            whole = right == len(picture.placed) and not wrong
            sums[kind] += (right, colored, wrong, whole, judge(seen, true).right, judge(seen, false).right)
    print(f"{asked.scenes} scenes, {things} things")
    for kind, (right, colored, wrong, whole, accepted, fooled) in sums.items():
        figures = {
            "recall": right / things,
            "precision": right / max(1, right + wrong),
            "colour": colored / max(1, right),
            "whole scene": whole / asked.scenes,
            "right": accepted / asked.scenes,
            "fooled": fooled / asked.scenes,
        }
        print(f"{kind:12}", "  ".join(f"{name} {value:.3f}" for name, value in figures.items()))


if __name__ == "__main__":
    main()
