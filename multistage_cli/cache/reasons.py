"""Why an instruction re-runs or stays, in words for people."""

from __future__ import annotations

from typing import TYPE_CHECKING

from multistage_cli.build.context import Change
from multistage_cli.build.stages import BaseKind
from multistage_cli.cache.definitions import FromContext, FromElsewhere, FromStage
from multistage_cli.cache.environment import UNKNOWN_VALUE, environment_at

if TYPE_CHECKING:
    from collections.abc import Iterable

    from multistage_cli.build.context import Difference
    from multistage_cli.build.evaluate import Build, EvaluatedStage
    from multistage_cli.cache.inputs import Token
    from multistage_cli.cache.invalidation import Question, Walk
    from multistage_cli.cache.simulation import Record
    from multistage_cli.parser import Instruction

_LONGEST = 200
_MOST_NAMED = 3
_LAYERLESS = {
    "ENV": "sets variables that every RUN below depends on",
    "ARG": "declares variables that every RUN below depends on where they have a value",
    "USER": "every RUN and WORKDIR below depends on it",
    "SHELL": "every RUN below in shell form depends on it",
    "ONBUILD": "is kept for the stages that start from this one",
}


def shown_instruction(instruction: Instruction) -> str:
    """An instruction on one line, here-documents without their bodies."""
    flags = "".join(f"{flag.text} " for flag in instruction.flags)
    text = " ".join(f"{instruction.keyword} {flags}{instruction.text}".split())
    return text if len(text) <= _LONGEST else text[: _LONGEST - 3] + "..."


