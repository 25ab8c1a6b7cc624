"""How many files a process may have open."""

from jaxrepsim.errors import InputError

_RESERVED = 512  # for whatever else is open: libraries, checkpoints, pipes


def allow_open_files(count: int) -> None:
    """Raises the process's own limit where it is too low for so many files; ImageNet has 1,088, and 1,024 is common.

    Processes that are started later inherit it.

    Args:
        count: How many files will be open at once.

    Raises:
        InputError: The system does not allow so many.
    """
    try:
        import resource
    except ImportError:  # on Windows, which has no such limit
        return
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    needed = count + _RESERVED
    if soft == resource.RLIM_INFINITY or needed <= soft:
        return
    if hard != resource.RLIM_INFINITY and hard < needed:
        raise InputError(
            f"the data set has {count} files, which are open all at once, and this system allows {hard} open files:"
            f" raise its limit to {needed} (`ulimit -Hn`)"
        )
    resource.setrlimit(resource.RLIMIT_NOFILE, (needed, hard))
