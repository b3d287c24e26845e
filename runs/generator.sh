#!/bin/sh
# The generator: latents of 49,152 scenes, then 1.3 million samples of them. Run again to resume.
set -e
OUT=${OUT:-runs/out}
${PYTHON:-python} -m gptsmith.models.training.latents --out "$OUT/latents" --autoencoder "$OUT/autoencoder/first" --shards 24
${PYTHON:-python} -m gptsmith.models.training.generator --out "$OUT/generator" --latents "$OUT/latents" --steps 20000 --batch 64 --lr 7e-4