class Reasons:
    """Words for one walk."""

    def __init__(self, walk: Walk, question: Question) -> None:
        self._walk = walk
        self._question = question
        self._build = walk.later.world.build
        self._counterparts: dict[str, dict[int, Record]] = {}

    def not_needed(self, entry: EvaluatedStage) -> str:
        """Of an instruction in a stage that is not built."""
        target = self._build.target
        name = f'target "{target.stage.label}"' if target and target.stage.name else "the target"
        return f"{name} does not need {entry.stage.title}"

    def base(self, entry: EvaluatedStage) -> str:
        """Of a FROM."""
        base = entry.stage.base
        walked = self._walk.later.walked[entry.stage.index]
        if base.kind is BaseKind.STAGE and base.stage is not None:
            return f"goes on from {self._build.graph.stages[base.stage].title}"
        if base.kind is BaseKind.SCRATCH:
            return "starts from nothing"
        if not walked.base_same:
            if self._question.images & {base.label, base.written}:
                return f"{base.label} has changed"
            return f"another base: {base.label}"
        pinned = "@" in base.label
        return f"{base.label} is the same" + ("" if pinned else " as long as nobody moves its tag")

    def metadata(self, record: Record) -> str:
        """Of an instruction that changes the image's configuration only."""
        name = record.step.instruction.name
        return _LAYERLESS.get(name, "changes the image's configuration only; nothing depends on it")

    def step(self, record: Record, *, certain: bool) -> tuple[str, int | None]:
        """Of RUN, COPY, ADD and WORKDIR, with the line of the step that it follows."""
        if record.cached:
            return self._stays(record, certain=certain), None
        own = self._own(record)
        if own:
            return own, None
        line = record.broken_by
        if not record.known and (why := self._definition(record)):
            return why, None
        if line is not None and certain:
            return self._follows(line), line
        for given, token in zip(
            record.definition.inputs if record.definition else (), record.tokens, strict=True
        ):
            if token.new:
                return self._given(given, token), token.line
        if line is None:
            return "its inputs come together in a way that was never built", None
        return self._follows(line), line

    def _follows(self, line: int) -> str:
        if self._is_from(line):
            return (
                f"follows line {line}, whose base {'changes' if self._question.images else 'may be another'}"
            )
        return f"follows line {line}, which re-runs"

    def _is_from(self, line: int) -> bool:
        return any(entry.stage.head.span.first == line for entry in self._build.stages)

    def _given(self, given: object, token: Token) -> str:
        if isinstance(given, FromStage):
            title = self._build.graph.stages[given.stage].title
            what = ", ".join(given.paths[:_MOST_NAMED])
            if token.line is None:
                return f"{what} of {title} {'may have' if token.maybe else 'has'} other content"
            comes = "may come" if token.maybe else "comes"
            return f"{what} of {title} {comes} out different, as {self._again(token.line)}"
        if isinstance(given, FromElsewhere):
            return (
                f"{given.name} has changed"
                if given.name in self._question.images
                else f"{given.name} is new here"
            )
        return "what it takes may have other content"

    def _again(self, line: int) -> str:
        return f"line {line} has another base" if self._is_from(line) else f"line {line} re-runs"

    def _own(self, record: Record) -> str:
        """The files that differ, where those are why."""
        definition = record.definition
        for given, token in zip(definition.inputs if definition else (), record.tokens, strict=True):
            if token.differences and isinstance(given, FromContext):
                return self._files(record, given, token.differences)
            if token.differences and isinstance(given, FromStage):
                title = self._build.graph.stages[given.stage].title
                return f"{_named(token.differences)}, and {title} copies it"
            if isinstance(given, FromElsewhere) and given.name in self._question.images and given.address:
                return f"{given.name} has changed"
        return ""

    def _files(self, record: Record, given: FromContext, differences: tuple[Difference, ...]) -> str:
        what = "bind mount" if record.step.instruction.name == "RUN" else record.step.instruction.name
        context = self._build.context
        total = 0
        if self._question.differences is not None and not given.selector.exclude:
            total = self._question.differences.count(given.selector)
        paths = [entry.path for entry in differences]
        if len(differences) == 1:
            entry = differences[0]
            if entry.change is not Change.CHANGED:
                return f"{entry.path} {entry.change}"
            if context is not None and not context.exists(entry.path):
                return f"this {what} takes {entry.path}"
            if total > 1:
                return f"{entry.path} is among the {total:,} files of this {what}"
            return f"{entry.path} changed"
        rest = len(paths) - _MOST_NAMED
        named = ", ".join(paths[:_MOST_NAMED]) + (f" and {rest:,} more" if rest > 0 else "")
        return f"{len(paths):,} of its {total:,} files differ: {named}" if total else f"files differ: {named}"

    # Definitions

    def _definition(self, record: Record) -> str:
        """What of the definition is another; nothing where only the step before it says it all."""
        earlier = self._counterpart(record)
        if earlier is None or earlier.definition is None or record.definition is None:
            return "was not there before"
        before, after = dict(earlier.definition.parts), dict(record.definition.parts)
        for name, text in after.items():
            if before.get(name) != text:
                same_text = earlier.step.instruction.text == record.step.instruction.text
                return _part("shell" if name == "command" and same_text else name)
        if record.broken_by is not None:
            return ""
        return (
            self._environment(earlier, record) if record.definition.environment else "it takes something else"
        )

    def _environment(self, earlier: Record, record: Record) -> str:
        before = _environment_of(self._walk.earlier.world.build, earlier)
        after = _environment_of(self._build, record)
        names = [name for name in after if before.get(name) != after[name]]
        names += [name for name in before if name not in after]
        if not names:
            return "its variables come in another order"
        shown = ", ".join(name.removeprefix(UNKNOWN_VALUE) for name in names[:_MOST_NAMED])
        rest = len(names) - _MOST_NAMED
        more = f" and {rest} more" if rest > 0 else ""
        kind = "build argument" if self._is_argument(record, names[0]) else "variable"
        plural = "s" if len(names) > 1 else ""
        has = "has another value" if len(names) == 1 else "have other values"
        return f"{kind}{plural} {shown}{more} {has}, and RUN depends on all in scope"

    def _is_argument(self, record: Record, name: str) -> bool:
        return record.step.before.variables.is_declared(name)

    def _counterpart(self, record: Record) -> Record | None:
        """The step of the earlier build in this one's place."""
        stage = self._build.stages[record.step.stage].stage
        known = self._counterparts.get(stage.key)
        if known is None:
            known = self._counterparts[stage.key] = self._aligned(stage.key, stage.index)
        return known.get(id(record))

    def _aligned(self, key: str, index: int) -> dict[int, Record]:
        earlier = self._walk.earlier.kept.stages.get(key)
        if earlier is None:
            earlier = self._walk.earlier.walked.get(index)
        later = self._walk.later.walked[index]
        if earlier is None:
            return {}
        return dict(_pairs(earlier.records, later.records))

    # What stays

    def _stays(self, record: Record, *, certain: bool) -> str:
        definition = record.definition
        if not certain and definition is not None and definition.linked and record.step.stage is not None:
            return "--link does not depend on what is below, where the builder merges layers (containerd image store)"
        if not certain:
            return self._may_not_stay(record)
        if record.broken_by is None and definition is not None and any(token.new for token in record.tokens):
            return "the same content from another place"
        if definition is not None and not self._question.change:
            return self._depends(record)
        return self._unchanged(record)

    def _may_not_stay(self, record: Record) -> str:
        """Of a step that stays, unless the builder or a build argument is another than we think."""
        differences = self._question.differences
        for given in record.definition.inputs if record.definition else ():
            if isinstance(given, FromContext) and differences is not None:
                compared = differences.of(given.selector)
                if compared.overlooked:
                    return f"{_named(compared.differences)}, which a builder overlooks that built here before"
        if len(self._question.after) > 1:
            return "another value of the build argument may change it"
        return "stays where the steps before it do"

    def _unchanged(self, record: Record) -> str:
        given = record.definition.inputs if record.definition else ()
        if len(given) == 1 and isinstance(given[0], FromContext):
            return f"{_words(given[0].selector.words)} did not change"
        if len(given) == 1 and isinstance(given[0], FromStage):
            title = self._build.graph.stages[given[0].stage].title
            line = record.tokens[0].line
            came = "is the same" if line is None else f"comes out the same, though {self._again(line)}"
            return f"{_words(given[0].paths)} of {title} {came}"
        return "nothing that it depends on changed"

    def _depends(self, record: Record) -> str:
        """What would make the step run again, where no change was named."""
        name = record.step.instruction.name
        texts = []
        for given in record.definition.inputs if record.definition else ():
            if isinstance(given, FromContext):
                texts.append(f"{_words(given.selector.words)} of the build context")
            elif isinstance(given, FromStage):
                title = self._build.graph.stages[given.stage].title
                texts.append(f"{_words(given.paths)} of {title}")
            else:
                texts.append(given.name)
        if name == "RUN":
            texts.append("its text, variables, user and folder")
        elif not texts:
            texts.append("its text")
        return f"depends on {', '.join(texts)}"


