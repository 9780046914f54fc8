"""The one way in which a kernel is compiled.

Kernels are module-level functions of arrays and scalars, so that the compiled code can be kept on
disk and read by other processes. Rules that keep equal input at equal bytes: no fastmath (it lets
the compiler reorder sums), no threads, no hash-ordered containers.

The kept code of a function is renewed when *its own file* changes; a caller in another file keeps
what it has compiled in. After editing a kernel remove the ``*.nbi`` files, or give each release
its own cache folder (``NUMBA_CACHE_DIR``).
"""

from collections.abc import Callable
from typing import Any, TypeAlias, TypeVar, cast

import numpy as np
from numba import njit
from numpy.typing import NDArray

# One record of a structured array, as kernels hold it: a view whose fields are attributes.
Record: TypeAlias = Any
KeyArray = NDArray[np.uint64]
F = TypeVar("F", bound=Callable[..., object])


def compiled(kernel: F) -> F:
    """`kernel` as machine code, compiled at its first call or read from the cache on disk.

    Division by zero gives inf or NaN as in numpy; the plain function stays as ``.py_func``.
    """
    return cast("F", njit(cache=True, fastmath=False, error_model="numpy", nogil=True)(kernel))


def inlined(kernel: F) -> F:
    """As `compiled`, but made a part of each caller.

    For small functions of tuples and records: called, their values would go through memory, which
    takes longer than what they do.
    """
    return cast(
        "F",
        njit(cache=True, fastmath=False, error_model="numpy", nogil=True, forceinline=True)(kernel),
    )
