"""What re-runs, as Markdown for a pull request."""

from __future__ import annotations

from typing import TYPE_CHECKING

from multistage_cli.cache.model import Result
from multistage_cli.cache.wording import headline, saved
from multistage_cli.terminal.markdown import code, escaped

if TYPE_CHECKING:
    from collections.abc import Iterator

    from multistage_cli.cache.model import CacheReport, Verdict

_NAMES = {Result.RE_RUN: "re-runs", Result.CACHED: "cached", Result.METADATA: "", Result.BASE: "base"}


def render(report: CacheReport) -> str:
    """A heading, a table of the instructions of each stage, the notes and the advice."""
    return "\n".join(_lines(report)) + "\n"


def _lines(report: CacheReport) -> Iterator[str]:
    yield f"### {escaped(headline(report))}"
    for stage in report.stages:
        if not stage.needed:
            continue
        target = " (target)" if stage.key == report.target else ""
        yield ""
        yield f"**{escaped(stage.title)}**{target}"
        yield ""
        yield "| line | instruction | result | because |"
        yield "|---:|---|---|---|"
        for verdict in stage.verdicts:
            yield _row(verdict)
    spare = [escaped(stage.title) for stage in report.stages if not stage.needed]
    if spare:
        yield ""
        yield f"Not built for this target: {', '.join(spare)}"
    if report.advice:
        yield ""
        yield "To rebuild less:"
        yield ""
        yield from (f"- {escaped(entry.text)} ({saved(entry)})" for entry in report.advice)
    if report.notes:
        yield ""
        yield from (f"- {escaped(note)}" for note in report.notes)


def _row(verdict: Verdict) -> str:
    name = _NAMES[verdict.result]
    if not verdict.certain:
        name = {Result.RE_RUN: "may re-run", Result.CACHED: "may stay cached"}.get(
            verdict.result, "may be another"
        )
    shown = f"**{name}**" if verdict.result is Result.RE_RUN else name
    return f"| {verdict.line} | {code(verdict.instruction)} | {shown} | {escaped(verdict.because)} |"
