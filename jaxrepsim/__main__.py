"""`python -m jaxrepsim` is `jaxrepsim`."""

import sys


def main() -> int:
    """Runs the command line, where what it needs is installed.

    Returns:
        The exit status; see `jaxrepsim.cli.main`. 2 where packages are missing, told in one message.
    """
    try:
        from jaxrepsim import cli
    except ModuleNotFoundError as error:
        if (error.name or "jaxrepsim").partition(".")[0] == "jaxrepsim":
            raise
        print(f'error: the command line needs more ({error}): pip install "jaxrepsim[experiments]"', file=sys.stderr)
        return 2
    return cli.main()


if __name__ == "__main__":
    sys.exit(main())
