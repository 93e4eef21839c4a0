"""Asks a real image what the evaluation claims: paths, owners, modes, commands, users, PATH, packages, libc."""

from __future__ import annotations

import random
import subprocess
import tarfile
import tomllib
import uuid
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import IO, cast

from multistage_cli.build.claims import UNKNOWN, Claim
from multistage_cli.build.context import open_context
from multistage_cli.build.evaluate import Build, Step, evaluate
from multistage_cli.build.files import Entry, Kind
from multistage_cli.build.state import State
from multistage_cli.parser import parse

CASES = Path(__file__).parent / "states"
COMMANDS = (
    "sh", "bash", "curl", "wget", "git", "gcc", "make", "cc", "tar", "gzip", "xz", "unzip", "python3", "pip", "node",
    "npm", "apk", "apt-get", "dpkg", "su", "sudo", "useradd", "adduser", "ps", "nc", "openssl", "busybox", "jq",
)  # fmt: skip
USERS = ("root", "nobody", "app", "www-data", "node", "daemon", "_apt", "postgres")
PACKAGES = (
    "libc6",
    "ca-certificates",
    "curl",
    "gcc",
    "git",
    "make",
    "perl-base",
    "python3",
    "passwd",
    "wget",
)
# What the engine itself puts into every container.
ENGINES_OWN = frozenset({
    "dev", "proc", "sys", "etc/hostname", "etc/hosts", "etc/resolv.conf", "etc/mtab", ".dockerenv",
})  # fmt: skip
# An engine without a registry may have smaller images under these names: what the facts say of the images as
# they are published is not asked of those, only what the build did.
SMALLER = ("docker.io/library/busybox", "docker.io/library/alpine", "gcr.io/distroless/")
MOST_SAMPLES = 25
BUILD_SECONDS = 600


@dataclass(frozen=True, slots=True)
class Case:
    """A folder of tests/engine/states."""

    name: str
    folder: Path
    questions: dict[str, object]

    @property
    def text(self) -> str:
        return (self.folder / "Dockerfile").read_text(encoding="utf-8")

    def asked(self, name: str) -> tuple[str, ...]:
        return tuple(cast("list[str]", self.questions.get(name, [])))

    @property
    def build_args(self) -> dict[str, str]:
        return dict(cast("dict[str, str]", self.questions.get("build_args", {})))

    def evaluated(self) -> Build:
        return evaluate(
            parse(self.text),
            context=open_context(self.folder, self.folder / "Dockerfile"),
            build_args=self.build_args,
        )

    def steps(self) -> list[Step]:
        """The steps to ask after: those of the lines that the case names, else the last one."""
        steps = [step for entry in self.evaluated().stages for step in entry.steps if not step.fired]
        lines = self.questions.get("lines")
        if lines is None:
            return steps[-1:]
        wanted = set(cast("list[int]", lines))
        found = [step for step in steps if step.instruction.span.first in wanted]
        assert {step.instruction.span.first for step in found} == wanted, (
            f"{self.name}: no instruction at {wanted}"
        )
        return found


def cases() -> list[Case]:
    found = []
    for folder in sorted(path for path in CASES.iterdir() if (path / "Dockerfile").is_file()):
        file = folder / "questions.toml"
        questions = tomllib.loads(file.read_text(encoding="utf-8")) if file.is_file() else {}
        found.append(Case(folder.name, folder, questions))
    return found


@dataclass(slots=True)
class Table:
    """Questions asked, by kind."""

    right: Counter[str] = field(default_factory=Counter)
    unknown: Counter[str] = field(default_factory=Counter)
    contradicted: list[str] = field(default_factory=list)

    def add(self, kind: str, what: str, claimed: object, real: object) -> None:
        """Compare one answer; UNKNOWN is neither right nor wrong."""
        if claimed is UNKNOWN or claimed is Claim.UNKNOWN:
            self.unknown[kind] += 1
        elif claimed == real:
            self.right[kind] += 1
        else:
            self.contradicted.append(f"{kind}: {what}: claimed {claimed}, in the image {real}")

    def shown(self) -> str:
        """A table in Markdown, by kind of question."""
        wrong = Counter(line.partition(":")[0] for line in self.contradicted)
        kinds = [*dict.fromkeys((*self.right, *self.unknown, *wrong))]
        rows = [(kind, self.right[kind], wrong[kind], self.unknown[kind]) for kind in kinds]
        rows.append(("all", self.right.total(), wrong.total(), self.unknown.total()))
        lines = ["| question | asked | right | contradicted | unknown |", "|---|---:|---:|---:|---:|"]
        for kind, right, false, unknown in rows:
            asked = right + false + unknown
            share = f" ({100 * unknown / asked:.0f} %)" if asked else ""
            lines.append(f"| {kind} | {asked} | {right} | {false} | {unknown}{share} |")
        return "\n".join(lines)

    @property
    def asked(self) -> int:
        """How many questions there were."""
        return self.right.total() + self.unknown.total() + len(self.contradicted)


