"""Float64 on or off for a block, whatever the version of JAX."""

import jax
from jax import experimental

# Before JAX 0.8 it is elsewhere.
enable_x64 = jax.enable_x64 if hasattr(jax, "enable_x64") else experimental.enable_x64  # pyright: ignore[reportAttributeAccessIssue]
