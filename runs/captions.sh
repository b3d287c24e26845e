#!/bin/sh
# The experiment on captions: one generator for each kind, same pictures, seed and steps; captions by our captioner.
# Each is narrower than the shipped one and sees 48,000 samples. Scored by `python -m benchmarks.experiment`.
set -e
OUT=${OUT:-runs/out} STEPS=${STEPS:-1500}
${PYTHON:-python} -m training.latents --out "$OUT/captions/latents" --autoencoder "$OUT/autoencoder/first" --shards 12
${PYTHON:-python} -m training.looks --out "$OUT/looks" --autoencoder "$OUT/autoencoder/first"
${PYTHON:-python} -m training.recaption --latents "$OUT/captions/latents" --captioner "$OUT/captioner/final"
for arm in alt short descriptive mixed; do
  ${PYTHON:-python} -m training.generator --out "$OUT/captions/$arm" --latents "$OUT/captions/latents" \
    --looks "$OUT/looks" --arm "$arm" --steps "$STEPS" --batch 32 --lr 6e-4 --width 256
done