@dataclass(frozen=True)
class RealImage:
    """A built image: its files as `docker export` has them, and its configuration."""

    files: dict[str, tarfile.TarInfo]
    texts: dict[str, str]
    environment: dict[str, str]

    def find(self, path: str, *, links: int = 40) -> tarfile.TarInfo | None:
        """What lies at a path, at the end of links; None where nothing does."""
        done: list[str] = []
        rest = [part for part in path.split("/") if part not in {"", "."}]
        while rest:
            part = rest.pop(0)
            if part == "..":
                done = done[:-1]
                continue
            done.append(part)
            found = self.files.get("/".join(done))
            if found is None:
                return None
            if found.issym():
                links -= 1
                if links < 0:
                    return None
                target = [name for name in found.linkname.split("/") if name not in {"", "."}]
                done = [] if found.linkname.startswith("/") else done[:-1]
                rest = target + rest
        if not done:
            root = tarfile.TarInfo("/")
            root.type, root.mode = tarfile.DIRTYPE, 0o755
            return root
        found = self.files.get("/".join(done))
        if found is not None and found.islnk():
            return self.find(found.linkname, links=links - 1)
        return found

    def has_command(self, name: str, folders: tuple[str, ...]) -> Claim:
        for folder in folders:
            found = self.find(f"{folder}/{name}")
            if found is not None and found.isreg() and found.mode & 0o111:
                return Claim.YES
        return Claim.NO

    @cached_property
    def users(self) -> dict[str, list[str]]:
        rows = (line.split(":") for line in self.texts.get("etc/passwd", "").splitlines())
        return {row[0]: row for row in rows if len(row) > 3}

    @cached_property
    def packages(self) -> frozenset[str] | None:
        status = self.texts.get("var/lib/dpkg/status")
        if status is None:
            return None
        found = set()
        for block in status.split("\n\n"):
            fields = dict(
                line.split(": ", 1) for line in block.splitlines() if ": " in line and line[0] != " "
            )
            if fields.get("Status", "").endswith(" installed"):
                found.add(fields["Package"])
        return frozenset(found)

    @property
    def libc(self) -> str | None:
        names = [name.rpartition("/")[2] for name in self.files]
        if any(name.startswith("ld-musl-") for name in names):
            return "musl"
        return "glibc" if any(name.startswith("ld-linux") for name in names) else None


def real_image(docker: str, case: Case, step: Step) -> RealImage:
    """Build the file up to a step, and look."""
    lines = case.text.splitlines(keepends=True)[: step.instruction.span.last]
    image = f"multistage-state-{uuid.uuid4().hex}"
    arguments = [f"--build-arg={name}={value}" for name, value in case.build_args.items()]
    try:
        built = subprocess.run(
            [docker, "build", "--network=host", "-t", image, *arguments, "-f", "-", "."],
            cwd=case.folder,
            input="".join(lines),
            capture_output=True,
            text=True,
            timeout=BUILD_SECONDS,
            check=False,
        )
        assert built.returncode == 0, (
            f"{case.name} up to line {step.instruction.span.last}:\n{built.stderr[-3000:]}"
        )
        return _looked_into(docker, image)
    finally:
        subprocess.run([docker, "image", "rm", "-f", image], capture_output=True, timeout=60, check=False)


def _looked_into(docker: str, image: str) -> RealImage:
    container = subprocess.run(
        [docker, "create", image, "/never-run"], capture_output=True, text=True, timeout=60, check=True
    ).stdout.strip()
    try:
        shown = subprocess.run(
            [docker, "image", "inspect", "--format", "{{range .Config.Env}}{{println .}}{{end}}", image],
            capture_output=True,
            text=True,
            timeout=60,
            check=True,
        ).stdout
        environment = dict(line.split("=", 1) for line in shown.splitlines() if "=" in line)
        with subprocess.Popen([docker, "export", container], stdout=subprocess.PIPE) as process:
            assert process.stdout is not None
            files, texts = _read_tar(process.stdout)
        assert process.returncode == 0
        return RealImage(files, texts, environment)
    finally:
        subprocess.run([docker, "rm", "-f", container], capture_output=True, timeout=60, check=False)


_TEXTS = frozenset({"etc/passwd", "etc/group", "var/lib/dpkg/status"})


def _read_tar(stream: IO[bytes]) -> tuple[dict[str, tarfile.TarInfo], dict[str, str]]:
    files: dict[str, tarfile.TarInfo] = {}
    texts: dict[str, str] = {}
    with tarfile.open(fileobj=stream, mode="r|") as archive:
        for member in archive:
            name = member.name.strip("/")
            files[name] = member
            if name in _TEXTS and member.isreg():
                content = archive.extractfile(member)
                assert content is not None
                texts[name] = content.read().decode()
    return files, texts


_KINDS = {Kind.FILE: "file", Kind.DIRECTORY: "directory", Kind.LINK: "link"}


