"""Findings as cards with links into the listing, and the pages of their rules."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from multistage_cli.analyze.engine import Severity
from multistage_cli.analyze.page import lines_of, page_of
from multistage_cli.analyze.rule import all_rules
from multistage_cli.report.html.words import line_link, plural
from multistage_cli.terminal.page_shell import text

if TYPE_CHECKING:
    from collections.abc import Iterator

    from multistage_cli.analyze.engine import Edit, FileAnalysis, Finding, Fix
    from multistage_cli.analyze.page import Example
    from multistage_cli.analyze.rule import Rule

MOST_FINDINGS = 100
"""The gravest so many are shown; a page with more would help nobody."""

_MOST_LINES = 12  # of one edit
_MOST_EDITS = 5


def shown_findings(analysis: FileAnalysis) -> tuple[Finding, ...]:
    """Those that the page shows, in the order of the file."""
    if len(analysis.findings) <= MOST_FINDINGS:
        return analysis.findings
    order = list(Severity)
    gravest = sorted(analysis.findings, key=lambda finding: order.index(finding.severity))[:MOST_FINDINGS]
    return tuple(sorted(gravest, key=lambda finding: (finding.line, finding.code)))


def counted(analysis: FileAnalysis) -> str:
    """`2 errors, 1 warning`, or that there is nothing."""
    counts = Counter(finding.severity for finding in analysis.findings)
    words = [
        plural(counts[severity], severity.value if severity is not Severity.INFO else "hint")
        for severity in Severity
        if counts[severity]
    ]
    return ", ".join(words) or "nothing found"


def section(analysis: FileAnalysis, shown: tuple[Finding, ...]) -> str:
    """All cards, in the order of the file."""
    if not shown:
        body = '<p class="calm">Nothing found.</p>'
    else:
        body = f'<ol class="findings">\n{"".join(_cards(analysis, shown))}</ol>'
    if left := len(analysis.findings) - len(shown):
        body += f'<p class="faint">and {left} more, none of them graver: <code>multistage analyze</code> shows all</p>'
    return f"""<section id="findings" aria-labelledby="findings-title">
<h2 id="findings-title">Findings</h2>
{body}
</section>
"""


def _cards(analysis: FileAnalysis, shown: tuple[Finding, ...]) -> Iterator[str]:
    known = {rule.code for rule in all_rules()}
    for number, finding in enumerate(shown):
        severity = finding.severity.value
        rule = text(f"{finding.code} {finding.name}")
        named = f'<a href="#rule-{text(finding.code)}">{rule}</a>' if finding.code in known else rule
        stage = f", stage {text(finding.stage)}" if finding.stage is not None else ""
        sure = "" if finding.confidence.value == "certain" else f" ({finding.confidence.value})"
        related = "".join(
            f"<li>line {line_link(entry.line)}: {text(entry.message)}</li>" for entry in finding.related
        )
        related = f'<ul class="related">{related}</ul>' if related else ""
        yield (
            f'<li class="finding {severity}" id="finding-{number}" data-first="{finding.line}"'
            f' data-last="{finding.end_line}">'
            f'<p class="finding-head"><span class="severity {severity}">{severity}{sure}</span> '
            f"<span>line {line_link(finding.line, finding.end_line)}{stage}</span> "
            f'<span class="rule">{named}</span></p>'
            f"<p>{text(finding.message)}</p>"
            f"{related}{_fix(finding.fix, analysis.lines) if finding.fix else ''}</li>\n"
        )


def _fix(fix: Fix, lines: tuple[str, ...]) -> str:
    words = "Fix" if fix.safe else "Possible fix (it changes what is built)"
    edits = "".join(_edit(edit, lines) for edit in fix.edits[:_MOST_EDITS])
    more = ""
    if (left := len(fix.edits) - _MOST_EDITS) > 0:
        more = f'<p class="faint">and {plural(left, "edit")} more</p>'
    return f'<p class="fix-head">{words}</p>{edits}{more}'


def _edit(edit: Edit, lines: tuple[str, ...]) -> str:
    old = lines[edit.line - 1 : edit.end_line]
    new = edit.text.split("\n") if edit.text else []
    rows = [*_diff("del", "-", old), *_diff("ins", "+", new)]
    return f'<pre class="diff">{"".join(rows)}</pre>'


def _diff(tag: str, sign: str, lines: list[str] | tuple[str, ...]) -> Iterator[str]:
    for line in lines[:_MOST_LINES]:
        yield f"<{tag}>{sign} {text(line.expandtabs(4))}\n</{tag}>"
    if (left := len(lines) - _MOST_LINES) > 0:
        yield f"<{tag}>{sign} and {plural(left, 'line')} more\n</{tag}>"


def rules_section(shown: tuple[Finding, ...]) -> str:
    """The page of each rule that found something, once."""
    found = {finding.code for finding in shown}
    pages = [_page(rule) for rule in all_rules() if rule.code in found]
    if not pages:
        return ""
    return f"""<section id="rules" aria-labelledby="rules-title">
<h2 id="rules-title">The rules behind these findings</h2>
<div class="rules">
{"".join(pages)}</div>
</section>
"""


def _page(rule: Rule) -> str:
    page = page_of(rule)
    known = f" Elsewhere: {text(', '.join(rule.aliases))}." if rule.aliases else ""
    why = "".join(f"<p>{text(paragraph)}</p>" for paragraph in page.why)
    good = "".join(_example("Good", example) for example in page.good[:1])
    bad = "".join(
        _example(f"Bad, found on {lines_of(example)}" if example.lines else "Bad", example)
        for example in page.bad[:1]
    )
    return (
        f'<article id="rule-{text(rule.code)}" aria-labelledby="rule-{text(rule.code)}-name">'
        f'<h3 id="rule-{text(rule.code)}-name">{text(f"{rule.code} {rule.name}")}</h3>'
        f'<p>{text(page.summary)} <span class="faint">{rule.severity.value}.{known}</span></p>'
        f"{why}{bad}{good}<p><strong>Fix:</strong> {text(page.fix)}</p></article>\n"
    )


def _example(title: str, example: Example) -> str:
    lines = "\n".join(text(line) for line in example.dockerfile.rstrip("\n").split("\n"))
    return f'<p class="fix-head">{title}</p><pre>{lines}</pre>'
