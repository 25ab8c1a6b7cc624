"""Eight devices, for a process of its own: how many there are is settled when JAX starts."""

import os


def eight_devices() -> dict[str, str]:
    """Environment variables that give a process eight devices of the CPU."""
    flags = f"{os.environ.get('XLA_FLAGS', '')} --xla_force_host_platform_device_count=8"
    return {"XLA_FLAGS": flags, "JAX_PLATFORMS": "cpu"}