def compare(case: Case, step: Step, real: RealImage, table: Table) -> None:
    """Ask everything, once."""
    state = step.after
    facts = not _is_smaller(case, step)
    touched = [path for path in state.files.touched() if not _is_engines(path)]
    for path in dict.fromkeys((*touched, *(f"{path}.none" for path in touched[-5:]), *case.asked("paths"))):
        if facts or state.files.entry(path).because is not None:
            _ask_path(path, state, real, table)
    folders = tuple(real.environment.get("PATH", "").split(":"))
    table.add("PATH", "PATH", state.path, tuple(folder for folder in folders if folder.startswith("/")))
    for name in dict.fromkeys((*COMMANDS, *case.asked("commands"))):
        if facts or state.program(name).because is not None:
            table.add("command", name, state.has_command(name), real.has_command(name, folders))
    for name in dict.fromkeys((*USERS, *state.accounts.users, *case.asked("users"))):
        account = state.accounts.user(name)
        if facts or (account is not None and account.line is not None):
            _ask_user(name, state, real, table)
    if facts:
        _ask_packages(case, step, real, table)
        table.add("libc", "libc", state.libc, real.libc)
    _never_denied(case, state, real, table, facts=facts)


def _is_smaller(case: Case, step: Step) -> bool:
    return _base(case, step).startswith(SMALLER)


def _base(case: Case, step: Step) -> str:
    """The image that a step stands on, in full; empty where it is none."""
    build = case.evaluated()
    lookup = build.stages[build.graph.chain(step.stage)[-1]].lookup
    if lookup is None or lookup.reference is None:
        return ""
    return f"{lookup.reference.domain}/{lookup.reference.path}"


def _is_engines(path: str) -> bool:
    name = path.strip("/")
    return name in ENGINES_OWN or name.startswith(("dev/", "proc/", "sys/"))


def _ask_path(path: str, state: State, real: RealImage, table: Table) -> None:
    entry = state.files.entry(path)
    found = real.find(path)
    table.add("path", path, entry.exists, Claim.NO if found is None else Claim.YES)
    if entry.exists is not Claim.YES or found is None:
        return
    kind = UNKNOWN if entry.kind is UNKNOWN else _KINDS[entry.kind]
    table.add("kind", path, kind, "directory" if found.isdir() else "file" if found.isreg() else "other")
    table.add("mode", path, entry.mode if entry.mode is UNKNOWN else oct(entry.mode), oct(found.mode))
    owner = UNKNOWN if UNKNOWN in {entry.uid, entry.gid} else (entry.uid, entry.gid)
    table.add("owner", path, owner, (found.uid, found.gid))


def _ask_user(name: str, state: State, real: RealImage, table: Table) -> None:
    row = real.users.get(name)
    claim = state.has_user(name)
    table.add("user", name, claim, Claim.NO if row is None else Claim.YES)
    account = state.accounts.user(name)
    if claim is Claim.YES and row is not None and account is not None:
        table.add("user id", f"{name}'s uid", account.uid, int(row[2]))
        table.add("user id", f"{name}'s gid", account.gid, int(row[3]))
        table.add("user home", f"{name}'s home", account.home, row[5])


def _ask_packages(case: Case, step: Step, real: RealImage, table: Table) -> None:
    state = step.after
    installed = real.packages or frozenset()
    for name in dict.fromkeys((*PACKAGES, *case.asked("packages"))):
        table.add("package", name, state.has_package(name), Claim.YES if name in installed else Claim.NO)
    known = state.packages.known
    if known.complete and not known.maybe and real.packages is not None and not _is_rebuilt(case, step):
        wrong = sorted(known.present ^ installed)
        table.add("package list", "all", wrong, [])


def _is_rebuilt(case: Case, step: Step) -> bool:
    """Whether the engine's image may stand on other packages than the published one of that name."""
    return not _base(case, step).startswith("docker.io/library/debian")


def _never_denied(case: Case, state: State, real: RealImage, table: Table, *, facts: bool) -> None:
    """What is there must never be denied; these are not counted as questions."""
    # The engine makes /etc for its own files.
    own = (
        frozenset()
        if any(name.startswith("etc/") and name not in ENGINES_OWN for name in real.files)
        else {"etc"}
    )
    names = [name for name in sorted(real.files) if not _is_engines(name) and name not in own]
    chosen = random.Random(case.name).sample(names, min(MOST_SAMPLES, len(names)))
    for name in chosen:
        entry: Entry = state.files.entry(f"/{name}", follow=False)
        if entry.exists is Claim.NO and (facts or entry.because is not None):
            table.contradicted.append(f"sample: /{name}: claimed to be missing, in the image it is there")


def total(tables: Iterable[Table]) -> Table:
    """All questions together."""
    whole = Table()
    for table in tables:
        whole.right += table.right
        whole.unknown += table.unknown
        whole.contradicted += table.contradicted
    return whole
