"""Bytecode that Python writes beside its own library when it runs for the first time in a stage."""

from __future__ import annotations

from typing import TYPE_CHECKING

from multistage_cli.build.changes import Installation, Untracked, VirtualEnvironment
from multistage_cli.build.claims import Claim
from multistage_cli.sizes.model import Part
from multistage_cli.sizes.packages import site_packages
from multistage_cli.sizes.ranges import Range

if TYPE_CHECKING:
    from collections.abc import Mapping

    from multistage_cli.build.changes import Change
    from multistage_cli.build.evaluate import Step
    from multistage_cli.facts.images import Image

_OF_PYTHON = Range(3_900_000, 4_600_000, 5_000_000)
"""What the standard library's modules take that pip and venv import."""
_OF_PIP = Range(3_600_000, 4_800_000, 5_500_000)
"""What pip's own modules take.

The official images delete all bytecode and run pip with PYTHONDONTWRITEBYTECODE as they are built
(Dockerfile-linux.template of docker-library/python), so the first pip writes it anew. Built in November 2026 on
images without any: Python 3.12 with pip 23.2 wrote 4,646,582 bytes for the library and 5,032,621 for pip, 3.13
with pip 24.2 wrote 4,273,718 and 3,921,476; venv alone 4,699,136 for the library.
"""
_BOTH = 2
_PROGRAMS_IN_PYTHON = frozenset({"pip", "pipenv", "poetry"})


def first_bytecode(step: Step, image: Image | None, compiled: frozenset[str]) -> Mapping[str, Part]:
    """What a RUN writes of it, under a key for each library; `compiled` holds the keys of what is there.

    Only root may write beside the library of an official image, and nobody does with PYTHONDONTWRITEBYTECODE.
    """
    folder = site_packages(image)
    if folder is None or step.before.runs_as_root is not Claim.YES:
        return {}
    if step.before.variables.known("PYTHONDONTWRITEBYTECODE"):
        return {}
    found: dict[str, Part] = {}
    library = folder.removesuffix("/site-packages")
    if "python" not in compiled and any(_runs_python(change) for change in step.changes):
        found["python"] = Part("bytecode of Python's library", "bytecode", _OF_PYTHON, library)
    if "pip" not in compiled and any(_runs_its_pip(step, change) for change in step.changes):
        found["pip"] = Part("bytecode of pip", "bytecode", _OF_PIP, f"{folder}/pip")
    if len(found) == _BOTH:
        # Where pip has run before, both are there for the most part: they are off together.
        both = Part("bytecode of Python's library and pip", "bytecode", _OF_PYTHON + _OF_PIP, library)
        found = dict.fromkeys(found, both)
    return found


def _runs_python(change: Change) -> bool:
    match change:
        case Installation(manager=manager):
            return manager in _PROGRAMS_IN_PYTHON
        case Untracked(name=name):
            return name.startswith("python")
        case _:
            return isinstance(change, VirtualEnvironment)


def _runs_its_pip(step: Step, change: Change) -> bool:
    """Whether the image's own pip runs, and not the one of a virtual environment, which venv compiled."""
    if not isinstance(change, Installation) or change.manager != "pip":
        return False
    prefix = change.prefix
    if prefix in step.after.virtual_environments:
        return False
    # One that was copied from another stage.
    return not isinstance(prefix, str) or step.after.files.exists(f"{prefix}/pyvenv.cfg") is not Claim.YES
