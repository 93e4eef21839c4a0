"""What one instruction adds: COPY, ADD, copies between stages, and commands that are not followed."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.sizes.built import layers_of, parts_of, sizes_of

KIB = "x" * 1024


def copied(
    sizes_text: str, tmp_path: Path, files: dict[str, str] | None = None
) -> tuple[int, tuple[str, ...]]:
    """What the target's last layer weighs, and what is unknown of it."""
    layer = layers_of(sizes_of(sizes_text, tmp_path, files))[-1]
    assert layer.size.low == layer.size.high
    return layer.size.estimate, layer.unknown


# The build context.


@pytest.mark.parametrize(
    ("instruction", "size"),
    [
        ("COPY a.txt /", 1024),
        ("COPY a.txt b.txt /", 3072),
        ("COPY *.txt /", 3072),
        ("COPY dir /dir", 4096),
        ("COPY . .", 1024 + 2048 + 4096),
        ("ADD dir /dir", 4096),
        ("COPY <<E /e\nabc\nE", 4),
    ],
)
def test_files_of_the_build_context_are_counted_exactly(instruction: str, size: int, tmp_path: Path) -> None:
    files = {"a.txt": KIB, "b.txt": KIB * 2, "dir/c": KIB * 4}
    assert copied(f"FROM scratch\n{instruction}\n", tmp_path, files) == (size, ())


def test_ignored_files_do_not_count(tmp_path: Path) -> None:
    files = {"a.txt": KIB, "b.txt": KIB, ".dockerignore": "b.txt\n.dockerignore\n"}
    assert copied("FROM scratch\nCOPY . /\n", tmp_path, files) == (1024, ())


@pytest.mark.parametrize(
    ("instruction", "text"),
    [
        ("COPY nowhere /", "nowhere, copied on line 2: it is not in the build context"),
        ("ADD https://example.com/x.bin /", "the size of https://example.com/x.bin, added on line 2"),
        ("ADD git@example.com:x.git /x", "the size of git@example.com:x.git, added on line 2"),
        (
            "COPY --from=busybox:1.38.0 /bin/busybox /",
            "/bin/busybox of the image busybox:1.38.0, copied on line 2",
        ),
        ("COPY --from=example.com/x:1 /y /", "/y of the image example.com/x:1, copied on line 2"),
    ],
)
def test_what_is_not_known_is_said(instruction: str, text: str, tmp_path: Path) -> None:
    layer = layers_of(sizes_of(f"FROM scratch\n{instruction}\n", tmp_path))[-1]
    assert layer.size.high == 0
    assert len(layer.unknown) == 1
    assert layer.unknown[0].startswith(text)


def test_copy_from_a_known_image_is_bounded_by_it() -> None:
    layer = layers_of(sizes_of("FROM scratch\nCOPY --from=busybox:1.38.0 /bin/busybox /\n"))[-1]
    assert layer.unknown[0].endswith(": at most the 4.5 MB of the image")


def test_programs_of_an_image_that_is_for_nothing_else(tmp_path: Path) -> None:
    text = "FROM debian:bookworm-slim\nCOPY --from=ghcr.io/astral-sh/uv:0.13.9 /uv /uvx /bin/\n"
    layer = layers_of(sizes_of(text))[-1]
    uv, uvx = (part.size for part in layer.parts)
    assert uv.low < uv.estimate == pytest.approx(38_409_000, rel=0.01)
    assert uvx.estimate == 331_344
    assert layer.unknown == ()
    carried = layers_of(sizes_of(f"{text}FROM scratch\nCOPY --from=0 /bin/uvx /\n"))[-1]
    assert carried.size.estimate == 331_344


@pytest.mark.parametrize("source", ["ghcr.io/astral-sh/uv:0.13.9-alpine", "example.com/uv:1"])
def test_other_images_may_hold_another_program(source: str) -> None:
    layer = layers_of(sizes_of(f"FROM scratch\nCOPY --from={source} /uv /\n"))[-1]
    assert layer.parts == ()
    assert len(layer.unknown) == 1


def test_all_of_a_known_image_weighs_what_it_weighs() -> None:
    sizes = sizes_of("FROM scratch\nCOPY --from=alpine:3.22 / /\n")
    assert sizes.image.estimate == sizes_of("FROM alpine:3.22\n").image.estimate
    assert sizes.unknown == ()


