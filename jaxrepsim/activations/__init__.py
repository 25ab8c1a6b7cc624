"""The activations of a model: captured, flattened to (samples, units), sampled, compressed, stored."""

from jaxrepsim.activations.capture import capture as capture
from jaxrepsim.activations.compressed import capture_compressed as capture_compressed
from jaxrepsim.activations.fingerprint import fingerprint as fingerprint
from jaxrepsim.activations.formats import SUFFIXES as SUFFIXES
from jaxrepsim.activations.layouts import FILE_LAYOUTS as FILE_LAYOUTS
from jaxrepsim.activations.sampling import layer_key as layer_key
from jaxrepsim.activations.sampling import positions_of_each as positions_of_each
from jaxrepsim.activations.sampling import sample_positions as sample_positions
from jaxrepsim.activations.store import ActivationFile as ActivationFile
from jaxrepsim.activations.store import load as load
from jaxrepsim.activations.store import not_activations as not_activations
from jaxrepsim.activations.store import save as save
from jaxrepsim.activations.units import as_units as as_units
from jaxrepsim.activations.units import check_finite as check_finite
