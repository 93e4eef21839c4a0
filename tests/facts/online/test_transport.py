"""Servers that are slow, busy, hostile or not there."""

from __future__ import annotations

import gzip
import json
import socket
import threading
import time
from collections.abc import Callable
from dataclasses import replace

import pytest

from multistage_cli.facts.online.addresses import is_loopback, same_origin
from multistage_cli.facts.online.failures import OnlineError, OutOfTimeError, UnreachableError
from multistage_cli.facts.online.transport import Limits, Transport
from tests.facts.online.images import OCI_INDEX, digest_of, image_of, layer_of
from tests.facts.online.servers import QUICK, Asked, Reply, Server, World, registry_answer

Open = Callable[..., World]
IMAGE = image_of([layer_of({"a": b"12345"})], {"User": "app"})


def get(server: Server, path: str = "/", **options: object) -> bytes:
    return Transport(QUICK).get(server.url + path, most_bytes=1_000, **options).body  # type: ignore[arg-type]


@pytest.mark.parametrize("status", [429, 500, 502, 503, 504])
def test_a_busy_server_is_asked_again(server: Server, status: int) -> None:
    server.answer = lambda asked: Reply(status) if len(server.asked) < 3 else Reply(200, b"now")
    assert get(server) == b"now"
    assert len(server.asked) == 3


@pytest.mark.parametrize("status", [400, 403, 404])
def test_a_refusal_is_final(server: Server, status: int) -> None:
    server.answer = lambda asked: Reply(status, b"why")
    assert get(server) == b""
    assert len(server.asked) == 1


def test_a_server_that_wants_a_long_pause_is_not_waited_for(server: Server) -> None:
    server.answer = lambda asked: Reply(429, headers={"Retry-After": "3600"})
    assert Transport(QUICK).get(server.url, most_bytes=10).status == 429
    assert len(server.asked) == 1


@pytest.mark.parametrize("value", ["0", "Wed, 21 Oct 2015 07:28:00 GMT", "soon", "-5", "9" * 400, "1e3"])
def test_pauses_that_mean_little(server: Server, value: str) -> None:
    server.answer = lambda asked: Reply(503, headers={"Retry-After": value})
    assert Transport(QUICK).get(server.url, most_bytes=10).status == 503


def test_a_connection_that_breaks_is_made_again(server: Server) -> None:
    server.answer = lambda asked: None if len(server.asked) < 3 else Reply(200, b"now")
    assert get(server) == b"now"


def test_an_answer_that_breaks_off(server: Server) -> None:
    server.answer = lambda asked: Reply(200, b"half", {"Content-Length": "8"})
    with pytest.raises(UnreachableError, match="the answer broke off"):
        get(server)


@pytest.mark.parametrize("headers", [{}, {"Content-Length": "1001"}])
def test_an_answer_that_is_too_large(server: Server, headers: dict[str, str]) -> None:
    server.answer = lambda asked: Reply(200, b"x" * 1_001, headers)
    with pytest.raises(OnlineError, match="more than the 1,000 bytes"):
        get(server)


def test_redirects_are_followed_five_times(server: Server) -> None:
    def answer(asked: Asked) -> Reply:
        left = int(asked.path.strip("/"))
        return Reply(302, headers={"Location": f"/{left - 1}"}) if left else Reply(200, b"end")

    server.answer = answer
    assert get(server, "/5") == b"end"
    with pytest.raises(OnlineError, match="redirects too often"):
        get(server, "/6")


@pytest.mark.parametrize(
    "place",
    [
        "file:///etc/passwd",
        "ftp://127.0.0.1/",
        "gopher://127.0.0.1/",
        "data:text/plain,x",
        "http://registry.example/",
        "//registry.example/",
        "http://[bad/",
        "https://",
        "http://127.0.0.1:99999999/",
        "http://127.0.0.1/\u00e9",
        "javascript:alert(1)",
    ],
)
def test_redirects_to_places_that_are_not_asked(server: Server, place: str) -> None:
    headers = {"Location": place.encode("utf-8").decode("latin-1")}
    server.answer = lambda asked: Reply(302, headers=headers)
    with pytest.raises(OnlineError):
        get(server)
    assert len(server.asked) == 1


@pytest.mark.parametrize("url", ["http://registry.example/", "file:///etc/passwd", "registry.example", ""])
def test_places_that_are_not_asked(url: str) -> None:
    with pytest.raises(OnlineError, match="is not asked without https"):
        Transport(QUICK).get(url, most_bytes=10)


def test_what_proves_the_user_stays_on_the_host(serve: Callable[[], Server]) -> None:
    first, second = serve(), serve()
    first.answer = lambda asked: Reply(302, headers={"Location": second.url})
    second.answer = lambda asked: Reply(302, headers={"Location": f"{first.url}/back"})
    with pytest.raises(OnlineError):
        Transport(QUICK).get(first.url, private={"Authorization": "Basic x"}, most_bytes=10)
    assert [entry.headers.get("Authorization") for entry in (*second.asked, *first.asked[1:])] == [None] * 5


