"""What changed against another build: findings that are new or fixed, practices, and megabytes by stage and line."""

from __future__ import annotations

from typing import TYPE_CHECKING

from multistage_cli.report.html.words import line_link, plural, sized
from multistage_cli.sizes.difference import Presence, headline, signed
from multistage_cli.sizes.wording import base_words, line_words
from multistage_cli.terminal.page_shell import text

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from multistage_cli.analyze.engine import Finding
    from multistage_cli.analyze.practices import Score
    from multistage_cli.report.against import PageDifference
    from multistage_cli.sizes.difference import Delta, Difference, LineDifference, StageDifference

_MOST_FINDINGS = 40  # of each kind
_MOST_STAGES = 20
_MOST_LINES = 40  # of one stage


def section(difference: PageDifference, score: Score, shown: Sequence[Finding]) -> str:
    """All that is not as it was.

    Args:
        difference: from the other build to this one.
        score: of this build's practices.
        shown: the findings that the page shows, in its order: new ones lead there.
    """
    new, fixed = difference.new, difference.fixed
    places = {id(finding): number for number, finding in enumerate(shown)}
    notes = "".join(f'<p class="faint">{text(note)}</p>' for note in difference.notes)
    return f"""<section id="difference" aria-labelledby="difference-title">
<h2 id="difference-title">What changed against <span class="path">{text(difference.against)}</span></h2>
<ul class="told">
<li>Findings: <strong{' class="bad"' if new else ""}>{len(new)} new</strong>, \
<strong{' class="good"' if fixed else ""}>{len(fixed)} fixed</strong>, {difference.kept} as before</li>
<li>Practices: {_score(difference.score, score)}</li>
<li>The image: <strong{_tone(difference.sizes.delta)}>{text(headline(difference.sizes))}</strong></li>
</ul>
{notes}{_findings("New findings", new, places)}{_findings("Fixed, with the lines that they had", fixed, None)}\
{_sizes(difference.sizes)}</section>
"""


def _score(before: Score, after: Score) -> str:
    now = f"{after.passed} of {after.total}"
    return f"{now}, as before" if before == after else f"{now}, was {before.passed} of {before.total}"


def _findings(title: str, findings: Sequence[Finding], places: dict[int, int] | None) -> str:
    """A list; without `places` the findings are of the other file, so that no line of this page is theirs."""
    if not findings:
        return ""
    rows = "".join(_finding(finding, places) for finding in findings[:_MOST_FINDINGS])
    if (left := len(findings) - _MOST_FINDINGS) > 0:
        rows += f'<li class="faint">and {left} more</li>'
    kind = "new" if places is not None else "fixed"
    return f'<h3>{title}</h3>\n<ul class="plain told-findings {kind}">{rows}</ul>\n'


def _finding(finding: Finding, places: dict[int, int] | None) -> str:
    severity = finding.severity.value
    rule = text(f"{finding.code} {finding.name}")
    line = f"{finding.line}"
    if places is not None:
        line = line_link(finding.line, finding.end_line)
        if (number := places.get(id(finding))) is not None:
            rule = f'<a href="#finding-{number}">{rule}</a>'
    return (
        f'<li class="{severity}"><span class="severity {severity}">{severity}</span> line {line}: '
        f'{text(finding.message)} <span class="rule">{rule}</span></li>\n'
    )


def _sizes(difference: Difference) -> str:
    changed = difference.changed
    same = len(difference.stages) - len(changed)
    if not changed:
        return '<p class="calm">No stage and no line weighs anything else.</p>\n'
    rows = "".join(row for stage in changed[:_MOST_STAGES] for row in _rows(stage))
    more = [f"{plural(same, 'stage')} {'is' if same == 1 else 'are'} the same"] if same else []
    if (left := len(changed) - _MOST_STAGES) > 0:
        more.insert(0, f"and {plural(left, 'stage')} more")
    notes = "".join(f'<p class="faint">{text(note)}</p>' for note in (*more, *difference.notes))
    return f"""<h3>Megabytes by stage and line</h3>
<table class="difference"><thead class="unseen"><tr><th scope="col">Sign</th><th scope="col">Place</th>\
<th scope="col">What</th><th scope="col">Difference</th></tr></thead>
<tbody>{rows}</tbody></table>
{notes}"""


def _rows(stage: StageDifference) -> Iterator[str]:
    renamed = "" if stage.renamed_from is None else f" (was <code>{text(stage.renamed_from)}</code>)"
    words = {Presence.ADDED: " is new", Presence.REMOVED: " is gone", Presence.BOTH: renamed}[stage.presence]
    whole = stage.after if stage.presence is Presence.ADDED else stage.before
    told = text(signed(stage.delta))
    if stage.presence is not Presence.BOTH and whole is not None:
        told = sized(whole.size)
    sign = {Presence.ADDED: "+", Presence.REMOVED: "-", Presence.BOTH: "~"}[stage.presence]
    yield (
        f'<tr class="stage-row"><td class="mark">{sign}</td><th scope="row" colspan="2">Stage '
        f'{text(stage.label)}{words}</th><td class="number"><span{_tone(stage.delta)}>{told}</span></td></tr>\n'
    )
    if base := base_words(stage):
        yield _row("~", "", f"<code>{text(base)}</code>", stage.base)
    yield from _lines([line for line in stage.lines if not line.is_same])


def _lines(lines: Sequence[LineDifference]) -> Iterable[str]:
    for line in lines[:_MOST_LINES]:
        sign, place = line_words(line)
        if line.after is not None:
            place = f"line {line_link(line.after.line)}"
        layer = line.after or line.before
        what = "" if layer is None else f"<code>{text(layer.instruction)}</code>"
        if (
            line.before is not None
            and line.after is not None
            and line.before.instruction != line.after.instruction
        ):
            what += f'<br><span class="faint">was <code>{text(line.before.instruction)}</code></span>'
        yield _row(sign.strip(), place, what, line.delta)
    if (left := len(lines) - _MOST_LINES) > 0:
        yield f'<tr><td></td><td></td><td class="faint">and {plural(left, "line")} more</td><td></td></tr>\n'


def _row(sign: str, place: str, what: str, delta: Delta) -> str:
    return (
        f'<tr><td class="mark">{sign}</td><td>{place}</td><td>{what}</td>'
        f'<td class="number"><span{_tone(delta)}>{text(signed(delta))}</span></td></tr>\n'
    )


def _tone(delta: Delta) -> str:
    """A colour for what surely grows or shrinks."""
    if delta.is_none or delta.more or delta.low <= 0 <= delta.high:
        return ""
    return ' class="bad"' if delta.estimate > 0 else ' class="good"'
