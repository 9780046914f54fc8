import json

import httpx
import pytest
from confluent_kafka.schema_registry import Schema, SchemaRegistryClient, SchemaRegistryError
from confluent_kafka.schema_registry.avro import AvroDeserializer, AvroSerializer
from confluent_kafka.serialization import MessageField, SerializationContext

from tests.waiting import PATIENCE_S

pytestmark = pytest.mark.engine


@pytest.fixture(scope="module")
def registry(service):
    return service("infra.local.registry")


@pytest.fixture
def call(registry):
    """call(method, path, body) -> (status, answer)"""
    with httpx.Client(base_url=f"http://127.0.0.1:{registry.port}", timeout=PATIENCE_S) as client:

        def request(method, path, body=None):
            answer = client.request(method, path, json=body)
            return answer.status_code, answer.json()

        yield request


@pytest.fixture
def subject(request):
    """A subject of the test's own, with a slash to be quoted."""
    return f"{request.node.name}-value"


def avro(*fields):
    listed = [{"name": name, "type": "long", **more} for name, more in fields]
    return {"schema": json.dumps({"type": "record", "name": "R", "fields": listed})}


A = avro(("a", {}))
A_B = avro(("a", {}), ("b", {"default": 0}))
A_B_C = avro(("a", {}), ("b", {}), ("c", {"default": 0}))
A_D = avro(("a", {}), ("d", {}))


def test_a_schema_is_registered_once(call, subject):
    status, first = call("POST", f"/subjects/{subject}/versions", A)
    assert status == 200
    spaced = {"schema": json.dumps(json.loads(A["schema"]), indent=3)}
    assert call("POST", f"/subjects/{subject}/versions", spaced) == (200, first)
    assert call("POST", f"/subjects/{subject}-2/versions", A) == (200, first)
    assert call("GET", f"/subjects/{subject}/versions") == (200, [1])


def test_versions_are_found_again(call, subject):
    ids = [call("POST", f"/subjects/{subject}/versions", one)[1]["id"] for one in (A, A_B)]
    status, latest = call("GET", f"/subjects/{subject}/versions/latest")
    assert (status, latest["version"], latest["id"], latest["subject"]) == (200, 2, ids[1], subject)
    assert call("GET", f"/subjects/{subject}/versions/1")[1]["id"] == ids[0]
    assert call("POST", f"/subjects/{subject}", A)[1]["version"] == 1
    assert json.loads(call("GET", f"/schemas/ids/{ids[1]}")[1]["schema"]) == json.loads(
        A_B["schema"]
    )
    assert {"subject": subject, "version": 2} in call("GET", f"/schemas/ids/{ids[1]}/versions")[1]
    assert subject in call("GET", "/subjects")[1]
    assert call("GET", "/schemas/types") == (200, ["AVRO"])


@pytest.mark.parametrize(
    ("method", "path", "body", "status", "code"),
    [
        ("GET", "/subjects/nobody/versions", None, 404, 40401),
        ("GET", "/subjects/nobody/versions/1", None, 404, 40401),
        ("GET", "/subjects/known/versions/9", None, 404, 40402),
        ("GET", "/subjects/known/versions/0", None, 422, 42202),
        ("GET", "/subjects/known/versions/x", None, 422, 42202),
        ("GET", "/schemas/ids/99999", None, 404, 40403),
        ("POST", "/subjects/nobody", A, 404, 40401),
        ("POST", "/subjects/known", A_D, 404, 40403),
        ("POST", "/subjects/known/versions", A_D, 409, 409),
        ("POST", "/subjects/known/versions", {"schema": "{"}, 422, 42201),
        ("POST", "/subjects/known/versions", {"schema": '{"type": "nonsense"}'}, 422, 42201),
        ("POST", "/subjects/known/versions", {"schema": '{"type": "record"}'}, 422, 42201),
        ("POST", "/subjects/known/versions", {"schema": "[1]"}, 422, 42201),
        ("POST", "/subjects/known/versions", {}, 422, 42201),
        ("POST", "/subjects/known/versions", {"schemaType": "JSON", "schema": "{}"}, 422, 42201),
        ("POST", "/subjects/known/versions", [], 400, 400),
        ("PUT", "/config", {"compatibility": "SOMETIMES"}, 422, 42203),
        ("GET", "/config/known", None, 404, 40408),
        ("GET", "/nowhere", None, 404, 404),
        ("DELETE", "/subjects/known", None, 405, 405),
    ],
)
def test_a_refusal_has_confluents_code(call, method, path, body, status, code):
    call("POST", "/subjects/known/versions", A)
    got_status, answer = call(method, path, body)
    assert (got_status, answer["error_code"]) == (status, code)
    assert answer["message"]


