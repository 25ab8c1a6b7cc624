"""Activations on fewer samples with the same geometry."""

from jaxrepsim.compression.compressed import Compressed as Compressed
from jaxrepsim.compression.compressed import summarise as summarise
from jaxrepsim.compression.gram import GramMatrix as GramMatrix
from jaxrepsim.compression.one_shot import compress as compress
from jaxrepsim.compression.sharded import compress_sharded as compress_sharded
from jaxrepsim.compression.streaming import Compression as Compression
from jaxrepsim.compression.streaming import error_bound as error_bound
from jaxrepsim.compression.streaming import finalize as finalize
from jaxrepsim.compression.streaming import init as init
from jaxrepsim.compression.streaming import merge as merge
from jaxrepsim.compression.streaming import summary as summary
from jaxrepsim.compression.streaming import update as update
from jaxrepsim.compression.triangles import Triangle as Triangle