def test_nobody_is_there() -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    transport = Transport(QUICK)
    with pytest.raises(UnreachableError, match=f"cannot reach 127.0.0.1:{port} \\(connection refused\\)"):
        transport.get(f"http://127.0.0.1:{port}/", most_bytes=10)
    assert not transport.reached


@pytest.fixture
def drip() -> Callable[[bytes], str]:
    """A server that sends a little, and then a byte now and then."""

    def start(beginning: bytes) -> str:
        listening = socket.create_server(("127.0.0.1", 0))

        def run() -> None:
            with listening:
                while True:
                    connection, _ = listening.accept()
                    threading.Thread(target=feed, args=(connection,), daemon=True).start()

        def feed(connection: socket.socket) -> None:
            with connection:
                try:
                    connection.sendall(beginning)
                    while True:
                        time.sleep(0.05)
                        connection.sendall(b"x")
                except OSError:
                    pass

        threading.Thread(target=run, daemon=True).start()
        return f"http://127.0.0.1:{listening.getsockname()[1]}/"

    return start


@pytest.mark.parametrize(
    "beginning",
    [b"", b"HTTP/1.1 200 OK\r\nX-Long: ", b"HTTP/1.1 200 OK\r\nContent-Length: 900\r\n\r\n"],
    ids=["status", "header", "body"],
)
def test_a_server_that_drips_is_left_when_the_time_is_up(
    drip: Callable[[bytes], str], beginning: bytes
) -> None:
    transport = Transport(Limits(answer_seconds=1, whole_seconds=0.5, attempts=1))
    with pytest.raises(OnlineError):
        transport.get(drip(beginning), most_bytes=10_000)
    with pytest.raises(OutOfTimeError, match=r"the network took more than 0\.5 s"):
        transport.get("http://127.0.0.1:1/", most_bytes=10)


@pytest.mark.parametrize(
    ("host", "expected"),
    [
        ("localhost", True),
        ("LOCALHOST", True),
        ("a.localhost", True),
        ("127.0.0.1", True),
        ("127.9.9.9", True),
        ("::1", True),
        ("localhost.example", False),
        ("127.0.0.1.example", False),
        ("10.0.0.1", False),
        ("notlocalhost", False),
        ("", False),
    ],
)
def test_this_machine(host: str, expected: bool) -> None:
    assert is_loopback(host) is expected


def test_same_origin() -> None:
    assert same_origin("https://a.example/x", "https://A.example:443/y")
    assert not same_origin("https://a.example/", "http://a.example/")
    assert not same_origin("https://a.example/", "https://a.example:444/")
    assert not same_origin("https://a.example/", "https://b.a.example/")


# Registries that lie.


def lying(server: Server, change: Callable[[Asked, Reply], Reply]) -> None:
    server.answer = lambda asked: change(asked, registry_answer(IMAGE, asked))


@pytest.mark.parametrize("part", ["/manifests/sha256", "/blobs/"])
def test_bytes_that_are_not_what_the_digest_says(server: Server, world: Open, part: str) -> None:
    lying(
        server, lambda asked, reply: replace(reply, body=reply.body + b" ") if part in asked.path else reply
    )
    run = world()
    found = run.online.look(f"{server.host}/shop:1", "linux/amd64").registered
    assert found is None
    assert "is something else; going on with the shipped facts" in run.told[0]


def test_a_layer_that_is_not_what_the_digest_says_is_judged_by_its_weight(
    server: Server, world: Open
) -> None:
    layer = next(iter(IMAGE.blobs))
    lying(server, lambda asked, reply: replace(reply, body=b"x") if layer in asked.path else reply)
    run = world()
    found = run.online.look(f"{server.host}/shop:1", "linux/amd64").registered
    assert found is not None
    assert (found.unread_layers, run.told) == (1, [])


def document(
    server: Server, body: bytes, media_type: str = "application/vnd.oci.image.manifest.v1+json"
) -> None:
    """Let a server answer with one manifest."""
    headers = {"Docker-Content-Digest": digest_of(body), "Content-Type": media_type}
    server.answer = lambda asked: Reply(200, body, headers) if "/manifests/" in asked.path else Reply(404)


