import pytest
from fastavro.schema import parse_schema

from infra.local.registry.resolution import conflicts


def record(*fields, name="R", **more):
    return {"type": "record", "name": name, "fields": list(fields), **more}


def field(name, kind="long", **more):
    return {"name": name, "type": kind, **more}


def enum(*symbols, **more):
    return {"type": "enum", "name": "E", "symbols": list(symbols), **more}


def fixed(size):
    return {"type": "fixed", "name": "F", "size": size}


def tree(*more):
    children = field("children", {"type": "array", "items": "R"})
    return record(field("v"), children, *more)


def decimal(scale):
    return {"type": "bytes", "logicalType": "decimal", "precision": 9, "scale": scale}


def array(items):
    return {"type": "array", "items": items}


def values(kind):
    return {"type": "map", "values": kind}


def outer(*fields):
    """A record whose field i is a record of the given fields."""
    return record(field("i", record(*fields, name="I")))


A, B, X, Y = field("a"), field("b"), field("x"), field("y")
B_0, Y_0 = field("b", default=0), field("y", default=0)
INT, LONG = field("a", "int"), field("a", "long")
TWICE = record(field("i", record(X, name="I")), field("j", "I"))
MICROS = {"type": "long", "logicalType": "timestamp-micros"}
EVOLUTIONS = [
    # change, reader, writer, can be read
    ("nothing", record(A), record(A), True),
    ("field added with default", record(A, B_0), record(A), True),
    ("field added without default", record(A, B), record(A), False),
    ("field removed", record(A), record(A, B), True),
    ("field renamed with alias", record(field("b", aliases=["a"])), record(A), True),
    ("field renamed without alias", record(B), record(A), False),
    ("fields in another order", record(B, A), record(A, B), True),
    ("record renamed with alias", record(name="S", aliases=["R"]), record(), True),
    ("record renamed without alias", record(name="S"), record(), False),
    ("record moved to a namespace", record(namespace="n"), record(), True),
    ("int to long in a field", record(LONG), record(INT), True),
    ("long to int in a field", record(INT), record(LONG), False),
    ("int to double", "double", "int", True),
    ("long to float", "float", "long", True),
    ("float to double", "double", "float", True),
    ("long to int", "int", "long", False),
    ("double to float", "float", "double", False),
    ("string to bytes", "bytes", "string", True),
    ("bytes to string", "string", "bytes", True),
    ("string to long", "long", "string", False),
    ("boolean to int", "int", "boolean", False),
    ("enum symbol added to the reader", enum("a", "b"), enum("a"), True),
    ("enum symbol added to the writer", enum("a"), enum("a", "b"), False),
    ("enum symbol unknown but default", enum("a", default="a"), enum("a", "b"), True),
    ("type to union", ["null", "long"], "long", True),
    ("type promoted into union", ["null", "double"], "int", True),
    ("type to union without it", ["null", "string"], "long", False),
    ("union widened", ["null", "long", "string"], ["null", "long"], True),
    ("union narrowed", ["null", "long"], ["null", "long", "string"], False),
    ("union of types that all promote", "long", ["int", "long"], True),
    ("null dropped", "long", ["null", "long"], False),
    ("fixed of the same size", fixed(4), fixed(4), True),
    ("fixed of another size", fixed(4), fixed(8), False),
    ("array items promoted", array("long"), array("int"), True),
    ("array items narrowed", array("int"), array("long"), False),
    ("map values promoted", values("long"), values("int"), True),
    ("array to map", values("int"), array("int"), False),
    ("nested record needs more", outer(X, Y), outer(X), False),
    ("nested record grown", outer(X, Y_0), outer(X), True),
    ("named type used twice", TWICE, TWICE, True),
    ("recursive type", tree(), tree(), True),
    ("recursive type grown", tree(B_0), tree(), True),
    ("recursive type broken", tree(B), tree(), False),
    ("logical time", MICROS, "long", True),
    ("decimal of another scale", decimal(2), decimal(3), False),
    ("decimal of the same scale", decimal(2), decimal(2), True),
]


@pytest.mark.parametrize(
    ("reader", "writer", "is_readable"),
    [evolution[1:] for evolution in EVOLUTIONS],
    ids=[evolution[0] for evolution in EVOLUTIONS],
)
def test_an_evolution_is_judged_by_avros_rules(reader, writer, is_readable):
    assert (conflicts(parse_schema(reader), parse_schema(writer)) == []) == is_readable


def test_an_obstacle_names_its_place():
    assert conflicts(parse_schema(outer(X, Y)), parse_schema(outer(X))) == [
        "/i/y: the writer has no such field and the reader no default"
    ]


def test_a_failed_branch_leaves_no_assumption_behind():
    def with_p(name, size):
        return record(field("p", record(field("f", fixed(size)), name="P")), name=name)

    reader = parse_schema([with_p("A", 8), record(field("p", "P"), name="B", aliases=["A"])])
    assert conflicts(reader, parse_schema(with_p("A", 4)))