@pytest.mark.parametrize(
    ("level", "first", "second", "third", "is_compatible"),
    [
        ("NONE", A, A_B, A_D, True),
        ("BACKWARD", A, A_B, A_B_C, True),
        ("BACKWARD_TRANSITIVE", A, A_B, A_B_C, False),
        ("FORWARD", A_B_C, A_B_C, A_D, False),
        ("FORWARD", A, A_B, A_D, True),
        ("FULL", A, A_B, A, True),
        ("FULL", A, A_B, A_D, False),
        ("FULL_TRANSITIVE", A, A_B, A_B_C, False),
        ("FORWARD", A_D, A, A_B, True),
        ("FORWARD_TRANSITIVE", A_D, A, A_B, False),
        ("FORWARD_TRANSITIVE", A, A_B, A_D, True),
    ],
)
def test_a_level_decides_what_may_follow(call, subject, level, first, second, third, is_compatible):
    call("PUT", f"/config/{subject}", {"compatibility": "NONE"})
    for one in (first, second):
        call("POST", f"/subjects/{subject}/versions", one)
    assert call("PUT", f"/config/{subject}", {"compatibility": level})[0] == 200
    assert call("GET", f"/config/{subject}") == (200, {"compatibilityLevel": level})
    answer = call("POST", f"/compatibility/subjects/{subject}/versions?verbose=true", third)[1]
    assert (answer["is_compatible"], not answer["messages"]) == (is_compatible, is_compatible)
    status, _ = call("POST", f"/subjects/{subject}/versions", third)
    assert status == (200 if is_compatible else 409)


def test_compatibility_with_one_version_can_be_asked(call, subject):
    call("PUT", f"/config/{subject}", {"compatibility": "NONE"})
    for one in (A, A_B):
        call("POST", f"/subjects/{subject}/versions", one)
    call("PUT", f"/config/{subject}", {"compatibility": "BACKWARD"})
    ask = f"/compatibility/subjects/{subject}/versions"
    assert call("POST", f"{ask}/1", A_B_C) == (200, {"is_compatible": False})
    assert call("POST", f"{ask}/latest", A_B_C) == (200, {"is_compatible": True})
    assert call("POST", f"{ask}/7", A_B_C)[1]["error_code"] == 40402


def test_the_global_level_reads_all_that_was_written(call):
    assert call("GET", "/config") == (200, {"compatibilityLevel": "BACKWARD_TRANSITIVE"})
    asked = call("GET", "/config/nobody?defaultToGlobal=true")
    assert asked == (200, {"compatibilityLevel": "BACKWARD_TRANSITIVE"})


def test_confluents_serializers_work(registry):
    context = SerializationContext("topic", MessageField.VALUE)
    with SchemaRegistryClient({"url": f"http://127.0.0.1:{registry.port}"}) as client:
        message = AvroSerializer(client, A["schema"])({"a": 5}, context)
        latest = client.get_latest_version("topic-value")
        assert message[:5] == b"\0" + latest.schema_id.to_bytes(4, "big")
        assert AvroDeserializer(client, A_B["schema"])(message, context) == {"a": 5, "b": 0}
        assert client.get_compatibility() == "BACKWARD_TRANSITIVE"
        with pytest.raises(SchemaRegistryError) as refused:
            client.register_schema("topic-value", Schema(A_D["schema"], "AVRO"))
        assert refused.value.error_code == 409


def test_ids_survive_a_kill_and_a_torn_last_line(service):
    registry = service("infra.local.registry")
    url = f"http://127.0.0.1:{registry.port}"

    def ask(method, path, body=None):
        # a connection for each: the server dies in between
        return httpx.request(method, f"{url}{path}", json=body, timeout=PATIENCE_S).json()

    def register(name, schema):
        return ask("POST", f"/subjects/{name}/versions", schema)["id"]

    ids = [register("x", A), register("x", A_B), register("y", A_D)]
    ask("PUT", "/config/x", {"compatibility": "FULL"})
    registry.kill()
    with (registry.folder / "registry.jsonl").open("ab") as journal:
        journal.write(b'{"subject": "z", "ver')
    registry.start()
    assert [register("x", A), register("x", A_B), register("y", A_D)] == ids
    assert register("w", A_B_C) == max(ids) + 1
    assert ask("GET", "/config/x") == {"compatibilityLevel": "FULL"}
    assert registry.stop() == 0
    registry.start()
    assert ask("GET", "/subjects") == ["w", "x", "y"]
