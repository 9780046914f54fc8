"""What a cell says about its tracks and observations at a tick: rows and links."""

import numpy as np

# A track seen at an instant, in the frame of its cell (x east, y north, metres).
TRACK_ROW = np.dtype(
    [
        ("track_id", "<u8"),  # 63 bits, so that it is a positive Avro long
        ("x_m", "<f8"),
        ("y_m", "<f8"),
        ("z_m", "<f4"),  # NaN if never observed
        ("vx_mps", "<f4"),
        ("vy_mps", "<f4"),
        ("acceleration_mps2", "<f4"),  # along the heading; NaN if not estimated
        ("turn_rate_radps", "<f4"),  # counter-clockwise; NaN if not estimated
        ("heading_rad", "<f4"),  # counter-clockwise from +x; NaN if unknown
        ("length_m", "<f4"),
        ("width_m", "<f4"),
        ("height_m", "<f4"),
        ("cov_xx_m2", "<f4"),
        ("cov_xy_m2", "<f4"),
        ("cov_yy_m2", "<f4"),
        ("velocity_variance_m2ps2", "<f4"),  # mean of the two axes
        ("existence", "<f4"),  # probability
        ("class_probability", "<f4"),
        ("object_class", "u1"),
        ("confirmed", "u1"),
        ("observations", "<u2"),  # used for it since the previous tick
        ("sources", "<u8"),  # bit s: source slot s contributed in the last second
        ("born_us", "<i8"),
        ("last_us", "<i8"),  # event time of its last observation
    ]
)

# What became of one observation.
LINK = np.dtype(
    [
        ("track_id", "<u8"),  # 0 if it was not used
        ("use", "u1"),  # operators.reasons.Use
        ("residual", "<f4"),  # normalised innovation squared, of 2 degrees; NaN if unused
        ("weight", "<f4"),  # its share of the track's information after the update, 0..1
    ]
)
