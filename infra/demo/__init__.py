"""The demo: recordings and a simulated district through a whole station, and what came out."""
