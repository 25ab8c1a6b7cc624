"""The activations of a model: collected, flattened to (samples, units), sampled, stored."""

from jaxrepsim.activations.collect import collect as collect
from jaxrepsim.activations.collect import collect_batches as collect_batches
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
