"""What is known, for people: a section for each subject, and where each thing comes from at its end."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from rich.console import Group
from rich.table import Table
from rich.text import Text

from multistage_cli.build.claims import UNKNOWN, Claim, Known
from multistage_cli.printable import printable

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from rich.console import RenderableType

    from multistage_cli.inspect.knowledge import Knowledge, Origin, PathFact

_STYLES: Final = {Claim.YES: "green", Claim.NO: "red", Claim.UNKNOWN: "yellow"}
_MOST_PATHS: Final = 40
_NOTHING: Final = "none"


def render(knowledge: Knowledge) -> RenderableType:
    """All that is known, the answers to questions first."""
    head = Text(f"{knowledge.path}:{knowledge.line}", style="bold")
    head.append(f"  stage {printable(knowledge.label)}", style="default")
    parts: list[RenderableType] = [
        head,
        Text(printable(knowledge.instruction), "dim", overflow="ellipsis", no_wrap=True),
    ]
    for title, rows in _sections(knowledge):
        table = _table(rows)
        if table.row_count:
            parts += [Text(), Text(title, style="bold"), table]
    return Group(*parts)


def _sections(knowledge: Knowledge) -> Iterator[tuple[str, Iterator[tuple[Text, Text, Text]]]]:
    yield "Answers", _answers(knowledge)
    yield "Configuration", _configuration(knowledge)
    yield _with_others("Environment", complete=knowledge.environment_complete), _environment(knowledge)
    yield _with_others("Users", complete=knowledge.users_complete), _users(knowledge)
    yield _with_others("Packages", complete=knowledge.packages_complete), _packages(knowledge)
    yield "Paths that the build touched", _paths(knowledge)


def _with_others(title: str, *, complete: bool) -> str:
    return title if complete else f"{title} (there may be others)"


def _table(rows: Iterable[tuple[Text, Text, Text]]) -> Table:
    table = Table.grid(padding=(0, 2))
    table.add_column(overflow="fold")
    table.add_column(overflow="fold", ratio=1)
    table.add_column(style="dim", no_wrap=True)
    for name, value, origin in rows:
        table.add_row(Text("  ").append_text(name), value, origin)
    return table


def _answers(knowledge: Knowledge) -> Iterator[tuple[Text, Text, Text]]:
    for answer in knowledge.answers:
        value = Text(answer.claim.value, _STYLES[answer.claim])
        if answer.detail:
            value.append(f"  {answer.detail}", "default")
        certain = answer.claim is not Claim.UNKNOWN
        yield _plain(f"{answer.kind} {answer.name}"), value, _origin(answer.origin, base=certain)


def _configuration(knowledge: Knowledge) -> Iterator[tuple[Text, Text, Text]]:
    for fact in knowledge.configuration:
        yield _plain(fact.name), _value(fact.value), _origin(fact.origin, base=fact.value is not None)
    version = knowledge.libc_version
    libc = _value(knowledge.libc)
    if isinstance(version, str):
        libc.append(f" {version}", "default")
    yield _plain("libc"), libc, Text()


def _environment(knowledge: Knowledge) -> Iterator[tuple[Text, Text, Text]]:
    for name, value in knowledge.environment:
        yield _plain(name), _value(value), Text()


def _users(knowledge: Knowledge) -> Iterator[tuple[Text, Text, Text]]:
    if knowledge.base_users:
        yield _plain(f"{knowledge.base_users} users"), Text(), Text("base image")
    for user in knowledge.users:
        numbers = f"{_short(user.uid)}:{_short(user.gid)}  {printable(_short(user.home))}"
        yield _claimed(user.name, user.claim), Text(numbers), _origin(user.origin)


def _packages(knowledge: Knowledge) -> Iterator[tuple[Text, Text, Text]]:
    if knowledge.packages:
        yield _plain(f"{knowledge.packages} of the distribution"), Text(), Text()
    for entry in knowledge.installations:
        words = [*entry.packages, *entry.manifests]
        value = _plain(" ".join(words))
        if not entry.complete:
            value.append(" and others" if words else "not readable from the file", "yellow")
        yield _claimed(entry.manager, entry.claim), value, _origin(entry.origin)


def _paths(knowledge: Knowledge) -> Iterator[tuple[Text, Text, Text]]:
    for fact in knowledge.paths[:_MOST_PATHS]:
        yield _claimed(fact.path, fact.claim), _path(fact), _origin(fact.origin)
    left = len(knowledge.paths) - _MOST_PATHS
    if left > 0:
        more = "more than " if knowledge.more_paths else ""
        yield Text(f"and {more}{left} others: --format json shows more", "dim"), Text(), Text()


def _path(fact: PathFact) -> Text:
    if fact.claim is Claim.NO:
        return Text("is not there", "red")
    mode = "?" if fact.mode is UNKNOWN else f"{fact.mode:04o}"
    text = Text(f"{_short(fact.kind)} {mode} {_short(fact.uid)}:{_short(fact.gid)}")
    if fact.target is not None:
        text.append(f" -> {printable(_short(fact.target))}")
    if fact.content is not None:
        text.append(f"  {fact.content}", "cyan")
    return text


def _claimed(name: str, claim: Claim) -> Text:
    text = _plain(name)
    if claim is Claim.UNKNOWN:
        text.append(" ?", "yellow")
    return text


def _plain(text: str) -> Text:
    return Text(printable(text))


def _value(value: Known[str | None]) -> Text:
    if value is UNKNOWN:
        return Text("unknown", "yellow")
    return Text(_NOTHING, "dim") if value is None else _plain(value)


def _short(value: Known[str] | Known[int]) -> str:
    return "?" if value is UNKNOWN else str(value)


def _origin(origin: Origin, *, base: bool = True) -> Text:
    if origin.line is None:
        return Text("base image" if base else "")
    return Text(f"line {origin.line}")
