"""Sentences that the views share."""

from __future__ import annotations

from typing import TYPE_CHECKING

from multistage_cli.cache.model import Result

if TYPE_CHECKING:
    from multistage_cli.cache.model import Advice, CacheReport

_MEGABYTE = 1_000_000


def headline(report: CacheReport) -> str:
    """The change and what it comes to, in one line."""
    again = [entry for entry in report.verdicts if entry.result is Result.RE_RUN]
    sure = sum(entry.certain for entry in again)
    stays = report.count(Result.CACHED)
    if not report.change:
        return "What each step depends on; name a change with --changed PATH, --since REV or --before DIR"
    if not again:
        unsure = any(not entry.certain for entry in report.verdicts)
        return f"{report.change}: {'all steps may stay cached' if unsure else 'no step re-runs'}"
    parts = [_steps(sure, "re-runs", "re-run")] if sure else []
    if len(again) > sure:
        parts.append(_steps(len(again) - sure, "may re-run", "may re-run"))
    parts.append(f"{stays or 'none'} {'stay' if stays > 1 else 'stays'} cached")
    return f"{report.change}: {', '.join(parts)}"


def saved(advice: Advice) -> str:
    """What following an advice saves, in a few words."""
    steps = f"{advice.steps_saved:g}"
    text = f"{steps} {'step' if advice.steps_saved == 1 else 'steps'} fewer"
    if advice.bytes_saved and advice.bytes_saved >= _MEGABYTE:
        text += f", about {round(advice.bytes_saved / _MEGABYTE):,} MB"
    return text


def _steps(count: int, one: str, several: str) -> str:
    return f"{count} step {one}" if count == 1 else f"{count} steps {several}"
