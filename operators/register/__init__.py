"""Clock offset, translation and yaw of each roadside unit of a cell, estimated while it runs."""
