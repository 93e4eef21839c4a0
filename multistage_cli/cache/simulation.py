"""Walks a build as BuildKit's solver does, and tells for each step whether an earlier build has its result.

A step's key is its definition, the key of the step before it and the content of its other inputs. A step is
taken from the cache where the earlier build holds the same key. What a step writes when it runs again cannot be
known, so that the walk is done more than once, each time with another assumption (`Assumptions`).

Sources: moby/buildkit, solver/edge.go (keys of inputs, and by content where an input has a digest function),
solver/llbsolver/ops/exec.go and file.go (which inputs have one: all but the root file system).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from multistage_cli.cache.bases import base_key, is_folder, may_be_same
from multistage_cli.cache.definitions import Definition, Definitions, FromContext, FromStage, Settings
from multistage_cli.cache.environment import Environment
from multistage_cli.cache.inputs import Token, digest
from multistage_cli.cache.written import content_of

if TYPE_CHECKING:
    from multistage_cli.build.context import Differences, Selector
    from multistage_cli.build.evaluate import Build, EvaluatedStage, Step
    from multistage_cli.cache.definitions import Input
    from multistage_cli.cache.exact import ExactFiles


@dataclass(frozen=True, slots=True)
class World:
    """A build and what of the outside differs from the earlier one.

    Attributes:
        build: evaluated.
        differences: of the build context; None where nothing in it can differ.
        changed: images, named contexts and addresses that hold something else now.
        exact: the files of the build whose content follows from the Dockerfile; None for not looking at them.
    """

    build: Build
    differences: Differences | None = None
    changed: frozenset[str] = frozenset()
    exact: ExactFiles | None = None


@dataclass(frozen=True, slots=True)
class Assumptions:
    """What a walk takes for granted where nobody knows.

    Attributes:
        same_output: steps that run again write what they wrote before, and another tag of the same
            repository names the same image.
        merges: the builder can stack a `--link` layer on anything.
        usual_base: a base image that nobody knows sets neither folder nor user.
        links: the paths that COPY writes and reads in a stage may lead over links to one another.
        outside_stays: what addresses serve and folders of named contexts hold is what it was.
        overlooks: the builder has a copy of the build context, and does not notice some differences.
    """

    same_output: bool = False
    merges: bool = True
    overlooks: bool = True
    usual_base: bool = True
    links: bool = False
    outside_stays: bool = True


@dataclass(frozen=True, slots=True)
class Record:
    """A step that was walked; without a definition it changes the configuration only.

    Attributes:
        cached: whether the earlier build has the result.
        key: of the result.
        tokens: of the inputs.
        known: whether an earlier step has the same definition.
        broken_by: the line of the first step before it that is not cached, None where all are.
    """

    step: Step
    definition: Definition | None
    signature: str
    key: str
    tokens: tuple[Token, ...]
    cached: bool
    known: bool
    broken_by: int | None


@dataclass(slots=True)
class Walked:
    """A stage that was walked; `base` and `base_same` are of what it starts from."""

    stage: EvaluatedStage
    base: str
    base_same: bool
    records: list[Record] = field(default_factory=list)
    key: str = ""
    broken_by: int | None = None
    environment: dict[str, str] = field(default_factory=dict)


@dataclass(slots=True)
class Kept:
    """What a build leaves in the cache."""

    keys: set[str] = field(default_factory=set)
    signatures: set[str] = field(default_factory=set)
    tokens: set[str] = field(default_factory=set)
    bases: set[str] = field(default_factory=set)
    shapes: dict[str, list[tuple[tuple[str, ...], str]]] = field(default_factory=dict)
    selectors: dict[str, list[Selector]] = field(default_factory=dict)
    shown: dict[tuple[int, tuple[str, ...]], str] = field(default_factory=dict)
    exact: ExactFiles | None = None
    stages: dict[str, Walked] = field(default_factory=dict)


class Simulation:
    """One walk through a world.

    Args:
        world: what is built.
        earlier: what the cache holds, or None to fill one.
        assumptions: where nobody knows.
        same: a walk through the same build with the same assumptions: its steps have the same definitions.
    """

    def __init__(
        self, world: World, earlier: Kept | None, assumptions: Assumptions, same: Simulation | None = None
    ) -> None:
        self._same = same
        self.world = world
        self.earlier = earlier
        self.assumptions = assumptions
        self.kept = Kept(exact=world.exact)
        self.walked: dict[int, Walked] = {}
        self._definitions = Definitions(world.build)
        self._contents: dict[tuple[int, tuple[str, ...]], Token] = {}

    def run(self) -> Simulation:
        """Walk all stages that the target needs, in the order of the file."""
        settings: dict[int, Settings] = {}
        for entry in self.world.build.needed:
            parent = entry.stage.base.stage
            walked = self._start(entry)
            self.walked[entry.stage.index] = walked
            if self._same is not None:
                known = self._same.walked[entry.stage.index]
                for record in known.records:
                    walked.records.append(
                        self._record(walked, record.step, record.definition, record.signature)
                    )
                walked.environment = known.environment
                self.kept.stages[entry.stage.key] = walked
                continue
            if parent is None:
                current = Settings(self.world.build, usual=self.assumptions.usual_base)
                current.start(entry.start)
            else:
                current = settings[parent].copy()
            inherited = self.walked[parent].environment if parent is not None else None
            environment = Environment(self.world.build, inherited, usual=self.assumptions.usual_base)
            environment.start(entry.start.variables)
            for step in entry.steps:
                walked.records.append(self._walk(walked, step, current, environment))
                current.apply(step)
                environment.apply(step)
            walked.environment = environment.values
            settings[entry.stage.index] = current
            self.kept.stages[entry.stage.key] = walked
        return self

    def _start(self, entry: EvaluatedStage) -> Walked:
        parent = entry.stage.base.stage
        if parent is not None and parent in self.walked:
            from_ = self.walked[parent]
            return Walked(entry, from_.base, from_.base_same, key=from_.key, broken_by=from_.broken_by)
        key = base_key(entry, self.world.build, self.world.changed)
        if self.earlier is not None and not self.assumptions.outside_stays and key.startswith("context"):
            key = (
                f"{key}perhaps"
                if is_folder(self.world.build.build_contexts.get(entry.stage.base.label))
                else key
            )
        same = self.earlier is None or key in self.earlier.bases
        if not same and self.earlier is not None and self.assumptions.same_output:
            match = self.earlier.stages.get(entry.stage.key)
            if match is not None and may_be_same(match.base, key):
                key, same = match.base, True
        self.kept.bases.add(key)
        line = entry.stage.head.span.first
        return Walked(entry, key, same, key=key, broken_by=None if same else line)

    def _walk(self, walked: Walked, step: Step, settings: Settings, environment: Environment) -> Record:
        definition = self._definitions.of(step, settings)
        signature = "" if definition is None else _signature(definition, environment)
        return self._record(walked, step, definition, signature)

    def _record(self, walked: Walked, step: Step, definition: Definition | None, signature: str) -> Record:
        if definition is None:
            return Record(step, None, "", walked.key, (), cached=True, known=True, broken_by=walked.broken_by)
        tokens = tuple(self._token(given, signature) for given in definition.inputs)
        alone = definition.linked and self.assumptions.merges
        below = "" if alone else walked.key
        shape = digest("step", signature, below)
        key, cached = self._find(shape, tokens)
        known = self.earlier is None or signature in self.earlier.signatures
        broken_by = None if alone else walked.broken_by
        self.kept.keys.add(key)
        self.kept.signatures.add(signature)
        self.kept.tokens.update(token.text for token in tokens)
        self.kept.shapes.setdefault(shape, []).append((tuple(token.text for token in tokens), key))
        walked.key = digest("merge", walked.key, key) if alone else key
        if not cached and walked.broken_by is None:
            walked.broken_by = step.line
        return Record(step, definition, signature, key, tokens, cached, known, broken_by)

    def _find(self, shape: str, tokens: tuple[Token, ...]) -> tuple[str, bool]:
        """The key of a step, and whether the earlier build has it."""
        key = digest("key", shape, *(token.text for token in tokens))
        if self.earlier is None or key in self.earlier.keys:
            return key, True
        if self.assumptions.same_output and any(token.maybe for token in tokens):
            for texts, known in self.earlier.shapes.get(shape, ()):
                if all(token.maybe or token.text == text for token, text in zip(tokens, texts, strict=True)):
                    return known, True
        return key, False

    # Inputs

    def _token(self, given: Input, signature: str) -> Token:
        if isinstance(given, FromContext):
            return self.context_token(given.selector, signature)
        if isinstance(given, FromStage):
            return self._stage_token(given)
        text = f"elsewhere\0{given.content}"
        outside = given.address or is_folder(self.world.build.build_contexts.get(given.name))
        if outside and self.earlier is not None and not self.assumptions.outside_stays and not given.pinned:
            return Token(f"changed {text}", new=True)
        if given.name in self.world.changed:
            # An image may hold the same at this path all the same; what an address serves is other content.
            return Token(f"changed {text}", new=True, maybe=not given.address)
        new = self.earlier is not None and text not in self.earlier.tokens
        return Token(text, new=new, maybe=new and not given.pinned)

    def context_token(self, selector: Selector, signature: str = "") -> Token:
        """What a selector takes from the build context."""
        text = _text(selector)
        if self.earlier is None:
            self.kept.selectors.setdefault(signature, []).append(selector)
            return Token(text)
        if self.world.differences is None:
            return Token(text)
        compared = self.world.differences.of(selector)
        earlier = self.earlier.selectors.get(signature, ())
        if selector in earlier or not earlier:
            if not compared.differences or (compared.overlooked and self.assumptions.overlooks):
                return Token(text)
            differences = compared.differences
            return Token(f"changed {text}", new=True, maybe=not compared.certain, differences=differences)
        # The same copy from another place, as far as the definition tells: only its content can say more.
        maybe = False
        for other in earlier:
            moved = self.world.differences.moved(other, selector)
            if moved:
                return Token(_text(other))
            maybe = maybe or moved is None
        return Token(f"moved {text}", new=True, maybe=maybe, differences=compared.differences)

    def _stage_token(self, given: FromStage) -> Token:
        memo = (given.stage, (*given.paths, "\0exclude", *given.exclude))
        known = self._contents.get(memo)
        if known is None:
            tokens = [content_of(self, given.stage, path) for path in given.paths]
            text = digest(*(token.text for token in tokens), *memo[1])
            lines = [token.line for token in tokens if token.line is not None]
            new = self.earlier is not None and text not in self.earlier.tokens
            differences = tuple(entry for token in tokens for entry in token.differences)
            maybe = new and not differences
            if not given.exclude:
                if self.earlier is None:
                    self.kept.shown[given.stage, given.paths] = text
                elif maybe:
                    same = self._known_content(given)
                    text, new, maybe = same or text, same is None, same is None and not self._is_other(given)
            known = Token(text, new=new, maybe=maybe, differences=differences, line=min(lines, default=None))
            self._contents[memo] = known
        return known

    def _known_content(self, given: FromStage) -> str | None:
        """The token of what the earlier build had there or elsewhere, where both surely hold the same."""
        earlier = self.earlier
        exact = self.world.exact
        if earlier is None or earlier.exact is None or exact is None:
            return None
        now = [exact.of(given.stage, path) for path in given.paths]
        if None in now:
            return None
        for (stage, paths), text in earlier.shown.items():
            if [earlier.exact.of(stage, path) for path in paths] == now:
                return text
        return None

    def _is_other(self, given: FromStage) -> bool:
        """Whether what the earlier build had there surely differs from what this one has."""
        now, before = self.world.exact, self.earlier.exact if self.earlier else None
        if now is None or before is None:
            return False
        found = [(before.of(given.stage, path), now.of(given.stage, path)) for path in given.paths]
        return any(None not in pair and pair[0] != pair[1] for pair in found)

    def chain(self, stage: int) -> list[Walked]:
        """The stages whose layers are in a stage, the oldest first."""
        found = [self.walked[index] for index in self.world.build.graph.chain(stage) if index in self.walked]
        return found[::-1]


def _text(selector: Selector) -> str:
    return "\0".join(("context", str(selector.wildcards), *selector.words, "\0exclude", *selector.exclude))


def _signature(definition: Definition, environment: Environment) -> str:
    texts = [part for entry in definition.parts for part in entry]
    texts += [f"{type(given).__name__}" for given in definition.inputs]
    if definition.environment:
        texts += ["environment", environment.signature]
    return digest(*texts)
