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
# JAX would train on the CPU for weeks, without a word where there is no GPU; where it cannot use the one that is there,
# it fails because the platform is named.
if [[ -z "${JAX_PLATFORMS:-}" ]] && [[ "$(nvidia-smi --list-gpus 2>/dev/null)" != "GPU "* ]]; then
    echo "error: nvidia-smi lists no GPU; JAX_PLATFORMS=cpu runs on the CPU all the same" >&2
    exit 2
fi
export CUDA_VISIBLE_DEVICES="${CUDA_VISIBLE_DEVICES:-0}"
export JAX_PLATFORMS="${JAX_PLATFORMS:-cuda,cpu}"
# `exec`, so that a SIGTERM from a batch system reaches the training, which then writes a checkpoint.
exec jaxrepsim run "$@"
