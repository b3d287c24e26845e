#!/bin/sh
# The generator: latents of 49,152 scenes, then 140,800 samples of them. Run again to resume.
set -e
OUT=${OUT:-runs/out}
${PYTHON:-python} -m gptsmith.models.training.latents --out "$OUT/latents" --autoencoder "$OUT/autoencoder/first" --shards 24
${PYTHON:-python} -m gptsmith.models.training.generator --out "$OUT/generator" --latents "$OUT/latents" --steps "${STEPS:-4400}" --batch 32 --lr 6e-4 ${START:+--start "$START"}
