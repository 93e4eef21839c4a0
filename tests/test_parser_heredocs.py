"""The parser: here-documents, and the instruction behind ONBUILD."""

from __future__ import annotations

import pytest

from multistage_cli.parser import Flag, Heredoc, Instruction, Position, ProblemKind, Span, parse


def only(text: str) -> Instruction:
    """The last instruction of a file that BuildKit reads."""
    file = parse(text)
    assert not [problem for problem in file.problems if problem.kind is ProblemKind.REFUSED]
    return file.instructions[-1]


@pytest.mark.parametrize(
    ("line", "names_found"),
    [
        ("RUN <<EOF", [("EOF", True, False, 0)]),
        ("RUN cat <<-EOF >a", [("EOF", True, True, 0)]),
        ("RUN <<'EOF'", [("EOF", False, False, 0)]),
        ('RUN <<"E F"', [("E F", False, False, 0)]),
        ("RUN <<E'O'F", [("EOF", False, False, 0)]),
        ("RUN <<\\EOF", [("EOF", True, False, 0)]),
        ("RUN <<E\\'F", [("E'F", True, False, 0)]),
        ("RUN <<$EOF", [("$EOF", True, False, 0)]),
        ("RUN 3<<A 12<<-'B'", [("A", True, False, 3), ("B", False, True, 12)]),
        ("RUN 99999999999999999999999<<A", [("A", True, False, 2**64 - 1)]),
        ("RUN << EOF", [("EOF", True, False, 0)]),
        ("RUN <<\t 'EOF'", [("EOF", False, False, 0)]),
        ("RUN << -EOF", [("-EOF", True, False, 0)]),
        ("RUN <<EOF;", [("EOF;", True, False, 0)]),
        ("COPY <<a.txt <<b.txt /c/", [("a.txt", True, False, 0), ("b.txt", True, False, 0)]),
        ("ADD <<a /b", [("a", True, False, 0)]),
        ("ONBUILD RUN <<EOF", [("EOF", True, False, 0)]),
        ("onbuild copy --link <<EOF /x", [("EOF", True, False, 0)]),
        ("RUN --mount=type=cache,target=/x <<EOF", [("EOF", True, False, 0)]),
        ("RUN ${a:-x <<EOF}", [("EOF}", True, False, 0)]),
        ("RUN ${a#\\}} <<EOF", [("EOF", True, False, 0)]),
        ("RUN ${a/b/c} <<EOF", [("EOF", True, False, 0)]),
        ("RUN $1a $? $$ <<EOF", [("EOF", True, False, 0)]),
        ('RUN "a${b:-\'"c"\'}" <<EOF', [("EOF", True, False, 0)]),
        # Not here-documents:
        ("RUN <<<EOF", []),
        ("RUN <<- EOF", []),
        ("RUN a<<EOF", []),
        ("RUN '<<EOF'", []),
        ('RUN "<<EOF"', []),
        ("RUN \\<<EOF", []),
        ("RUN <<''", []),
        ("RUN <<", []),
        ("RUN <<EOF it's", []),
        ('RUN <<EOF "', []),
        ("RUN <<EOF ${a", []),
        ("RUN <<EOF ${}", []),
        ("RUN <<EOF ${a:#b}", []),
        ("RUN <<EOF ${a!b}", []),
        ("RUN <<${a:-b}", []),
        ('RUN <<"${a:-b}"', []),
        ('RUN ["a", "<<EOF"]', []),
        ("CMD <<EOF", []),
        ("ENV a <<EOF", []),
        ("ONBUILD ONBUILD RUN <<EOF", []),
        ("ONBUILD CMD <<EOF", []),
    ],
)
def test_heredocs_are_announced_as_buildkit_lexes_them(
    line: str, names_found: list[tuple[str, bool, bool, int]]
) -> None:
    body = "".join(f"x\n{name}\n" for name, *_ in names_found)
    file = parse(f"FROM a\n{line}\n{body}RUN z\n")
    assert not file.problems
    found = file.instructions[1]
    assert [(doc.name, doc.expand, doc.chomp, doc.descriptor) for doc in found.heredocs] == names_found
    assert [doc.body for doc in found.heredocs] == ["x\n"] * len(names_found)
    assert found.span == Span(2, 2 + 2 * len(names_found))
    assert file.instructions[2].span.first == found.span.last + 1


def test_heredoc_bodies_are_untouched_but_for_tabs() -> None:
    text = "FROM a\nCOPY <<A <<-B /c/\n# no comment\r\n\ttab \\\n\nA \nA\n\t\tB2\n \tC\n\t\tB\nRUN d\n"
    copy, run = parse(text).instructions[1:]
    assert copy.heredocs == (
        Heredoc(
            "A", "# no comment\r\n\ttab \\\n\nA \n", expand=True, chomp=False, descriptor=0, span=Span(3, 7)
        ),
        Heredoc("B", "B2\n \tC\n", expand=True, chomp=True, descriptor=0, span=Span(8, 10)),
    )
    assert (copy.span, run.span) == (Span(2, 10), Span(11, 11))


def test_heredoc_ends_at_its_name_with_carriage_returns() -> None:
    assert only("FROM a\r\nRUN <<E\r\nx\r\nE\r\n").heredocs[0].body == "x\r\n"


def test_trigger_has_flags_words_and_heredocs_of_its_own() -> None:
    found = only("FROM a\nONBUILD \\\n  COPY --link <<E /b\nx\nE\n")
    trigger = found.trigger
    assert trigger is not None
    assert (trigger.name, trigger.flags, trigger.words) == (
        "COPY",
        (Flag("link", None, "--link"),),
        ("<<E", "/b"),
    )
    assert trigger.heredocs == found.heredocs
    assert (trigger.span, trigger.position(0)) == (found.span, Position(3, 15))
    assert only("FROM a\nONBUILD\n").trigger is None


def test_trigger_of_a_trigger_is_not_followed() -> None:
    found = only("FROM a\nONBUILD ONBUILD ONBUILD RUN b\n")
    assert found.trigger is not None
    assert (found.trigger.name, found.trigger.text, found.trigger.trigger) == (
        "ONBUILD",
        "ONBUILD RUN b",
        None,
    )