def _environment_of(build: Build, record: Record) -> dict[str, str]:
    stage = build.stages[record.step.stage]
    position = next(index for index, step in enumerate(stage.steps) if step is record.step)
    return environment_at(build, stage, position)


def _part(name: str) -> str:
    return {
        "command": "its text changed",
        "folder": "its folder changed",
        "sources": "its sources changed",
        "here-documents": "its here-document changed",
        "destination": "its destination changed",
        "user": "it runs as another user",
        "working directory": "its working directory changed",
        "shell": "its shell changed",
        "mounts": "its mounts changed",
        "flags": "its flags changed",
        "platform": "its platform changed",
    }.get(name, f"{name} changed")


def _named(differences: Iterable[Difference]) -> str:
    entries = list(differences)
    first = entries[0]
    rest = f" and {len(entries) - 1} more" if len(entries) > 1 else ""
    return f"{first.path}{rest} {first.change}"


def _words(words: tuple[str, ...]) -> str:
    return " ".join(words) if len(words) <= _MOST_NAMED else f"{' '.join(words[:_MOST_NAMED])} ..."


def _pairs(earlier: list[Record], later: list[Record]) -> Iterable[tuple[int, Record]]:
    """Steps in the same place: the same text first, then what stands between two of those."""
    from difflib import SequenceMatcher

    texts = [[record.step.instruction.raw for record in records] for records in (earlier, later)]
    if texts[0] == texts[1] or len(texts[0]) * len(texts[1]) > _MOST_COMPARED:
        yield from ((id(record), other) for other, record in zip(earlier, later, strict=False))
        return
    matcher = SequenceMatcher(None, texts[0], texts[1], autojunk=False)
    for tag, start, end, to_start, to_end in matcher.get_opcodes():
        if tag == "equal":
            yield from (
                (id(later[to_start + offset]), earlier[start + offset]) for offset in range(end - start)
            )
        elif tag == "replace":
            spare = list(range(start, end))
            for place in range(to_start, to_end):
                name = later[place].step.instruction.name
                match = next((index for index in spare if earlier[index].step.instruction.name == name), None)
                if match is not None:
                    spare.remove(match)
                    yield id(later[place]), earlier[match]


_MOST_COMPARED = 4_000_000
