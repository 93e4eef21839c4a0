"""What a registry says of an image: Debian's own, on this machine."""

from __future__ import annotations

import gzip
import io
import json
import random
import tarfile
from collections.abc import Callable

import pytest

from multistage_cli.facts.configurations import Check
from multistage_cli.facts.images import Certainty
from tests.facts.online.images import Registry, image_of, index_of, layer_of
from tests.facts.online.servers import World

Open = Callable[..., World]

CONFIG = {
    "Env": ["PATH=/opt/bin:/usr/bin", "LANG=C.UTF-8", "EMPTY=", "no equals sign"],
    "User": "1000:1000",
    "WorkingDir": "/srv/app",
    "Entrypoint": ["/entry"],
    "Cmd": ["serve", "--port", "8080"],
    "ExposedPorts": {"8080/tcp": {}, "53/udp": {}},
    "Volumes": {"/data": {}},
    "Labels": {"org.example.team": "shop"},
    "Shell": ["/bin/bash", "-c"],
    "StopSignal": "SIGINT",
    "Healthcheck": {"Test": ["CMD", "/check"], "Interval": 5_000_000_000, "Retries": 2},
    "OnBuild": ["COPY . /srv/app"],
}
FILES = {"etc/motd": b"hello\n" * 100, "usr/bin/tool": bytes(range(256)) * 40}
FILES_BYTES = sum(map(len, FILES.values()))


@pytest.mark.parametrize("docker", [True, False], ids=["docker", "oci"])
def test_configuration_and_size(registry: Registry, world: Open, docker: bool) -> None:
    layers = [layer_of(FILES), layer_of({"app/main.py": b"print()\n"})]
    registry.push(f"shop/api-{docker}".lower(), image_of(layers, CONFIG, docker=docker), "1.2")
    run = world()
    found = run.online.look(f"{registry.host}/shop/api-{docker}:1.2".lower(), "linux/amd64")
    assert run.told == []
    said = found.registered
    assert said is not None
    assert (said.size_bytes, said.size_error_bytes, said.unread_layers) == (FILES_BYTES + 8, 0, 0)
    assert said.compressed_bytes == sum(map(len, layers))
    assert said.platform == "linux/amd64"
    assert said.created == "2026-10-01T08:00:00Z"
    assert said.history == (("ADD rootfs.tar", False), ("CMD sh", True))
    configuration = said.configuration
    assert configuration.environment == (("PATH", "/opt/bin:/usr/bin"), ("LANG", "C.UTF-8"), ("EMPTY", ""))
    assert (configuration.user, configuration.working_directory) == ("1000:1000", "/srv/app")
    assert (configuration.entrypoint, configuration.command) == (("/entry",), ("serve", "--port", "8080"))
    assert set(configuration.exposed_ports) == {"8080/tcp", "53/udp"}
    assert (configuration.volumes, configuration.labels) == (("/data",), (("org.example.team", "shop"),))
    assert (configuration.shell, configuration.stop_signal) == (("/bin/bash", "-c"), "SIGINT")
    assert configuration.healthcheck == Check(("CMD", "/check"), interval_seconds=5, retries=2)
    assert configuration.triggers == ("COPY . /srv/app",)


def test_an_image_that_the_catalogue_lacks_stays_unknown_inside(registry: Registry, world: Open) -> None:
    registry.push("shop/unknown", image_of([layer_of(FILES)], {}), "1")
    found = world().online.look(f"{registry.host}/shop/unknown:1", "linux/amd64")
    assert found.certainty is Certainty.UNKNOWN
    assert found.image is None
    assert found.size_range_bytes == (FILES_BYTES, FILES_BYTES)
    assert "its registry has sha256:" in found.because


