"""Pages for machines."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from multistage_cli.analyze.page import page_of, page_url

if TYPE_CHECKING:
    from multistage_cli.analyze.page import Example
    from multistage_cli.analyze.rule import Rule
    from multistage_cli.explain.pages import Explanation


def render(explanation: Explanation) -> str:
    """The pages as JSON, the list form also for one rule."""
    return json.dumps({"version": 1, "rules": [_rule(rule) for rule in explanation.rules]}, indent=2)


def _rule(rule: Rule) -> dict[str, Any]:
    page = page_of(rule)
    return {
        "code": rule.code,
        "name": rule.name,
        "aliases": list(rule.aliases),
        "severity": rule.severity.value,
        "confidence": rule.confidence.value,
        "default": rule.default,
        "summary": page.summary,
        "why": list(page.why),
        "bad": [_example(example) for example in page.bad],
        "good": [_example(example) for example in page.good],
        "fix": page.fix,
        "url": page_url(rule.aliases),
    }


def _example(example: Example) -> dict[str, Any]:
    return {"lines": list(example.lines), "files": dict(example.files)}
