#!/bin/sh
# The shipped autoencoder: 36,000 crops and pictures of the small world. Run again to resume.
set -e
OUT=${OUT:-runs/out}
${PYTHON:-python} -m gptsmith.models.training.autoencoder --out "$OUT/autoencoder" --steps 9000 --batch 4 --lr 1e-3
