#!/bin/sh
# The generator: latents of 49,152 scenes, the looks of things, then 320,000 samples. Run again to resume.
set -e
OUT=${OUT:-runs/out}
${PYTHON:-python} -m training.latents --out "$OUT/latents" --autoencoder "$OUT/autoencoder/first" --shards 24
${PYTHON:-python} -m training.looks --out "$OUT/looks" --autoencoder "$OUT/autoencoder/first"
${PYTHON:-python} -m training.generator --out "$OUT/generator" --latents "$OUT/latents" --looks "$OUT/looks" \
  --steps "${STEPS:-10000}" --batch 32 --lr 6e-4 ${START:+--start "$START"}
