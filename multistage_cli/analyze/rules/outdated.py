"""Forms that still work and are on their way out."""

from __future__ import annotations

from typing import TYPE_CHECKING

from multistage_cli.analyze.findings import Edit, Fix, Severity
from multistage_cli.analyze.rule import Match, rule
from multistage_cli.build.claims import UNKNOWN
from multistage_cli.build.variables import expand_words

if TYPE_CHECKING:
    from collections.abc import Iterator

    from multistage_cli.build.evaluate import Build, Step


@rule("MS104", "maintainer-deprecated", Severity.STYLE, aliases=("MaintainerDeprecated", "DL4000"))
def maintainer_deprecated(build: Build) -> Iterator[Match]:
    """MAINTAINER instead of a label.

    It sets a field that hardly any tool shows; labels can be searched and inherited.

    Bad, found on line 2:
        FROM alpine:3.22
        MAINTAINER The Build Team

    Good:
        FROM alpine:3.22
        LABEL org.opencontainers.image.authors="The Build Team"

    Fix: write it as the label org.opencontainers.image.authors.
    """
    for stage in build.graph.stages:
        for entry in stage.instructions:
            if entry.name == "MAINTAINER":
                text = entry.text.strip()
                plain = text.isprintable() and not set(text) & set("\"'\\$`")
                message = "MAINTAINER is deprecated: write LABEL org.opencontainers.image.authors=..."
                label = f'LABEL org.opencontainers.image.authors="{text}"'
                yield Match(
                    entry.span, message, fix=_replaced(entry.span.first, entry.span.last, label, plain=plain)
                )


def _replaced(line: int, end_line: int, text: str, *, plain: bool) -> Fix | None:
    return Fix(safe=True, edits=(Edit(line, end_line, text),)) if plain else None


@rule("MS105", "legacy-key-value", Severity.STYLE, aliases=("LegacyKeyValueFormat",))
def legacy_key_value(build: Build) -> Iterator[Match]:
    """ENV or LABEL without an equals sign.

    The old form takes the rest of the line as one value, spaces and all, so a second pair on the line silently
    becomes part of the first.

    Bad, found on lines 2 and 3:
        FROM alpine:3.22
        ENV MODE production
        LABEL team build

    Good:
        FROM alpine:3.22
        ENV MODE=production
        LABEL team="build"

    Fix: write name=value, the value in quotes where it has spaces.
    """
    for entry in build.stages:
        for step in entry.steps:
            instruction = step.instruction
            if instruction.name not in {"ENV", "LABEL"}:
                continue
            for pair in instruction.pairs:
                if pair.separator == " ":
                    message = f"{instruction.name} {pair.name} has no equals sign: write {pair.name}=..."
                    yield Match.on(entry, step, message, word=pair.name, fix=_with_equals_sign(step))


def _with_equals_sign(step: Step) -> Fix | None:
    """The line with an equals sign, where its value needs no second thought."""
    instruction = step.instruction
    (pair,) = instruction.pairs
    value = pair.value or ""
    indent = instruction.raw[: len(instruction.raw) - len(instruction.raw.lstrip())]
    # Quotes and escapes mean the same in both forms; a space ends the value in the new one.
    quoted = value if value and " " not in value and "\t" not in value else f'"{value}"'
    plain = instruction.span.first == instruction.span.last and (quoted == value or '"' not in value)
    text = f"{indent}{instruction.keyword} {pair.name}={quoted}"
    return _replaced(
        instruction.span.first,
        instruction.span.last,
        text,
        plain=plain and value.isprintable() and "\\" not in value and "'" not in value,
    )


@rule("MS107", "expose-with-host-address", Severity.WARNING, aliases=("ExposeInvalidFormat",))
def expose_with_host_address(build: Build) -> Iterator[Match]:
    """EXPOSE with an address or a port of the host.

    Only the container's port is kept; the rest is ignored today and will be refused one day. Which port of the
    host leads there is for `docker run --publish` to say.

    Bad, found on lines 2 and 3:
        FROM alpine:3.22
        EXPOSE 8080:80
        EXPOSE 127.0.0.1:8443:443

    Good:
        FROM alpine:3.22
        EXPOSE 80 443

    Fix: write the container's port alone.
    """
    for entry in build.stages:
        for step in entry.steps:
            if step.instruction.name != "EXPOSE":
                continue
            for word in step.instruction.words:
                scope = step.before.variables.scope
                values, _ = expand_words(word, scope, escape=build.dockerfile.escape)
                for value in () if values is UNKNOWN else values:
                    host, colon, port = value.rpartition(":")
                    if colon and host:
                        message = (
                            f"EXPOSE {value} names the host's side ({host}), which is ignored: write {port}"
                        )
                        yield Match.on(entry, step, message, word=word)


@rule(
    "MS108",
    "comment-describes-something-else",
    Severity.STYLE,
    aliases=("InvalidDefinitionDescription",),
    default=False,
)
def comment_describes_something_else(build: Build) -> Iterator[Match]:
    """Comment above ARG or FROM that is no description of it.

    `docker build --call=outline` and `--call=targets` show the comment above an ARG or a named stage as its
    description, if it starts with the name. A comment about something else is kept apart by an empty comment
    line (an empty line does not do it). Off unless selected, as in BuildKit.

    Bad, found on line 2:
        # the version we ship
        ARG VERSION=1.4
        FROM alpine:3.22

    Good:
        # VERSION is the version we ship
        ARG VERSION=1.4
        FROM alpine:3.22

    Good:
        # the version we ship
        #
        ARG VERSION=1.4
        FROM alpine:3.22

    Fix: start the comment with the name, or put a line with `#` alone below it.
    """
    for instruction in build.dockerfile.instructions:
        if instruction.name == "ARG":
            names = [pair.name for pair in instruction.pairs]
        elif instruction.name == "FROM" and len(instruction.words) == _WORDS_WITH_NAME:
            names = [instruction.words[2].lower()]
        else:
            continue
        if names and instruction.comments and instruction.comments[-1].split(" ", 1)[0] not in names:
            message = (
                f"the comment above does not start with {names[0]}, so it is no description of it: write"
                f' "# {names[0]} ...", or put a line with # alone below the comment'
            )
            yield Match(instruction.span, message)


_WORDS_WITH_NAME = 3
