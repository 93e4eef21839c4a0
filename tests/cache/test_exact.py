"""What is known of a stage's files whatever the changed files hold."""

from __future__ import annotations

from pathlib import Path

import pytest

from multistage_cli.build.context import Change, Difference, Differences, open_context
from multistage_cli.build.evaluate import evaluate
from multistage_cli.cache.exact import ExactFiles
from multistage_cli.parser import parse

FILES = {"a.txt": "a", "src/lib/x.py": "x", "write.sh": "echo 1 > /made\n"}


def exact(text: str, folder: Path, *touched: Difference) -> ExactFiles:
    for name, content in FILES.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content, encoding="utf-8")
        path.chmod(0o644)
    context = open_context(folder)
    build = evaluate(parse(f"FROM debian:bookworm-slim\n{text}"), context=context)
    return ExactFiles(build, Differences(context, context, touched) if touched else None)


def changed(path: str, *, folder: bool = False) -> Difference:
    return Difference(path, Change.CHANGED, folder=folder)


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("RUN echo 1 > /x", "RUN true && echo 1 > /x", True),
        ("RUN echo 1 > /x", "RUN echo 2 > /x", False),
        ("RUN echo 1 > /x", "RUN echo 1 > /x && chmod 600 /x", False),
        ("RUN echo 1 > /x", "RUN echo 1 > /x && chown 7 /x", False),
        ("RUN mkdir /x && ln -s a /x/l", "RUN mkdir /x && ln -s b /x/l", False),
        ("RUN mkdir /x && echo 1 > /x/a", "RUN mkdir /x && echo 1 > /x/b", False),
        ("RUN mkdir /x && echo 1 > /x/a", "RUN mkdir -m 755 /x && echo 1 > /x/a", True),
    ],
)
def test_equal_for_equal_files_only(one: str, other: str, same: bool, tmp_path: Path) -> None:
    texts = [exact(text, tmp_path).of(0, "/x") for text in (one, other)]
    assert None not in texts
    assert (texts[0] == texts[1]) is same


@pytest.mark.parametrize("text", ["RUN date > /x", "RUN curl -o /x https://example.com/", "RUN true"])
def test_nothing_of_what_does_not_follow(text: str, tmp_path: Path) -> None:
    assert exact(text, tmp_path).of(0, "/x") is None


def test_nothing_that_follows_from_a_changed_file(tmp_path: Path) -> None:
    text = "COPY a.txt write.sh /\nRUN cp /a.txt /x && sh /write.sh && echo 1 > /y\n"
    assert exact(text, tmp_path).of(0, "/x") is not None
    for touched in (changed("a.txt"), changed("./a.txt")):
        found = exact(text, tmp_path, touched)
        assert found.of(0, "/x") is None
        assert found.of(0, "/y") is not None
    for touched in (changed("write.sh"), changed("", folder=True)):  # a script may do anything
        found = exact(text, tmp_path, touched)
        assert found.of(0, "/x") is None
        assert found.of(0, "/y") is None


def test_a_changed_file_behind_a_link(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to("src")
    text = "COPY link/lib/x.py /x\n"
    assert exact(text, tmp_path).of(0, "/x") is not None
    assert exact(text, tmp_path, changed("src/lib/x.py")).of(0, "/x") is None


@pytest.mark.parametrize(
    "touched", [changed("src/lib/new.py"), changed("src", folder=True), Difference("a.txt", Change.GONE)]
)
def test_no_folder_where_names_may_come_or_go(touched: Difference, tmp_path: Path) -> None:
    text = "COPY src /src\nRUN mkdir /x && cp -r /src/lib /x/lib\n"
    assert exact(text, tmp_path, touched).of(0, "/x") is None


def test_a_wildcard_is_not_looked_for(tmp_path: Path) -> None:
    assert exact("RUN mkdir /x && echo 1 > /x/a", tmp_path).of(0, "/x/*") is None


def of_unknown_base(text: str, images: frozenset[str] = frozenset()) -> str | None:
    build = evaluate(parse(f"FROM example.com/team/base:1\n{text}"))
    return ExactFiles(build, None, images).of(0, "/x")


def test_the_user_of_a_base_image_that_nobody_knows() -> None:
    text = "RUN mkdir /x && echo 1 > /x/a"
    assert of_unknown_base(text) == of_unknown_base(f"RUN mkdir /z\n{text}") is not None
    assert of_unknown_base(text, frozenset({"example.com/team/base:1"})) is None


@pytest.mark.parametrize(
    "text",
    [
        "RUN adduser app && mkdir /x && echo 1 > /x/a",
        "RUN mkdir /x && echo 1 > /x/a && chown $WHO /x/a",
        "USER $WHO\nRUN mkdir /x && echo 1 > /x/a",
        "COPY passwd /etc/passwd\nRUN mkdir /x && echo 1 > /x/a",
        "ARG WHO\nCOPY --chown=$WHO <<EOF /x/a\n1\nEOF\n",
        "RUN some-program\nRUN mkdir /x && echo 1 > /x/a",
    ],
)
def test_an_owner_that_may_be_another(text: str) -> None:
    assert of_unknown_base(text) is None
