"""Array aliases shared by the pure core."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]
BoolArray = NDArray[np.bool_]
RecordArray = NDArray[Any]  # a structured array; its dtype constant is named beside each use
Vector = tuple[float, ...]  # in kernels: a small vector, or the upper triangle of a matrix by rows