@pytest.mark.parametrize("docker", [True, False], ids=["manifest list", "oci index"])
@pytest.mark.parametrize(
    ("platform", "expected"),
    [
        ("linux/amd64", "amd64"),
        ("linux/x86_64", "amd64"),
        ("linux/arm64", "arm64"),
        ("linux/arm64/v8", "arm64"),
        ("linux/arm/v7", "arm"),
        ("linux/arm", "arm"),
    ],
)
def test_manifest_of_the_platform(
    registry: Registry, world: Open, docker: bool, platform: str, expected: str
) -> None:
    name = f"platforms-{docker}".lower()
    images = {
        wanted: image_of(
            [layer_of({"arch": wanted.encode()})], {}, docker=docker, architecture=wanted.split("/")[1]
        )
        for wanted in ("linux/amd64", "linux/arm64/v8", "linux/arm/v6", "windows/amd64")
    }
    registry.push_index(name, images, "1", docker=docker)
    said = world().online.look(f"{registry.host}/{name}:1", platform).registered
    assert said is not None
    assert said.platform == f"linux/{expected}"


def test_a_platform_that_is_not_there(registry: Registry, world: Open) -> None:
    registry.push_index("one-platform", {"linux/arm64": image_of([], {}, architecture="arm64")}, "1")
    run = world()
    found = run.online.look(f"{registry.host}/one-platform:1", "linux/s390x")
    assert found.registered is None
    assert run.told == [
        f"--online: {registry.host}/one-platform:1 is not there for linux/s390x; going on with the shipped facts"
    ]


def test_a_digest_decides(registry: Registry, world: Open) -> None:
    first, second = image_of([layer_of({"a": b"1"})], {}), image_of([layer_of({"a": b"22"})], {})
    registry.push("by-digest", first, "1")
    registry.push("by-digest", second, "1")
    found = world().online.look(f"{registry.host}/by-digest:1@{first.digest}", "linux/amd64").registered
    assert found is not None
    assert (found.digest, found.size_bytes) == (first.digest, 1)


def test_an_image_that_is_not_there(registry: Registry, world: Open) -> None:
    run = world()
    for _ in range(2):
        found = run.online.look(f"{registry.host}/none/such:1", "linux/amd64")
        assert found.registered is None
    assert run.told == [
        f"--online: {registry.host} has no {registry.host}/none/such:1; going on with the shipped facts"
    ]


def test_many_images_at_once(registry: Registry, world: Open) -> None:
    registry.push("several", image_of([layer_of(FILES)], CONFIG), "1", "2", "3")
    run = world()
    run.online.prepare((f"{registry.host}/several:{tag}", "linux/amd64") for tag in "1233")
    assert run.told == []
    for tag in "123":
        said = run.online.look(f"{registry.host}/several:{tag}", "linux/amd64").registered
        assert said is not None
        assert said.size_bytes == FILES_BYTES


def test_something_that_is_no_image(registry: Registry, world: Open) -> None:
    chart = image_of([layer_of(FILES)], {})
    chart.manifest = chart.manifest.replace(b"oci.image.config", b"cncf.helm.config")
    registry.push("charts/shop", chart, "1")
    run = world()
    assert run.online.look(f"{registry.host}/charts/shop:1", "linux/amd64").registered is None
    assert run.told == ["--online: what lies there is no container image; going on with the shipped facts"]


# Layers that are too large to be read whole: only their ends are asked for.


def large_layer(count: int = 40, size: int = 150_000) -> tuple[bytes, int]:
    """A layer of more than 4 MB that hardly compresses, and the bytes of its files."""
    source = random.Random(1)
    return layer_of({f"usr/lib/{n}": source.randbytes(size) for n in range(count)}), count * size


def test_a_large_gzip_layer_by_its_last_bytes(registry: Registry, world: Open) -> None:
    layer, files_bytes = large_layer()
    assert len(layer) > 4_000_000
    registry.push("large/gzip", image_of([layer], {}), "1")
    said = world().online.look(f"{registry.host}/large/gzip:1", "linux/amd64").registered
    assert said is not None
    assert said.unread_layers == 0
    # Random files leave fewer headers than the range reckons with; the true size is within 1 % of its end.
    low, high = said.size_range_bytes
    assert low < files_bytes < high * 1.01
    assert (high - low) / said.size_bytes < 0.09


