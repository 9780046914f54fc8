"""States of segments and approaches, from pictures, signals and the road network.

sort -> scene -> segments | approaches: what runs in `jobs.segments`, and in memory in `flow`.
"""
