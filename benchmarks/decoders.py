"""Decoders of pictures side by side: what each makes of unseen scenes, in figures and as a grid.

python -m benchmarks.decoders FOLDER... [--grid grid.png] [--pictures 64]

The folders are those of autoencoders (`runs/autoencoder.sh`, `runs/adversarial.sh`). The grid shows the scenes in its
first row, then a row for each folder.
"""

from __future__ import annotations

import argparse
import random
from pathlib import Path

import numpy as np
import torch
from diffusers import AutoencoderTiny
from PIL import Image

from training import adversarial, autoencoder

SHOWN = 6


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folders", type=Path, nargs="+")
    parser.add_argument("--grid", type=Path)
    parser.add_argument("--pictures", type=int, default=64)
    given = parser.parse_args()
    x = autoencoder.pictures(random.Random("decoders"), given.pictures, 128)
    rows = [x[:SHOWN]]
    with torch.no_grad():
        for folder in given.folders:
            model = AutoencoderTiny.from_pretrained(folder).eval()
            figures = autoencoder.measure(model, x)
            print(f"{folder}  {figures['psnr']:.2f} dB, {adversarial.sharpness(model, x):.3f} of the fine detail")
            rows.append(model.decode(model.encode(x[:SHOWN]).latents).sample.clamp(-1, 1))
    if given.grid:
        pixels = (torch.stack(rows) + 1).mul(127.5).permute(0, 3, 1, 4, 2)  # row, y, picture, x, channel
        sheet = pixels.reshape(len(rows) * 128, SHOWN * 128, 3).numpy()
        Image.fromarray(sheet.astype(np.uint8)).save(given.grid, optimize=True)


if __name__ == "__main__":
    main()
