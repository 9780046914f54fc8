"""The DDL of a single server as that of a cluster of replicas.

One set of migration files serves both; what differs is rewritten here. No cluster could be started
where this was made: the text is tested, its run on a cluster is not.
"""

import re

_TARGET = re.compile(
    r"""^(?P<head>
        (?:CREATE|DROP)\s+(?:OR\s+REPLACE\s+)?(?:MATERIALIZED\s+VIEW|TABLE|VIEW|DATABASE)
        (?:\s+IF\s+(?:NOT\s+)?EXISTS)?\s+[\w.]+
      | ALTER\s+TABLE\s+[\w.]+
      | (?:CREATE|DROP)\s+FUNCTION(?:\s+IF\s+(?:NOT\s+)?EXISTS)?\s+\w+
      | (?:CREATE|DROP)\s+ROLE(?:\s+IF\s+(?:NOT\s+)?EXISTS)?\s+\w+
      | (?:CREATE|DROP)\s+ROW\s+POLICY(?:\s+IF\s+(?:NOT\s+)?EXISTS)?\s+\w+
    )(?=[\s(;]|$)""",
    re.VERBOSE,
)
_GRANT = re.compile(r"^(GRANT|REVOKE)\b")
_ENGINE = re.compile(r"\bENGINE\s*=\s*(?=\w*MergeTree\b)")
_WINDOW = re.compile(r"\bnon_replicated_deduplication_window\s*=\s*(\d+)")
_REMEMBERED_S = 7 * 86400  # an outage of a week must not outlive the tokens


def replicated(statement: str, cluster: str) -> str:
    """Rewrite one statement for a cluster; without one it stays as it is.

    Parameters
    ----------
    statement
        DDL, or anything else, which comes back unchanged. Comments before it are dropped.
    cluster
        Name of the cluster; empty for a single server. Engines take their place in Keeper from
        the servers' defaults (``default_replica_path``).
    """
    if not cluster:
        return statement
    lines = statement.splitlines()
    while lines and lines[0].lstrip().startswith("--"):
        lines.pop(0)
    made = "\n".join(lines)
    made = _TARGET.sub(lambda found: f"{found['head']} ON CLUSTER {cluster}", made, count=1)
    made = _GRANT.sub(rf"\1 ON CLUSTER {cluster}", made, count=1)
    made = _ENGINE.sub("ENGINE = Replicated", made)
    return _WINDOW.sub(
        rf"replicated_deduplication_window = \1,"
        rf" replicated_deduplication_window_seconds = {_REMEMBERED_S}",
        made,
    )
