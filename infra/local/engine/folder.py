"""Exclusive ownership of a state folder."""

import fcntl
from pathlib import Path
from typing import IO


def hold(folder: Path, name: str) -> IO[bytes]:
    """Own `folder`, which is made if absent, until the returned file is closed or the process dies.

    Parameters
    ----------
    folder
        Folder with state.
    name
        Of the lock file in it.

    Raises
    ------
    BlockingIOError
        Another process owns it.
    """
    folder.mkdir(parents=True, exist_ok=True)
    lock_file = (folder / name).open("ab")
    try:
        fcntl.flock(lock_file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        lock_file.close()
        raise
    return lock_file
