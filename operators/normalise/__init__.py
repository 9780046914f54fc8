"""From what messages say to instants, places and units that compare."""