def test_without_a_build_context() -> None:
    sizes = sizes_of("FROM scratch\nCOPY a /\n")
    assert sizes.unknown == ("a, copied on line 2: there is no build context to look at",)


def test_excluded_files_may_be_all_or_nothing(tmp_path: Path) -> None:
    layer = layers_of(sizes_of("FROM scratch\nCOPY --exclude=*.md . /\n", tmp_path, {"a.md": KIB}))[-1]
    assert (layer.size.low, layer.size.high) == (0, 1024)


# Other stages.

STAGE = "FROM alpine:3.22 AS build\nWORKDIR /app\n{}\nFROM alpine:3.22\n{}\n"


@pytest.mark.parametrize(
    ("build", "copy", "size"),
    [
        ("COPY . .", "COPY --from=build /app /app", 3072),
        ("COPY . .", "COPY --from=build /app/a.txt /", 1024),
        ("COPY . .", "COPY --from=build /app/dir /dir", 2048),
        ("COPY . .", "COPY --from=build /app/dir/b.txt /b", 2048),
        ("COPY dir/b.txt .", "COPY --from=build /app/b.txt /", 2048),
        ("COPY a.txt /x/y", "COPY --from=build /x /x", 1024),
        ("COPY a.txt /x/y", "COPY --from=build /x/y /y", 1024),
        ("COPY a.txt a.txt\nCOPY a.txt a.txt", "COPY --from=build /app /app", 1024),
        ("COPY --parents dir/b.txt /in/", "COPY --from=build /in/dir /d", 2048),
        ("COPY <<E /usr/share/site/i.html\nabc\nE", "COPY --from=build /usr/share/site /s", 4),
        ("COPY a.txt /1/\nCOPY dir /2/", "COPY --from=build /1 /2 /both/", 3072),
    ],
)
def test_copies_between_stages_count_what_lies_there(
    build: str, copy: str, size: int, tmp_path: Path
) -> None:
    files = {"a.txt": KIB, "dir/b.txt": KIB * 2}
    assert copied(STAGE.format(build, copy), tmp_path, files) == (size, ())


def test_through_stages_and_base_stages(tmp_path: Path) -> None:
    text = (
        "FROM scratch AS one\nCOPY a.txt /in/a.txt\n"
        "FROM one AS two\nCOPY a.txt /in/b.txt\n"
        "FROM scratch AS three\nCOPY --from=two /in /out/deep\n"
        "FROM scratch\nCOPY --from=three /out/deep/b.txt /\n"
    )
    assert copied(text, tmp_path, {"a.txt": KIB}) == (1024, ())


@pytest.mark.parametrize(
    ("build", "copy", "why"),
    [
        ("RUN make", "COPY --from=build /out /", ": what make builds on line 3"),
        ("RUN swiftc -o /out/app x.swift", "COPY --from=build /out/app /", ": what swiftc builds on line 3"),
        (
            "RUN npm ci",
            "COPY --from=build /app/node_modules /n",
            ": what npm installs on line 3 (package.json, package-lock.json)",
        ),
        ("RUN frobnicate", "COPY --from=build /out /", ": what frobnicate writes on line 3"),
        ("RUN true", "COPY --from=build /usr/lib /l", ": what alpine:3.22 has there"),
        ("RUN seq 9 > /tmp/a", "COPY --from=build /tmp/a /", ": what is written there on line 3"),
    ],
)
def test_copy_of_something_unknown_tells_why(build: str, copy: str, why: str) -> None:
    layer = layers_of(sizes_of(STAGE.format(build, copy)))[-1]
    source = copy.split()[2]
    assert layer.unknown == (f"{source} of stage build, copied on line 5{why}",)


@pytest.mark.parametrize(
    "build", ["RUN apk add gcc", "RUN npm ci", "RUN go build -o /out/app", "RUN chmod +x /x"]
)
def test_what_is_written_elsewhere_does_not_matter(build: str, tmp_path: Path) -> None:
    text = STAGE.format(f"{build}\nCOPY a.txt /data/", "COPY --from=build /data /data")
    assert copied(text, tmp_path, {"a.txt": KIB}) == (1024, ())


def test_unknown_base_may_have_anything_anywhere(tmp_path: Path) -> None:
    text = "FROM example.com/x AS build\nCOPY a.txt /data/\nFROM scratch\nCOPY --from=build /data /data\n"
    assert copied(text, tmp_path, {"a.txt": KIB}) == (
        1024,
        ("/data of stage build, copied on line 4: what example.com/x has there",),
    )


