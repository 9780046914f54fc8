"""The pure core of the station: functions of (state, input), no IO, no clock.

    raw record -> decode -> front  (event time, dedup, disposition)   keyed by topic and partition
                         -> cell   (associate and fuse, one picture a tick)      keyed by H3 cell
                         -> identity (one id for an object in two cells)         one key
                         -> publish (rename, own, join context, account)         keyed by H3 cell
                         -> records of the fused topics

Each stateful stage is an `operators.step.KeyedStep`; `operators.pipeline` runs them in memory,
`jobs.runtime` in Flink.
"""
