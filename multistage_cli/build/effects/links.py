"""ln, link. Source: ln(1) of GNU coreutils, and BusyBox's applet."""

from __future__ import annotations

from typing import TYPE_CHECKING

from multistage_cli.build.changes import Doubted, LinkMade
from multistage_cli.build.claims import UNKNOWN, Claim
from multistage_cli.build.effects import Call, effect
from multistage_cli.build.effects.places import UNREAD, place, read_paths

if TYPE_CHECKING:
    from collections.abc import Iterator

    from multistage_cli.build.changes import Change
    from multistage_cli.build.claims import Known

_SWITCHES = (
    "-s --symbolic -f --force -n --no-dereference -v --verbose -r --relative -T --no-target-directory -P --physical"
    " -L --logical -i --interactive"
)


@effect("ln", "link")
def link(call: Call) -> Iterator[Change]:
    """Links; one of the target's name where the last operand is a directory or missing."""
    arguments = read_paths(call, switches=_SWITCHES, with_value="-t --target-directory")
    folder = arguments.value("-t", "--target-directory")
    operands = arguments.operands
    if folder is None and len(operands) == 1:
        operands = (*operands, ".")
    if not operands:
        return
    targets, end = (operands[:-1], operands[-1]) if folder is None else (operands, folder)
    path = place(call, end)
    if not arguments.complete or arguments.has("-L", "--logical", "-i", "--interactive"):
        yield Doubted(path, call.line, call.certain, removes=False)
        return
    symbolic = arguments.has("-s", "--symbolic")
    relative = arguments.has("-r", "--relative")
    into = Claim.UNKNOWN
    if folder is not None or len(targets) > 1 or end.endswith("/") or end in {".", ".."}:
        into = Claim.YES
    elif arguments.has("-T", "--no-target-directory"):
        into = Claim.NO
    for target in targets:
        shown: Known[str] = target if symbolic and not relative and target[:1] != "~" else place(call, target)
        yield LinkMade(
            path,
            UNKNOWN if UNREAD in target or shown == UNREAD else shown,
            call.line,
            call.certain,
            symbolic,
            into,
            follows=not arguments.has("-n", "--no-dereference"),
            relative=relative,
        )
