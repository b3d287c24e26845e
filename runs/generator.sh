#!/bin/sh
# The generator: latents of 102,400 scenes, then 1.9 million samples of them. Run again to resume.
set -e
OUT=${OUT:-runs/out}
${PYTHON:-python} -m gptsmith.models.training.latents --out "$OUT/latents" --autoencoder "$OUT/autoencoder/final"
${PYTHON:-python} -m gptsmith.models.training.generator --out "$OUT/generator" --latents "$OUT/latents" --steps 60000
