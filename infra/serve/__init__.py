"""The HTTP service: what is on the road now and was before, for applications; it writes nothing."""
