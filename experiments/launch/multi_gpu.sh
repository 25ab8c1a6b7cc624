#!/usr/bin/env bash
# All runs of a config file on the GPUs of one machine, by several processes that share them out: each trains its share
# of the seeds on its own GPUs, then all extract on all of them. The same command again goes on where the last one
# stopped.
#
#   experiments/launch/multi_gpu.sh configs/figure1/vggs_cifar10.py                  a process a GPU
#   PROCESSES=1 experiments/launch/multi_gpu.sh configs/figure1/vgg16_imagenet.py    each batch over all GPUs
#
# Options after the config file are those of `jaxrepsim run`. From the environment:
#   PROCESSES             how many, a divisor of the number of GPUs, which is the default; in training no more than
#                         there are seeds have something to do
#   PORT                  at which the first process listens for the others, by default 8476
#   CUDA_VISIBLE_DEVICES  chooses GPUs, by default all
# Not run on GPUs yet: see docs/accelerators.md.
set -euo pipefail

if (($# == 0)); then
    echo "usage: [PROCESSES=N] $0 CONFIG [OPTION...]" >&2
    exit 2
fi
# JAX would train on the CPU for weeks, without a word where there is no GPU; where it cannot use those that are there,
# it fails because the platform is named.
if [[ -z "${JAX_PLATFORMS:-}" ]] && [[ "$(nvidia-smi --list-gpus 2>/dev/null)" != "GPU "* ]]; then
    echo "error: nvidia-smi lists no GPU; JAX_PLATFORMS=cpu runs on the CPU all the same" >&2
    exit 2
fi
export JAX_PLATFORMS="${JAX_PLATFORMS:-cuda,cpu}"
if [[ -n "${CUDA_VISIBLE_DEVICES:-}" ]]; then
    gpus=$(tr ',' '\n' <<<"$CUDA_VISIBLE_DEVICES" | grep -c .)
else
    gpus=$(nvidia-smi --list-gpus | grep -c .)
fi
processes=${PROCESSES:-$gpus}
if ((processes < 1 || gpus % processes)); then
    echo "error: PROCESSES=$processes does not divide the $gpus GPUs" >&2
    exit 2
fi
if ((processes == 1)); then
    exec jaxrepsim run "$@"
fi

export JAX_COORDINATOR_ADDRESS="localhost:${PORT:-8476}" JAX_NUM_PROCESSES="$processes"
share=$((gpus / processes))
children=()
# A SIGTERM from a batch system goes on to all, and each writes a checkpoint; Ctrl-C, which they do not hear, likewise.
trap 'kill -TERM "${children[@]}" 2>/dev/null || true' TERM INT
for ((number = 0; number < processes; number++)); do
    own=$(seq -s, $((number * share)) $((number * share + share - 1)))
    JAX_PROCESS_ID="$number" JAX_LOCAL_DEVICE_IDS="$own" jaxrepsim run "$@" &
    children+=($!)
done
status=0
for child in "${children[@]}"; do
    # The trap ends a `wait` whose process is still there.
    while code=0 && { wait "$child" || code=$?; } && kill -0 "$child" 2>/dev/null; do :; done
    if ((status == 0)); then
        status=$code
    fi
done
exit "$status"