def test_wildcards_between_stages_may_leave_something_out(tmp_path: Path) -> None:
    text = STAGE.format("COPY a.txt /data/", "COPY --from=build /data/*.txt /")
    layer = layers_of(sizes_of(text, tmp_path, {"a.txt": KIB}))[-1]
    assert (layer.size.low, layer.size.high) == (0, 1024)


@pytest.mark.parametrize("path", ["/venv", "/venv/lib", "/venv/lib/python3.12/site-packages"])
def test_virtual_environment_is_followed_into_the_image(path: str) -> None:
    sizes = sizes_of(
        "FROM python:3.12-slim AS build\nRUN python -m venv /venv && /venv/bin/pip install --no-cache-dir flask\n"
        f"FROM python:3.12-slim\nCOPY --from=build {path} {path}\n"
    )
    made = sum(part.size.estimate for part in parts_of(sizes, "build").values() if part.kind == "pip")
    assert layers_of(sizes)[-1].size.estimate == made
    assert sizes.unknown == ()


def test_site_packages_of_the_official_image_come_with_pip() -> None:
    folder = "/usr/local/lib/python3.12/site-packages"
    sizes = sizes_of(
        "FROM python:3.12-slim AS build\nRUN pip install --no-cache-dir idna\n"
        f"FROM python:3.12-slim\nCOPY --from=build {folder} {folder}\nCOPY --from=build /usr/local/bin /usr/local/bin\n"
    )
    packages, programs = layers_of(sizes)
    assert packages.size.estimate > parts_of(sizes, "build")["idna"].size.estimate + 5_000_000
    assert packages.unknown == ()
    assert programs.unknown == (
        "/usr/local/bin of stage build, copied on line 5: what python:3.12-slim has there",
    )


def test_stage_that_comes_later_is_unknown_and_no_crash() -> None:
    sizes = sizes_of(
        "FROM scratch AS a\nCOPY --from=1 /x /\nFROM scratch AS b\nCOPY <<E /x\n1\nE\n", target="a"
    )
    assert len(sizes.unknown) == 1


# RUN.


@pytest.mark.parametrize(
    ("script", "text"),
    [
        ("curl -o /x https://example.com/x", "what curl fetches on line 2: https://example.com/x"),
        ("git clone https://example.com/x.git", "what git fetches on line 2: https://example.com/x.git"),
        ("make install", "what make builds on line 2"),
        ("frobnicate", "what frobnicate writes on line 2"),
        ("chown -R app /srv", "files of earlier layers that chown changes on line 2, once more"),
        ("gem install rails", "what gem installs on line 2 (rails)"),
    ],
)
def test_commands_of_unknown_effect_are_named_with_their_line(script: str, text: str) -> None:
    assert sizes_of(f"FROM alpine:3.22\nRUN {script}\n").unknown == (text,)


@pytest.mark.parametrize(
    "script",
    [
        "ln -s /a /b", "mkdir -p /app", "rm -rf /app", "touch /b", "cat /etc/passwd > /dev/null",
        "apk add --virtual .deps gcc make && apk del .deps",
        "apk add gcc make && apk del gcc make",
    ],
)  # fmt: skip
def test_commands_that_leave_next_to_nothing(script: str) -> None:
    sizes = sizes_of(f"FROM alpine:3.22\nRUN {script}\n")
    assert (layers_of(sizes)[-1].size.high, sizes.unknown) == (0, ())


def test_ownership_of_files_that_the_same_run_makes_costs_nothing_more() -> None:
    sizes = sizes_of("FROM alpine:3.22\nRUN curl -o /x https://example.com/x && chmod +x /x\n")
    assert len(sizes.unknown) == 1


def test_labels_of_layers_are_one_line_and_short() -> None:
    text = "FROM alpine:3.22 AS a\nRUN echo a \\\n  && echo " + "b" * 80 + "\nFROM a\nCOPY --from=a /x /y\n"
    sizes = sizes_of(text)
    first, last = layers_of(sizes, "a")[0], layers_of(sizes)[0]
    assert first.instruction.startswith("RUN echo a && echo bbb")
    assert len(first.instruction) == 60
    assert (last.instruction, last.line) == ("COPY --from=a /x /y", 5)
