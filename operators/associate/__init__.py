"""Which observation belongs to which track: index, gate, assignment."""
