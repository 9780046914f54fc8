"""Run queries in a folder of the engine as a user with given grants: `restricted.py FOLDER USERS`.

Queries come as JSON on standard input, a list of texts; answers go the same way: a text, or the
number of the error.
"""

import json
import re
import sys
from pathlib import Path

import chdb


def answers(folder: str, users: Path) -> list[str | int]:
    config = users.with_name("config.xml")
    config.write_text(
        f"<clickhouse><path>{folder}/</path><user_directories><users_xml>"
        f"<path>{users}</path></users_xml></user_directories></clickhouse>"
    )
    connection = chdb.connect(f"{folder}?config-file={config}")
    found = []
    for query in json.load(sys.stdin):
        try:
            found.append(str(connection.query(query, "TSV")).strip())
        except RuntimeError as error:
            found.append(int(re.search(r"Code: (\d+)", str(error))[1]))
    connection.close()
    return found


if __name__ == "__main__":
    sys.stdout.write(json.dumps(answers(sys.argv[1], Path(sys.argv[2]))))
