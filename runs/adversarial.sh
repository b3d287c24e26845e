#!/bin/sh
# What an adversarial term changes: 6,000 pictures more for the autoencoder's decoder, with and without it.
set -e
OUT=${OUT:-runs/out}
for weight in 0 0.05; do
  ${PYTHON:-python} -m training.adversarial --out "$OUT/adversarial-$weight" \
    --autoencoder "$OUT/autoencoder/final" --weight "$weight" --steps 1500 --batch 4
done
