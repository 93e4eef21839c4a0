"""About multistage itself: rules that crash, and comments that silence nothing. The engine makes these findings."""

from __future__ import annotations

from typing import TYPE_CHECKING

from multistage_cli.analyze.findings import Severity
from multistage_cli.analyze.rule import Asked, Match, named_stages, rule
from multistage_cli.errors import did_you_mean

if TYPE_CHECKING:
    from collections.abc import Iterator

    from multistage_cli.build.evaluate import Build


@rule("MS901", "rule-crashed", Severity.ERROR, by_engine=True)
def rule_crashed(build: Build) -> Iterator[Match]:
    """Rule that broke on this file, which is a bug in multistage.

    All other rules have answered. The program ends with exit code 3, whatever `--fail-on` says.

    Fix: report it with the Dockerfile; until then leave the rule out with --ignore.
    """
    yield from ()


@rule("MS902", "useless-ignore", Severity.INFO, by_engine=True)
def useless_ignore(build: Build) -> Iterator[Match]:
    """Comment that silences a rule which finds nothing there.

    It would hide the next real finding. Only our own comments are judged, and only for rules that ran;
    `# hadolint ignore=` and `# check=skip=` may be there for the other tool.

    Bad, found on line 2:
        FROM alpine:3.22
        # multistage: ignore=MS501 the shell is wanted
        CMD ["sleep", "60"]

    Good:
        FROM alpine:3.22
        # multistage: ignore=MS501 the shell is wanted
        CMD sleep 60

    Good:
        # multistage: file-ignore=shell-form-command the shell is wanted
        FROM alpine:3.22
        CMD sleep 60

    Good:
        FROM alpine:3.22 AS base
        # multistage: stage-ignore=JSONArgsRecommended for debugging only
        FROM base AS debug
        CMD sleep 60

    Fix: delete the comment, or move it to right above the instruction that it is about.
    """
    yield from ()


@rule("MS903", "misunderstood-ignore", Severity.WARNING, by_engine=True)
def misunderstood_ignore(build: Build) -> Iterator[Match]:
    """Comment for multistage that names no rule, or is not understood.

    Bad, found on lines 2 and 4:
        FROM alpine:3.22
        # multistage: ignore=MS5011
        RUN true
        # multistage: please ignore the next line
        RUN true

    Good:
        FROM alpine:3.22
        # multistage: ignore=MS501 the shell is wanted
        CMD sleep 60

    Fix: write `# multistage: ignore=CODE reason`, or stage-ignore=, or file-ignore=.
    """
    yield from ()


@rule("MS904", "configured-target-missing", Severity.INFO)
def configured_target_missing(build: Build, asked: Asked) -> Iterator[Match]:
    """Target of the configuration that this Dockerfile has no stage for.

    What it was to hold for is then judged as if it were not listed. It is a warning where a stage has nearly the same
    name: a slip of the pen, or a stage that was renamed.

    Bad, found on line 1:
        FROM alpine:3.22 AS app
        ==> multistage.toml <==
        targets = ["app", "test"]

    Bad, found on line 1:
        FROM alpine:3.22 AS runtime
        ==> multistage.toml <==
        targets = ["runtim"]

    Good:
        FROM alpine:3.22 AS app
        FROM app AS test
        ==> multistage.toml <==
        targets = ["App", "1"]

    Fix: mend the list of targets, or ignore this rule for the Dockerfiles that have other stages.
    """
    if asked.settings.targets_from or not build.graph.stages:
        return
    known = [stage.name for stage in build.graph.stages if stage.name]
    for name in dict.fromkeys(asked.settings.targets):
        if named_stages(build, (name,)):
            continue
        near = did_you_mean(name.lower(), known)
        hint = near or "; mend the list of targets, or ignore this rule here"
        message = f'the configuration lists "{name}" as a target, and there is no such stage{hint}'
        severity = Severity.WARNING if near else None
        yield Match(build.graph.stages[0].head.span, message, severity=severity)
