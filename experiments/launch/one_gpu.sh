#!/usr/bin/env bash
# All runs of a config file on one GPU. The same command again goes on where the last one stopped.
#
#   experiments/launch/one_gpu.sh configs/figure1/resnet18_cifar10.py
#
# Options after the config file are those of `jaxrepsim run`. CUDA_VISIBLE_DEVICES chooses the GPU, by default the first.
# Not run on a GPU yet: see docs/accelerators.md.
set -euo pipefail

if (($# == 0)); then
    echo "usage: $0 CONFIG [OPTION...]" >&2
    exit 2
fi
export CUDA_VISIBLE_DEVICES="${CUDA_VISIBLE_DEVICES:-0}"
# With a platform named, JAX fails where it finds no GPU, and does not train on the CPU for weeks.
export JAX_PLATFORMS="${JAX_PLATFORMS:-cuda,cpu}"
# `exec`, so that a SIGTERM from a batch system reaches the training, which then writes a checkpoint.
exec jaxrepsim run "$@"
