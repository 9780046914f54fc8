"""The local engine: the ClickHouse engine of chDB behind the native TCP protocol.

It stands in for a ClickHouse server on one machine. Query and insert semantics are the engine's
own; what belongs to a server (users, replication, Keeper, distributed tables) is absent.
A ``DateTime`` in a result has lost its time zone, as for a client before 2018; ``DateTime64``
keeps it.
"""
