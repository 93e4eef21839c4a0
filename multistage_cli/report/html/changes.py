"""What a change rebuilds: the answers as data for the picker, and as a table for those without it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from multistage_cli.cache.model import Result
from multistage_cli.printable import printable
from multistage_cli.report.changes import NAME
from multistage_cli.report.html.words import line_link, listed, plural
from multistage_cli.terminal.page_shell import text

if TYPE_CHECKING:
    from collections.abc import Iterable

    from multistage_cli.report.changes import Again, Changes, Outcome

_MOST_ROWS = 20
_MOST_EXAMPLES = 3
_BASELINE = {Result.METADATA: 1, Result.BASE: 2, Result.NOT_BUILT: 3}


def section(changes: Changes) -> str:
    """The picker, where its answer goes, and the table of all answers."""
    rows = _rows(changes)
    more = ""
    if len(rows) > _MOST_ROWS:
        more = f'<p class="faint">and {len(rows) - _MOST_ROWS} more groups</p>'
    return f"""<section id="changes" aria-labelledby="changes-title">
<h2 id="changes-title">What a change rebuilds</h2>
<p>{_introduction(changes)}</p>
<div class="picker js" hidden>
<label for="pick">Find a file{_other_words(changes)}</label>
<input id="pick" type="search" autocomplete="off" spellcheck="false" placeholder="such as src/" \
aria-describedby="pick-note">
<p id="pick-note" class="faint" role="status"></p>
<ul id="picks" aria-label="What may change"></ul>
</div>
<div id="answer" class="js" hidden tabindex="-1" role="region" aria-labelledby="answer-title">
<div class="answer-head"><h3 id="answer-title"></h3><button type="button" id="clear">Clear</button></div>
<p class="legend"><span class="cell rerun">↻</span> re-runs <span class="cell maybe">~</span> may re-run \
<span class="cell cached">✓</span> stays cached <span class="cell none">·</span> nothing to run \
<span class="cell away">-</span> not built</p>
<div id="strips"></div>
<h4>Why</h4>
<ul id="reasons" class="plain"></ul>
</div>
<details class="groups" open><summary>{plural(len(rows), "group")} of what may change</summary>
<table>
<thead><tr><th scope="col">What changes</th><th scope="col">What follows</th></tr></thead>
<tbody>
{"".join(rows[:_MOST_ROWS])}</tbody>
</table>{more}</details>
</section>
"""


def _introduction(changes: Changes) -> str:
    if not changes.has_context:
        return (
            "There was no build context to look in, so no files are listed; name its folder with "
            '<code class="keep">--context</code>.'
        )
    if changes.is_cut:
        return (
            f"The build context has more files than fit here: {len(changes.files):,} are listed, and "
            f"{plural(len(changes.folders), 'folder')} as a whole. Of an edit of the Dockerfile itself, "
            "<code>multistage cache --since REV</code> tells."
        )
    return (
        f"{plural(len(changes.files), 'file')} may change in the build context, besides the Dockerfile and its ignore "
        "file; of an edit of those, <code>multistage cache --since REV</code> tells."
    )


def _other_words(changes: Changes) -> str:
    others = [*(["a build argument"] if changes.arguments else []), *(["an image"] if changes.images else [])]
    return f" or {' or '.join(others)}" if others else ""


def _rows(changes: Changes) -> list[str]:
    """An answer a row, with some of the names that have it."""
    names: dict[int, list[str]] = {}
    for thing in changes.named():
        if thing.outcome is not None:
            names.setdefault(thing.outcome, []).append(thing.name)
    return [_row(changes, changes.outcomes[place], found) for place, found in names.items()]


def _row(changes: Changes, outcome: Outcome, names: list[str]) -> str:
    shown = ", ".join(f"<code>{text(name)}</code>" for name in names[:_MOST_EXAMPLES])
    more = f" and {len(names) - _MOST_EXAMPLES:,} more" if len(names) > _MOST_EXAMPLES else ""
    sure = _lines(changes, (entry for entry in outcome.again if entry.certain))
    perhaps = _lines(changes, (entry for entry in outcome.again if not entry.certain))
    where = [f"re-runs: {sure}"] if sure else []
    where += [f"may re-run: {perhaps}"] if perhaps else []
    places = f'<br><span class="faint">{"; ".join(where)}</span>' if where else ""
    return f"<tr><td>{shown}{more}</td><td>{text(_capital(outcome.summary))}{places}</td></tr>\n"


def _lines(changes: Changes, again: Iterable[Again]) -> str:
    lines = list(dict.fromkeys(changes.steps[entry.place].line for entry in again))
    return listed([line_link(line) for line in lines], most=8)


def _capital(words: str) -> str:
    return words[:1].upper() + words[1:]


def as_data(changes: Changes, stages: dict[str, int]) -> dict[str, object]:
    """The same for the page's script, every text once and fit to be shown.

    Args:
        changes: the answers.
        stages: indexes by the keys of stages.

    Returns:
        `steps`: line, last line, index of the stage, what it is while nothing changes, its keyword; `outcomes`:
        summary and runs of steps `[first, last, certain, reason]`; `reasons`; and names with their outcomes.
    """
    reasons: dict[str, int] = {}
    outcomes = [
        [_capital(printable(outcome.summary)), _runs(outcome, changes, reasons)]
        for outcome in changes.outcomes
    ]
    groups = {"files": changes.files, "folders": changes.folders, "arguments": changes.arguments}
    return {
        "steps": [
            [
                step.line,
                step.end_line,
                stages[step.stage],
                _BASELINE.get(step.result, 0),
                printable(step.instruction.split(" ", 1)[0][:20]),
            ]
            for step in changes.steps
        ],
        "outcomes": outcomes,
        "reasons": list(reasons),
        **{
            name: [[printable(thing.name), thing.outcome] for thing in things]
            for name, things in (*groups.items(), ("images", changes.images))
        },
    }


def _runs(outcome: Outcome, changes: Changes, reasons: dict[str, int]) -> list[list[int]]:
    """Steps that follow each other in a stage for one reason, taken together."""
    runs: list[list[int]] = []
    for entry in outcome.again:
        because = NAME.join(printable(part) for part in entry.because.split(NAME))
        reason = reasons.setdefault(because, len(reasons))
        last = runs[-1] if runs else None
        if (
            last is not None
            and last[1:] == [entry.place - 1, int(entry.certain), reason]
            and changes.steps[last[1]].stage == changes.steps[entry.place].stage
        ):
            last[1] = entry.place
        else:
            runs.append([entry.place, entry.place, int(entry.certain), reason])
    return runs
