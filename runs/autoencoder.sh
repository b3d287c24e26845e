#!/bin/sh
# The autoencoder: 25,600 crops for all of it, then 9,600 pictures for its decoder. Run again to resume.
set -e
OUT=${OUT:-runs/out}
${PYTHON:-python} -m training.autoencoder --out "$OUT/autoencoder" --steps 8000 --batch 8 --lr 1e-3
