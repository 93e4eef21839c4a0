"""What RUN lines leave behind, asked through the evaluation: script -> changes."""

from __future__ import annotations

import pytest

from multistage_cli.build.changes import (
    Cache,
    CacheRemoval,
    Change,
    Compilation,
    Deletion,
    Download,
    IndexRefresh,
    Installation,
    Removal,
    Untracked,
    UserMade,
    VirtualEnvironment,
)
from multistage_cli.build.claims import UNKNOWN, Claim
from multistage_cli.build.evaluate import evaluate
from multistage_cli.parser import parse

HEAD = 'FROM scratch\nARG version=1.2\nENV PACKAGES="a b" NAME=curl\nWORKDIR /app\n'


def changes(script: str, head: str = HEAD) -> list[Change]:
    target = evaluate(parse(f"{head}RUN {script}\n")).target
    assert target is not None
    return list(target.steps[-1].changes)


def installation(script: str, head: str = HEAD) -> Installation:
    [found] = [change for change in changes(script, head) if isinstance(change, Installation)]
    return found


def brief(change: Change) -> str | None:
    """A change in one line; None for what only concerns files."""
    mark = "" if change.certain is Claim.YES else "?"
    match change:
        case Installation():
            names = " ".join((*change.packages, *(f"<{name}" for name in change.manifests)))
            more = "" if change.complete else " ..."
            where = (
                f" @{'?' if change.prefix is UNKNOWN else change.prefix}" if change.prefix is not None else ""
            )
            return f"{mark}{change.manager} + {names}{more}{where} {change.cache.value}"
        case Removal():
            return f"{mark}{change.manager} - {' '.join(change.packages)}"
        case CacheRemoval():
            return f"{mark}{change.manager} cache removed"
        case IndexRefresh():
            return f"{mark}{change.manager} index {change.cache.value}"
        case Compilation():
            return f"{mark}{change.tool} made {' '.join(change.outputs)}".rstrip()
        case Download():
            return f"{mark}{change.tool} got {change.url}"
        case UserMade():
            return f"{mark}{'group' if change.group else 'user'} {change.name} {change.identifier}"
        case VirtualEnvironment():
            return f"{mark}venv {change.path}"
        case Deletion():
            return f"{mark}deleted {' '.join(change.paths)}"
        case Untracked():
            return f"{mark}untracked {change.name}"


