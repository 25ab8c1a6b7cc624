"""Writing sets from their original files, in the format of tensorflow-datasets and without TensorFlow: one a file."""

from jaxrepsim.data.preparation.sets import PREPARERS as PREPARERS
from jaxrepsim.data.preparation.sets import prepare as prepare
