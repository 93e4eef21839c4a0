"""The expansion of words, as BuildKit does it, and what BuildKit expands.

Source: moby/buildkit, frontend/dockerfile (Dockerfile syntax 1.19): shell/lex.go for words,
instructions/commands.go, commands_runmount.go and dockerfile2llb/convert.go for what is expanded.
"""

from __future__ import annotations

import re

from multistage_cli.build.claims import UNKNOWN, Known, Unknown
from multistage_cli.build.variables.lexer import Lexer
from multistage_cli.build.variables.scope import DEFAULT_LIMIT, Expansion, Scope

_SIMPLE = re.compile(r"\$(?:\{([A-Za-z_][A-Za-z0-9_]*)\}|([A-Za-z_][A-Za-z0-9_]*))")

_EXPANDED = frozenset(
    {"ADD", "ARG", "COPY", "ENV", "EXPOSE", "FROM", "LABEL", "STOPSIGNAL", "USER", "VOLUME", "WORKDIR"}
)
_EXPANDED_FLAGS = {
    "ADD": frozenset({"chown", "chmod", "checksum"}),
    "COPY": frozenset({"chown", "chmod"}),
    "FROM": frozenset({"platform"}),
    "RUN": frozenset({"mount"}),
}

# The characters that variables may add to all words of one file together.
_FILE_LIMIT = 67_108_864


def expand(word: str, scope: Scope, *, escape: str = "\\") -> Expansion:
    """Expand one word: quotes and escapes removed, variables replaced (ProcessWord of BuildKit).

    Args:
        word: as it is written, quotes and all.
        scope: the variables that it may use.
        escape: the Dockerfile's escape character: a backslash or a backtick.
    """
    if _is_plain(word, escape):
        return Expansion(word)
    simple = _SIMPLE.fullmatch(word)
    if simple is not None:
        return _simple(simple[1] or simple[2], scope, len(word))
    return Lexer(word, scope, escape, quotes=True, split=False).run()


def expand_words(word: str, scope: Scope, *, escape: str = "\\") -> tuple[Known[tuple[str, ...]], Expansion]:
    """Expand one argument that may split into several words at unquoted spaces (ProcessWords).

    The spaces of a variable's value split as well. EXPOSE expands its arguments like this.
    """
    lexer = Lexer(word, scope, escape, quotes=True, split=True)
    expansion = lexer.run()
    if isinstance(expansion.value, Unknown):
        return UNKNOWN, expansion
    return lexer.words(), expansion


def expand_heredoc(body: str, scope: Scope) -> Expansion:
    r"""Expand the body of a here-document of COPY or ADD: variables are replaced and quotes are text.

    The escape character is a backslash there, whatever the Dockerfile's is: `\$x` keeps the dollar sign
    and every other character after a backslash stays without it (SupportsSingleWordExpansionRaw in
    moby/buildkit, frontend/dockerfile/dockerfile2llb/convert.go).
    """
    if body.isascii() and "$" not in body and "\\" not in body:
        return Expansion(body)
    return Lexer(body, scope, "\\", quotes=False, split=False).run()


def _is_plain(word: str, escape: str) -> bool:
    return word.isascii() and "$" not in word and '"' not in word and "'" not in word and escape not in word


def _simple(name: str, scope: Scope, length: int) -> Expansion:
    """`${name}` or `$name` and nothing else."""
    value = scope.values.get(name)
    if value is None:
        if scope.open:
            return Expansion(UNKNOWN)
        return Expansion("", unset=frozenset((name,)))
    if isinstance(value, str) and len(value) > scope.limit + 16 * length:
        value = UNKNOWN
    return Expansion(value, used=frozenset((name,)))


def expands(name: str) -> bool:
    """Whether BuildKit expands the arguments of an instruction.

    - ENV and LABEL expand names and values; all pairs of one line see the variables from before it.
    - ARG expands its default, never its name; each pair of a line sees those before it.
    - EXPOSE splits what it expanded into words (`expand_words`); the others do not.
    - FROM sees the global scope alone; its stage name is not expanded.
    - COPY and ADD expand sources, the destination and the bodies of here-documents whose name is not
      quoted (`expand_heredoc`); a JSON form is expanded as well.
    - ONBUILD keeps its trigger as it is; it expands in the stage where it fires.
    - RUN, CMD, ENTRYPOINT, HEALTHCHECK and SHELL leave their text to the shell.

    Args:
        name: of the instruction, in capitals.
    """
    return name in _EXPANDED


def expands_flag(name: str, flag: str) -> bool:
    """Whether BuildKit expands the value of a flag.

    Of `RUN --mount` every value but that of `from` is expanded. In `from`, there and in `COPY --from`,
    a variable is an error, which says to write a stage `FROM $NAME AS ...` instead. All other flags are
    taken as they are written.

    Args:
        name: of the instruction, in capitals.
        flag: the flag's name without dashes.
    """
    return flag in _EXPANDED_FLAGS.get(name, ())


def expansion_limit(instruction_count: int) -> int:
    """How many characters variables may add to one word in a file with so many instructions.

    Lines such as `ENV a=$b$b` double a value each; with this limit a hostile file cannot fill the memory.
    """
    return min(DEFAULT_LIMIT, _FILE_LIMIT // max(instruction_count, 1))