TABLE = {
    # apt
    "apt-get update": ["apt index kept"],
    "apt-get update && apt-get install -y $NAME git=1:2.* && rm -rf /var/lib/apt/lists/*": [
        "apt index removed", "apt + curl git=1:2.* never", "deleted /var/lib/apt/lists/*", "apt cache removed",
    ],
    "apt-get update && rm -f /var/lib/apt/lists/*_*": [
        "apt index removed", "deleted /var/lib/apt/lists/*_*", "apt cache removed",
    ],
    "--mount=type=cache,target=/var/lib/apt apt-get update": ["apt index mounted"],
    "apt-get -qqy --no-install-recommends install a b-": ["apt + a never"],
    "apt-get install -y --unheard-of a": ["apt + a ... never"],
    "apt-get install -y $UNSET a": ["apt + a ... never"],
    "apt-get purge -y --auto-remove a": ["apt - a"],
    "DEBIAN_FRONTEND=noninteractive sudo -E apt-get install -y a": ["apt + a never"],
    "apt-get update; apt-get install a": ["?apt index kept", "apt + a never"],
    "sh -c 'apt-get install -y a'": ["apt + a never"],
    "bash -o pipefail -c 'apt-get install -y a; true'": ["?apt + a never"],
    "bash -ec 'apt-get install -y a; true'": ["apt + a never"],
    "echo a | xargs apt-get install -y": ["apt +  ... never"],
    "if x; then apt-get install a; fi": ["?untracked x", "?apt + a never"],
    "apt-get() { true; }; apt-get install a": [],
    # apk
    "apk add --no-cache a 'b>=2'": ["apk + a b>=2 never"],
    "apk add -U a": ["apk + a kept"],
    "apk add a && rm -rf /var/cache/apk/*": ["apk + a removed", "deleted /var/cache/apk/*", "apk cache removed"],
    "apk add --no-cache --virtual .build a && apk del .build": ["apk + a never", "apk - .build"],
    # dnf
    "dnf install -y a && dnf clean all": ["dnf + a removed", "dnf cache removed"],
    "microdnf install a": ["dnf + a kept"],
    # pip
    "pip install a==1 -r requirements.txt": ["pip + a==1 </app/requirements.txt kept"],
    "pip install --no-cache-dir a": ["pip + a never"],
    "PIP_NO_CACHE_DIR=1 pip install a": ["pip + a never"],
    "env PIP_NO_CACHE_DIR=0 pip install a": ["pip + a never"],
    "--mount=type=cache,target=/root/.cache pip install a": ["pip + a mounted"],
    "pip install a && rm -rf ~/.cache/pip/": ["pip + a removed", "deleted /root/.cache/pip", "pip cache removed"],
    "pip install a && rm -rf $HOME/.cache/pip": ["pip + a removed", "deleted /root/.cache/pip", "pip cache removed"],
    "pip install a && pip cache purge": ["pip + a removed", "pip cache removed"],
    "cd sub && pip3 install -r r.txt -t /t": ["pip + </app/sub/r.txt @/t kept"],
    "(cd sub && pip install -r r.txt) && pip install -r r.txt": [
        "pip + </app/sub/r.txt kept", "pip + </app/r.txt kept",
    ],
    "python -m pip install --user a": ["pip + a @/root/.local kept"],
    "/v/bin/python -m pip install a": ["pip + a @/v kept"],
    "python -m venv /v && . /v/bin/activate && pip install a": ["venv /v", "pip + a @/v kept"],
    "python -m venv v && v/bin/pip install a": ["venv /app/v", "pip + a @/app/v kept"],
    "/usr/local/bin/pip install a": ["pip + a kept"],
    "VIRTUAL_ENV=/v pip install a": ["pip + a kept"],
    "pip wheel -w /wheels a": ["pip + a @/wheels kept"],
    # uv and poetry
    "uv sync --frozen --no-dev": ["uv + </app/pyproject.toml </app/uv.lock @/app/.venv kept"],
    "uv pip install --system --no-cache a": ["uv + a never"],
    "--mount=type=cache,target=/root/.cache uv sync": ["uv + </app/pyproject.toml </app/uv.lock @/app/.venv mounted"],
    "poetry install --no-cache": ["poetry + </app/pyproject.toml </app/poetry.lock never"],
    # node
    "npm ci": ["npm + </app/package.json </app/package-lock.json @/app/node_modules kept"],
    "npm install -g a && npm cache clean --force": ["npm + a removed", "npm cache removed"],
    "--mount=type=cache,target=/root/.npm npm ci --omit=dev": [
        "npm + </app/package.json </app/package-lock.json @/app/node_modules mounted",
    ],
    "yarn --frozen-lockfile": ["yarn + </app/package.json </app/yarn.lock @/app/node_modules kept"],
    "pnpm i --prod": ["pnpm + </app/package.json </app/pnpm-lock.yaml @/app/node_modules never"],
    "npm run build": ["npm made"],
    # compiled languages
    "go mod download": ["go + </app/go.mod </app/go.sum kept"],
    "CGO_ENABLED=0 go build -ldflags='-s -w' -o /out/app ./cmd": ["go made /out/app"],
    "go build -o out .": ["go made /app/out"],
    "cargo build --release --bin a": ["cargo made /app/target/release/a"],
    "gcc -O2 main.c -o /bin/x": ["gcc made /bin/x"],
    # users, files, downloads
    "groupadd -g 10 g && useradd -r -u 11 -g g u": ["group g 10", "user u 11"],
    "addgroup -S g && adduser -S -G g u": ["group g None", "user u None"],
    "rm -f a /b/../c": ["deleted /app/a /c"],
    "curl -fsSL https://example.org/x | sh": ["?curl got https://example.org/x", "untracked sh"],
    "git clone https://example.org/r.git": ["git got https://example.org/r.git"],
    # what is not known
    "./configure": ["configure made"],
    "$CMD x": ["untracked a command that the file does not name"],
    "apt-get install 'a": ["?apt +  never", "?untracked a script that cannot be read"],
    '["apt-get", "install", "-y", "a"]': ["apt + a never"],
    "echo a && cd /x && true": [],
}  # fmt: skip


@pytest.mark.parametrize("script", TABLE)
def test_changes(script: str) -> None:
    assert [text for change in changes(script) if (text := brief(change))] == TABLE[script]


