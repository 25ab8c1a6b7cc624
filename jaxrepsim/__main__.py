"""`python -m jaxrepsim` is `jaxrepsim`."""

import sys

from jaxrepsim.cli import main

sys.exit(main())
