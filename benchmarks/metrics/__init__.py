"""How right tracks are: the usual metrics of the field, each in its own small module."""