DIGEST = digest_of(b"")
CONFIG = {"mediaType": "application/vnd.oci.image.config.v1+json", "digest": DIGEST, "size": 1}


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"null",
        b"[]",
        b"7",
        b"{}",
        b"\xff\xfe",
        b"[" * 1_000_000,
        b'{"a":' * 1_000_000,
        b'{"schemaVersion": 1, "fsLayers": []}',
        b'{"schemaVersion": 2, "config": ' + b"9" * 10_000 + b"}",
        json.dumps({"config": {**CONFIG, "digest": "sha256:../../x"}, "layers": []}).encode(),
        json.dumps({"config": {**CONFIG, "size": -1}, "layers": []}).encode(),
        json.dumps({"config": {**CONFIG, "size": True}, "layers": []}).encode(),
        json.dumps({"config": CONFIG, "layers": {}}).encode(),
        json.dumps({"config": CONFIG, "layers": [None]}).encode(),
        json.dumps({"config": CONFIG, "layers": [{**CONFIG, "size": 1 << 60}]}).encode(),
        json.dumps({"config": CONFIG, "layers": [CONFIG] * 5_000}).encode(),
    ],
    ids=range(17),
)
def test_manifests_that_are_none(server: Server, world: Open, body: bytes) -> None:
    document(server, body)
    run = world()
    assert run.online.look(f"{server.host}/shop:1", "linux/amd64").registered is None
    assert len(run.told) == 1


def test_an_index_that_leads_to_itself(server: Server, world: Open) -> None:
    # It cannot name its own digest, but a server may answer with an index for ever.
    def answer(asked: Asked) -> Reply:
        number = len(server.asked)
        entry = {
            "mediaType": OCI_INDEX,
            "digest": digest_of(str(number).encode()),
            "size": 1,
            "platform": {"os": "linux", "architecture": "amd64"},
        }
        body = json.dumps({"mediaType": OCI_INDEX, "manifests": [entry], "n": number}).encode()
        return Reply(200, body, {"Content-Type": OCI_INDEX})

    server.answer = answer
    run = world()
    assert run.online.look(f"{server.host}/shop:1", "linux/amd64").registered is None
    assert len(server.asked) < 10


@pytest.mark.parametrize(
    "config",
    [
        {},
        {"config": None},
        {"config": {"Env": "A=1", "User": 7, "Cmd": ["a", 1], "ExposedPorts": [], "Labels": {"a": 1}}},
        {"config": {"Healthcheck": {"Test": []}, "OnBuild": [None]}, "history": [1, {}], "created": "now"},
        {"config": {"Env": ["A"] * 5_000, "User": "x" * 1_000_000}},
    ],
    ids=range(5),
)
def test_configurations_that_hold_anything(server: Server, world: Open, config: dict[str, object]) -> None:
    body = json.dumps(config).encode()
    image = image_of([], {})
    image.blobs = {digest_of(body): body}
    manifest = json.loads(image.manifest)
    manifest["config"] |= {"digest": digest_of(body), "size": len(body)}
    image.manifest = json.dumps(manifest).encode()
    server.answer = lambda asked: registry_answer(image, asked)
    said = world().online.look(f"{server.host}/shop:1", "linux/amd64").registered
    assert said is not None
    assert said.configuration.environment == ()
    assert (said.configuration.user, said.configuration.command) == ("", ())
    assert said.created is None


def test_a_layer_that_is_a_bomb(server: Server, world: Open) -> None:
    bomb = gzip.compress(b"\0" * 500_000_000, 1)
    assert len(bomb) < 4_000_000
    image = image_of([bomb], {})
    server.answer = lambda asked: registry_answer(image, asked)
    said = world().online.look(f"{server.host}/shop:1", "linux/amd64").registered
    assert said is not None  # its end tells a length that nobody believes, or it is an empty archive
    assert said.size_bytes < 100_000_000


def test_a_registry_without_head_and_digests(server: Server, world: Open) -> None:
    def change(asked: Asked, reply: Reply) -> Reply:
        return Reply(405) if asked.method == "HEAD" else replace(reply, headers={})

    lying(server, change)
    said = world().online.look(f"{server.host}/shop:1", "linux/amd64").registered
    assert said is not None
    assert said.digest == IMAGE.digest


# What the user is told.


def test_without_a_network_it_is_told_once(world: Open) -> None:
    run = world(npm_registry="http://127.0.0.1:1")
    run.online.prepare([("127.0.0.1:1/a:1", "linux/amd64"), ("127.0.0.1:2/b:1", "linux/amd64")])
    assert run.online.npm_sizes([("left-pad", "1.3.0")]) == {}
    (line,) = run.told
    assert line.startswith("--online: cannot reach 127.0.0.1:")
    assert line.endswith("(connection refused); going on with the shipped facts")


def test_a_known_image_stays_known_without_a_network(world: Open) -> None:
    run = world(limits=Limits(attempts=0))
    found = run.online.look("python:3.12-slim", "linux/amd64")
    assert found.image is not None
    assert found.image.default_user == "root"
    assert found.registered is None


@pytest.mark.parametrize("text", ["scratch", "no reference!", "${BASE}", ""])
def test_what_no_registry_has_is_not_asked_for(world: Open, text: str) -> None:
    run = world()
    assert run.online.look(text, "linux/amd64").registered is None
    assert run.told == []
