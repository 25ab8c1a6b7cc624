#!/usr/bin/env bash
# All runs of a config file on a TPU slice of Google Cloud, one process on each of its hosts: the seeds are shared out,
# each is trained on the chips of one host, then all extract on all chips. The same command again goes on where the last
# one stopped.
#
#   TPU=my-slice ZONE=us-central2-b FOLDER=/mnt/shared/jaxrepsim \
#       experiments/launch/tpu_slice.sh configs/figure1/vgg16_imagenet.py
#
# Options after the config file are those of `jaxrepsim run`. From the environment:
#   TPU, ZONE  the slice
#   FOLDER     the clone, on a file system that every host has mounted there, with a virtual environment .venv into which
#              ".[tpu,experiments]" is installed; runs/ go there too
#   DATA       the folder of prepared data sets, the same on every host, by default FOLDER/data
# Not run on a TPU yet: see docs/accelerators.md.
set -euo pipefail

if (($# == 0)) || [[ -z "${TPU:-}" || -z "${ZONE:-}" || -z "${FOLDER:-}" ]]; then
    echo "usage: TPU=NAME ZONE=ZONE FOLDER=FOLDER $0 CONFIG [OPTION...]" >&2
    exit 2
fi
quoted() { printf '%q ' "$@"; }
exec gcloud compute tpus tpu-vm ssh "$TPU" --zone "$ZONE" --worker=all --command \
    "cd $(quoted "$FOLDER")&& . .venv/bin/activate && export TFDS_DATA_DIR=$(quoted "${DATA:-$FOLDER/data}")&& \
exec $(quoted jaxrepsim run "$@" --processes auto)"