def test_a_large_plain_layer(registry: Registry, world: Open) -> None:
    layer, files_bytes = large_layer()
    plain = gzip.decompress(layer)
    image = image_of([plain], {}, layer_type="application/vnd.oci.image.layer.v1.tar")
    registry.push("large/plain", image, "1")
    said = world().online.look(f"{registry.host}/large/plain:1", "linux/amd64").registered
    assert said is not None
    assert said.unread_layers == 0
    assert said.size_range_bytes[0] < files_bytes < said.size_range_bytes[1] * 1.01


def test_a_small_plain_layer_is_exact(registry: Registry, world: Open) -> None:
    plain = gzip.decompress(layer_of(FILES))
    image = image_of([plain], {}, layer_type="application/vnd.oci.image.layer.v1.tar")
    registry.push("small/plain", image, "1")
    said = world().online.look(f"{registry.host}/small/plain:1", "linux/amd64").registered
    assert said is not None
    assert said.size_range_bytes == (FILES_BYTES, FILES_BYTES)


def test_a_zstd_layer_that_tells_nothing(registry: Registry, world: Open) -> None:
    # A frame without its content's size, as streaming compressors write it.
    layer = b"\x28\xb5\x2f\xfd\x00\x58" + b"\0" * 1_000_000
    image = image_of([layer], {}, layer_type="application/vnd.oci.image.layer.v1.tar+zstd")
    registry.push("zstd", image, "1")
    said = world().online.look(f"{registry.host}/zstd:1", "linux/amd64").registered
    assert said is not None
    assert said.unread_layers == 1
    low, high = said.size_range_bytes
    assert low <= 1.7 * len(layer)
    assert high >= 3.6 * len(layer)


def test_a_foreign_layer_is_not_fetched(registry: Registry, world: Open) -> None:
    image = image_of(
        [layer_of(FILES)], {}, layer_type="application/vnd.docker.image.rootfs.foreign.diff.tar.gzip"
    )
    foreign = json.loads(image.manifest)
    foreign["layers"][0]["urls"] = ["http://127.0.0.1:1/never"]
    image.manifest = json.dumps(foreign).encode()
    registry.push("foreign", image, "1")
    run = world()
    said = run.online.look(f"{registry.host}/foreign:1", "linux/amd64").registered
    assert said is not None
    assert said.unread_layers == 1
    assert run.told == []


# Between runs.


def test_a_digest_is_kept_for_good_and_a_tag_for_an_hour(
    registry: Registry, world: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = image_of([layer_of({"a": b"1"})], {}), image_of([layer_of({"a": b"22"})], {})
    registry.push("moving", first, "1")
    name = f"{registry.host}/moving:1"

    def size() -> int:
        said = world().online.look(name, "linux/amd64").registered
        assert said is not None
        return said.size_bytes

    assert size() == 1
    registry.push("moving", second, "1")
    assert size() == 1
    import time

    now = time.time()
    monkeypatch.setattr(time, "time", lambda: now + 3_601)
    assert size() == 2


def test_what_is_kept_answers_without_the_registry(world: Open, registry: Registry) -> None:
    registry.push("kept", image_of([layer_of(FILES)], CONFIG), "1")
    name = f"{registry.host}/kept:1"
    assert world().online.look(name, "linux/amd64").registered is not None
    from multistage_cli.facts.online.transport import Limits

    silent = world(limits=Limits(attempts=0))
    again = silent.online.look(name, "linux/amd64").registered
    assert again is not None
    assert (again.size_bytes, silent.told) == (FILES_BYTES, [])


def test_without_a_cache_folder(registry: Registry, world: Open) -> None:
    registry.push("uncached", image_of([layer_of(FILES)], {}), "1")
    run = world(folder=None)
    assert run.online.look(f"{registry.host}/uncached:1", "linux/amd64").registered is not None
    assert run.told == []


def test_an_index_names_what_was_pushed() -> None:
    image = image_of([layer_of(FILES)], {})
    assert json.loads(index_of({"linux/amd64": image}))["manifests"][0]["digest"] == image.digest
    with tarfile.open(fileobj=io.BytesIO(layer_of(FILES))) as archive:
        assert archive.getnames() == [*FILES, "link"]
