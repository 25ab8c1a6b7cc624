"""`python -m jaxrepsim` is `jaxrepsim`."""

import sys

from jaxrepsim import MissingPackageError, __version__
from jaxrepsim.extras import needs


def main() -> int:
    """Runs the command line, where what it needs is installed; `jaxrepsim --version` needs nothing more.

    Returns:
        The exit status; see `jaxrepsim.cli.main`. 2 where packages are missing, told in one message.
    """
    if sys.argv[1:] == ["--version"]:
        print(f"jaxrepsim {__version__}")
        return 0
    try:
        with needs("experiments", "the command line"):
            from jaxrepsim import cli
    except MissingPackageError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    return cli.main()


if __name__ == "__main__":
    sys.exit(main())