@pytest.mark.parametrize(
    ("script", "recommends", "known"),
    [
        ("apt-get install a", True, True),
        ("apt-get install --no-install-recommends a", False, True),
        ("apt-get install -o APT::Install-Recommends=false a", False, True),
        (
            "echo 'APT::Install-Recommends \"false\";' > /etc/apt/apt.conf.d/90 && apt-get install a",
            True,
            False,
        ),
        ("echo x | tee /etc/apt/apt.conf.d/90 && apt-get install a", True, False),
        ("echo x > /etc/apt/apt.conf && apt-get install --install-recommends a", True, True),
        ("echo x > /etc/apt/apt.conf && apt-get install --no-install-recommends a", False, True),
    ],
)
def test_recommended_packages(script: str, recommends: bool, known: bool) -> None:
    found = installation(script)
    assert (found.recommends, found.recommends_known) == (recommends, known)


@pytest.mark.parametrize(
    "line", ["RUN echo x > /etc/apt/apt.conf.d/9", "COPY 9 /etc/apt/apt.conf.d/", "ADD 9 /etc/apt/"]
)
def test_an_earlier_configuration_of_apt_counts(line: str) -> None:
    assert not installation("apt-get install a", f"{HEAD}{line}\n").recommends_known


def test_development_dependencies() -> None:
    assert installation("npm ci").development
    assert not installation("npm ci --omit=dev").development
    assert not installation("NODE_ENV=production npm ci").development
    assert not installation("uv sync --no-dev").development


def test_a_virtual_group() -> None:
    assert installation("apk add --no-cache -t .build a").group == ".build"


def test_caches_of_a_user_whose_home_is_unknown() -> None:
    head = f"{HEAD}USER app\n"
    assert installation("pip install a", head).cache is Cache.KEPT
    assert installation("pip install a && rm -rf ~/.cache/pip", head).cache is Cache.REMOVED
    assert not any(isinstance(change, Deletion) for change in changes("rm -rf ~/.cache/pip", head))
    assert installation("--mount=type=cache,target=/somewhere pip install a", head).cache is Cache.UNKNOWN
    assert (
        installation("--mount=type=cache,target=/h/.cache pip install a", f"{head}ENV HOME=/h\n").cache
        is Cache.MOUNTED
    )


@pytest.mark.parametrize(
    ("environment", "prefix"),
    [
        ("VIRTUAL_ENV=/v PATH=/v/bin:$PATH", "/v"),
        ("PATH=/v/bin:$PATH", None),
        ("VIRTUAL_ENV=/v", None),
        ("VIRTUAL_ENV=/v PATH=$PATH:/v/bin", None),
    ],
)
def test_the_environment_that_pip_installs_into(environment: str, prefix: str | None) -> None:
    assert installation("pip install a", f"{HEAD}ENV {environment}\n").prefix == prefix


def test_lines_of_changes() -> None:
    text = (
        "FROM scratch\nRUN apt-get update && \\\n    # why\n    apt-get install -y \\\n      a\n"
        "RUN <<EOF\nset -e\npip install b\nEOF\n"
    )
    target = evaluate(parse(text)).target
    assert target is not None
    found = [(change.line, brief(change)) for step in target.steps for change in step.changes]
    assert found == [(2, "apt index kept"), (4, "apt + a never"), (8, "pip + b kept")]


def test_a_heredoc_with_a_line_of_its_own_interpreter() -> None:
    head = 'FROM scratch\nSHELL ["/bin/sh", "-ec"]\n'
    plain = evaluate(parse(f"{head}RUN <<E\npip install a\ntrue\nE\n")).stages[0].steps[-1].changes
    other = evaluate(parse(f"{head}RUN <<E\n#!/bin/sh\npip install a\ntrue\nE\n")).stages[0].steps[-1].changes
    assert [brief(change) for change in plain] == ["pip + a kept"]
    assert [brief(change) for change in other] == ["?pip + a kept"]


def test_a_trigger_blames_the_from_line() -> None:
    target = evaluate(parse("FROM scratch AS p\nONBUILD RUN pip install a\n\nFROM p\n")).target
    assert target is not None
    assert [change.line for step in target.steps for change in step.changes] == [4]


def test_other_shells_are_not_read() -> None:
    head = 'FROM scratch\nSHELL ["powershell", "-Command"]\n'
    assert [brief(change) for change in changes("pip install a", head)] == [
        "untracked a script of another shell"
    ]
