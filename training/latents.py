"""The pictures that a generator is trained on: scenes of the world, drawn and encoded once, in shards on disk.

python -m training.latents --out runs/out/latents --autoencoder runs/out/autoencoder/final
"""

from __future__ import annotations

import argparse
import json
import random
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import astuple
from itertools import accumulate, count, islice
from pathlib import Path
from types import MappingProxyType
from typing import Any, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray

from gptsmith.models.pictures.world.scene import Scene, sample_scene
from gptsmith.state import atomic_write
from training.world.layout import Placed
from training.world.render import RenderedScene, render

SHARD = 2048  # scenes; 16 MB of latents
_BATCH = 32


def write_shard(folder: Path, number: int, vae: Any, *, seed: int = 0, scenes: int = SHARD, size: int = 128) -> Path:
    """Draw and encode shard `number`, unless it is there, and return its latents' file: float16 (scenes, 4, h, w).

    Beside it a line of JSON for each scene says what is in it and where that was put. The scenes depend on `seed` and
    `number` alone, so that a run on another machine sees the same pictures.
    """
    target = folder / f"{number:05d}.npy"
    if target.exists():
        return target
    parts, lines = [], []
    for pictures in drawn_pictures(number, scenes, seed=seed, size=size):
        parts.append(encode(vae, [p.pixels for p in pictures]))
        lines += [json.dumps({"scene": p.scene.to_dict(), "placed": [astuple(t) for t in p.placed]}) for p in pictures]
    folder.mkdir(parents=True, exist_ok=True)
    atomic_write(folder / f"{number:05d}.jsonl", "".join(line + "\n" for line in lines))
    partial = target.with_suffix(".partial")
    with partial.open("wb") as file:
        np.save(file, np.concatenate(parts))
    partial.replace(target)
    return target


def drawn_pictures(
    number: int, scenes: int = SHARD, *, seed: int = 0, size: int = 128
) -> Iterator[list[RenderedScene]]:
    """Yield the pictures of shard `number`, a few at a time."""
    rng = random.Random(f"{seed}-{number}")
    drawn = (render(sample_scene(rng), rng, size) for _ in range(scenes))
    while pictures := list(islice(drawn, _BATCH)):
        yield pictures


def written_file(folder: Path, number: int) -> Path:
    """Return where the captions stand that the captioner wrote for a shard."""
    return folder / f"{number:05d}.written.jsonl"


def shards_in(folder: Path) -> int:
    """Return how many shards of a folder are whole, from the first on."""
    return next(n for n in count() if not (folder / f"{n:05d}.npy").exists())


@torch.inference_mode()
def encode(vae: Any, pictures: Sequence[NDArray[np.uint8]]) -> NDArray[np.float16]:
    """Return the latents of uint8 (h, w, 3) pictures, without the sampling noise of a KL autoencoder."""
    weight = next(vae.parameters())
    batch = torch.from_numpy(np.stack(pictures)).to(weight.device).permute(0, 3, 1, 2).to(weight.dtype) / 127.5 - 1
    encoded = vae.encode(batch)
    latents = encoded.latent_dist.mode() if hasattr(encoded, "latent_dist") else encoded.latents
    found: NDArray[np.float16] = latents.float().cpu().numpy().astype(np.float16)
    return found


class DrawnScene(NamedTuple):
    """A scene that was drawn, where its things were put, and what the captioner wrote of it, by kind, if it did."""

    scene: Scene
    placed: tuple[Placed, ...]
    written: Mapping[str, str] = MappingProxyType({})


class Shards:
    """The shards of a folder that are whole; `refresh` finds those that came since.

    `weight` says how often a scene is taken, against others. All shards of a folder hold equally many.
    """

    def __init__(self, folder: Path, weight: Callable[[Scene], float] = lambda scene: 1.0) -> None:
        self.folder, self.weight = folder, weight
        self._latents: list[NDArray[np.float16]] = []
        self._drawn: list[DrawnScene] = []
        self._until: list[float] = []  # sums of weights
        self.refresh()

    def __len__(self) -> int:
        return len(self._drawn)

    def refresh(self) -> None:
        """Read the shards that follow those already read."""
        for number in range(len(self._latents), shards_in(self.folder)):
            file, told = self.folder / f"{number:05d}.npy", written_file(self.folder, number)
            drawn = [_drawn(line) for line in _lines(file.with_suffix(".jsonl"))]
            if told.exists():
                drawn = [d._replace(written=line) for d, line in zip(drawn, _lines(told), strict=True)]
            self._drawn += drawn
            self._latents.append(np.load(file, mmap_mode="r", allow_pickle=False))
        self._until = list(accumulate(self.weight(d.scene) for d in self._drawn))

    def batch(self, rng: random.Random, size: int) -> tuple[torch.Tensor, list[DrawnScene]]:
        """Return `size` random latents, float32 (size, 4, h, w), and what was drawn."""
        chosen = rng.choices(range(len(self)), cum_weights=self._until, k=size)
        places = [divmod(one, len(self._latents[0])) for one in chosen]
        rows = np.stack([self._latents[shard][row] for shard, row in places]).astype(np.float32)
        return torch.from_numpy(rows), [self._drawn[one] for one in chosen]


def _lines(file: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in file.read_text("utf-8").splitlines()]


def _drawn(line: dict[str, Any]) -> DrawnScene:
    return DrawnScene(Scene.from_dict(line["scene"]), tuple(Placed(*thing) for thing in line["placed"]))


def main() -> None:
    """Read the command line and write the shards that are not there yet."""
    from diffusers import AutoModel

    from gptsmith.models.pictures.captioner_training import device

    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--autoencoder", type=Path, required=True, help="a diffusers folder")
    parser.add_argument("--shards", type=int, default=50, help=f"of {SHARD} scenes")
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args()
    vae = AutoModel.from_pretrained(str(given.autoencoder), torch_dtype=torch.bfloat16)
    vae = vae.eval().to(device(), memory_format=torch.channels_last)
    for number in range(given.shards):
        write_shard(given.out, number, vae, seed=given.seed)


if __name__ == "__main__":
    main()
