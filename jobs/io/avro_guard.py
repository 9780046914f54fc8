"""What a schema must promise before a decoder of Avro is let at foreign bytes.

A recursive schema lets 10 kB of nesting end the process; an array of items that take no byte lets
a message of 5 bytes become a list of 50 million [measured with fastavro 1.13]. Neither can be
caught while it decodes. With the schemas that pass here, nesting is that of the schema, and what is
built is bounded by the bytes of the message.
"""

from typing import Any

import schemas

_LEAST_BYTES = {
    "null": 0, "boolean": 1, "int": 1, "long": 1, "float": 4, "double": 8, "bytes": 1, "string": 1,
}  # fmt: skip


def vet(schema: Any) -> int:
    """Fewest bytes that a value of a schema takes.

    Raises
    ------
    schemas.SchemaError
        If the schema refers to a named type again, or a list or map has items that may take no
        byte.
    """
    if isinstance(schema, list):
        return 1 + min(vet(branch) for branch in schema)
    if isinstance(schema, str):
        if schema not in _LEAST_BYTES:
            msg = f"the schema refers to {schema!r}: write the type out, none may hold itself"
            raise schemas.SchemaError(msg)
        return _LEAST_BYTES[schema]
    kind = schema["type"]
    if kind == "record":
        return sum(vet(field["type"]) for field in schema["fields"])
    if kind in ("array", "map"):
        items = schema["items" if kind == "array" else "values"]
        if vet(items) + (kind == "map") == 0:
            msg = f"a list of {items!r}: its items take no byte, so that its length has no bound"
            raise schemas.SchemaError(msg)
        return 1
    if kind == "fixed":
        return int(schema["size"])
    return 1 if kind == "enum" else vet(kind)
