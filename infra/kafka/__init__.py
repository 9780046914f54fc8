"""Topics on a broker."""
