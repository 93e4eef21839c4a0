"""Which distributions a Python requirement brings: from the shipped facts, or from pip's own resolver."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from multistage_cli.build.bases import platform_of
from multistage_cli.build.claims import UNKNOWN, Claim

if TYPE_CHECKING:
    from collections.abc import Sequence

    from multistage_cli.build.evaluate import Build, EvaluatedStage, Step
    from multistage_cli.facts.python import Resolution
    from multistage_cli.facts.requirements import Requirement

INDEX_OPTIONS: Final = frozenset(
    {
        "--index-url",
        "--extra-index-url",
        "--find-links",
        "--no-index",
        "--pre",
        "--no-binary",
        "--only-binary",
    }
)
"""Options of requirement files that have packages come from elsewhere, or other releases or builds of them."""
_OWN_CHOICE = re.compile(
    r"(?:^|\s)(?:-i\b|-f\b|-c\b|--(?:extra-|default-)?index(?:-url)?\b|--find-links\b|--no-index\b|--pre\b|--prerelease\b"
    r"|--no-binary\b|--only-binary\b|--constraints?\b|--platform\b|--python-version\b|--exclude-newer\b|--resolution\b)"
)
_SET_HERE = re.compile(
    r"\b(?:PIP|UV)_(?:EXTRA_|DEFAULT_)?(?:INDEX|FIND_LINKS|CONSTRAINT|PRE)[A-Z_]*=|\bpip\.conf\b|\bpip3? config\b"
)
_SETTINGS: Final = ("/etc/pip.conf", "/root/.pip/pip.conf", "/root/.config/pip/pip.conf", "/etc/uv/uv.toml")
_OWN_VARIABLES: Final = tuple(
    f"{tool}_{name}"
    for tool in ("PIP", "UV")
    for name in ("INDEX_URL", "EXTRA_INDEX_URL", "FIND_LINKS", "CONSTRAINT", "INDEX", "DEFAULT_INDEX", "PRE")
)


def resolved(
    build: Build,
    entry: EvaluatedStage,
    step: Step,
    requirements: Sequence[Requirement],
    *,
    python: str,
    whole: bool,
    own_index: bool,
) -> Resolution:
    """Requirements with all that they bring.

    The network is asked where it may be, and where the user's own pip would choose as the build does: not where
    the build names an index, a constraint or a folder of wheels of its own.

    Args:
        build: the evaluated build.
        entry: the stage.
        step: the RUN.
        requirements: what is asked for.
        python: minor version, such as `3.12`.
        whole: whether the requirements are all there is, as out of a lock file.
        own_index: whether a requirements file says where packages come from.
    """
    from multistage_cli.facts.python import closure

    if build.online is None or own_index or _chooses_itself(step):
        return closure(requirements)
    from multistage_cli.facts.online.pip import Place

    architecture = platform_of(entry.stage, build.platform).split("/")
    libc, version = step.before.libc, step.before.libc_version
    place = Place(
        python,
        architecture[1] if len(architecture) > 1 else "",
        None if libc is UNKNOWN else libc,
        None if version is UNKNOWN else version,
    )
    return build.online.distributions(requirements, place, alone=whole)


def _chooses_itself(step: Step) -> bool:
    instruction, before = step.instruction, step.before
    text = " ".join((*(flag.text for flag in instruction.flags), instruction.text))
    return (
        _OWN_CHOICE.search(text) is not None
        or _SET_HERE.search(text) is not None
        or any(before.variables.known(name) for name in _OWN_VARIABLES)
        or any(before.exists(path) is Claim.YES for path in _SETTINGS)
    )
