"""What re-runs, for machines; the shape is a promise."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from multistage_cli.cache.model import Advice, CacheReport, Verdict


def render(report: CacheReport) -> str:
    """The report as JSON."""
    return json.dumps(as_data(report), indent=2)


def as_data(report: CacheReport) -> dict[str, object]:
    """The report as dictionaries and lists."""
    return {
        "version": 1,
        "path": report.path,
        "target": report.target,
        "change": report.change,
        "instructions": [_verdict(verdict) for verdict in report.verdicts],
        "advice": [_advice(entry) for entry in report.advice],
        "notes": list(report.notes),
    }


def _verdict(verdict: Verdict) -> dict[str, object]:
    return {
        "line": verdict.line,
        "end_line": verdict.end_line,
        "stage": verdict.stage,
        "instruction": verdict.instruction,
        "result": verdict.result.value,
        "certain": verdict.certain,
        "because": verdict.because,
        "follows": verdict.follows,
    }


def _advice(advice: Advice) -> dict[str, object]:
    return {
        "line": advice.line,
        "stage": advice.stage,
        "action": advice.action,
        "text": advice.text,
        "steps_saved": advice.steps_saved,
        "bytes_saved": advice.bytes_saved,
    }
