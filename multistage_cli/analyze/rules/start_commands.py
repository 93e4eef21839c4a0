"""What the container starts: programs, scripts and shells that ENTRYPOINT, CMD and HEALTHCHECK need."""

from __future__ import annotations

from typing import TYPE_CHECKING

from multistage_cli.analyze.findings import Related, Severity
from multistage_cli.analyze.rule import Asked, Match, rule
from multistage_cli.build.claims import UNKNOWN, Claim
from multistage_cli.build.files import Kind, Nature
from multistage_cli.build.started import started

if TYPE_CHECKING:
    from collections.abc import Iterator

    from multistage_cli.build.evaluate import Build, EvaluatedStage, Step
    from multistage_cli.build.files import Entry
    from multistage_cli.build.started import Started
    from multistage_cli.build.state import State

_CONSEQUENCE = {
    "HEALTHCHECK": "the container stays unhealthy",
    "CMD": "the container does not start",
    "ENTRYPOINT": "the container does not start",
}


_MOST_STAGES = 30
"""Stages that are searched for a program that is missing: a hostile file could have many more."""


def _targets(build: Build, asked: Asked) -> Iterator[tuple[EvaluatedStage, State]]:
    """The stages that are built for their own sake, with what is in their images."""
    for index in asked.targets:
        yield build.stages[index], build.stages[index].final


def _path_of(program: str, state: State) -> str | None:
    """The absolute path that a program's name with a slash in it means."""
    if program.startswith("/"):
        return program
    folder = state.working_directory.value
    return None if folder is UNKNOWN or "/" not in program else f"{folder.rstrip('/')}/{program}"


def _is_shell_missing(state: State, shell: str) -> bool:
    return state.has_command(shell) is Claim.NO and (shell != "/bin/sh" or state.shell_exists is Claim.NO)


def _in_volume(state: State, path: str) -> bool:
    """Whether a volume lies there, which may bring at run time what the image has not."""
    return any(path.startswith(f"{volume.rstrip('/')}/") for volume in state.volumes)


@rule("MS530", "started-program-missing", Severity.ERROR)
def started_program_missing(build: Build, asked: Asked) -> Iterator[Match]:
    """ENTRYPOINT, CMD or HEALTHCHECK that starts a program which is not in the image.

    The container ends at once with "executable file not found", or with exit code 127. A health check that calls
    `curl` in an image without it fails each time, so that the container is never healthy.

    Bad, found on line 2:
        FROM python:3.12-slim
        HEALTHCHECK CMD curl -f http://localhost:8000/ || exit 1
        CMD ["python", "-m", "http.server"]

    Bad, found on line 4:
        FROM scratch
        COPY <<EOF /srv/start
        EOF
        CMD ["/srv/run"]

    Good:
        FROM python:3.12-slim
        RUN apt-get update && apt-get install -y --no-install-recommends curl && rm -rf /var/lib/apt/lists/*
        HEALTHCHECK CMD curl -f http://localhost:8000/ || exit 1
        CMD ["python", "-m", "http.server"]

    Good:
        FROM registry.example.com/team/base:1
        HEALTHCHECK CMD curl -f http://localhost:8000/ || exit 1

    Fix: install it, copy it into this stage, mend its name or PATH, or ask in the image's own language
    (python -c "import urllib.request as u; u.urlopen('http://127.0.0.1:8000/')").
    """
    for entry, state in _targets(build, asked):
        for found in started(build, entry):
            program = found.program
            if program is UNKNOWN or state.has_command(program) is not Claim.NO:
                continue
            if not found.by_shell and _is_shell_of(found) and not found.step.instruction.json_form:
                continue  # MS532 tells of the shell
            path = _path_of(program, state)
            if path is not None and (state.exists(path) is not Claim.NO or _in_volume(state, path)):
                continue  # MS534 tells of what may not be executed
            if path is None and "/" in program:
                continue
            hint, related = _whereabouts(build, state, program)
            message = f"{found.kind} starts {program}, which {entry.stage.title} does not have"
            message += f": {hint or _CONSEQUENCE[found.kind]}"
            yield Match.on(found.entry, found.step, message, word=program, related=related)


def _word(found: Started) -> str | None:
    return None if found.program is UNKNOWN else found.program


def _is_shell_of(found: Started) -> bool:
    shell = found.step.before.shell.value
    return shell is not UNKNOWN and shell[:1] == found.words


def _whereabouts(build: Build, state: State, program: str) -> tuple[str, tuple[Related, ...]]:
    """Where the program lies after all: in a virtual environment beside PATH, or in a stage that was copied from."""
    if "/" in program:
        return "", ()
    for folder in _folders_of_programs(state):
        found = state.files.entry(f"{folder}/{program}")
        if found.exists is Claim.YES:
            return f"it lies in {folder}, so add that to PATH with ENV", ()
    for other in build.stages[:_MOST_STAGES]:
        where = other.final.program(program)
        if where.exists is Claim.YES and where.writer is not None and where.writer.stage == other.stage.index:
            related = (Related(where.writer.line, f"{program} is installed here, in {other.stage.title}"),)
            return f"it is in {other.stage.title} only, so copy or install it", related
    return "", ()


def _folders_of_programs(state: State) -> Iterator[str]:
    for path in state.virtual_environments:
        yield f"{path}/bin"
    for path in ("/opt/venv", "/app/.venv", "/venv", "/root/.local", "/usr/local", "/usr"):
        yield f"{path}/bin"


@rule("MS532", "shell-missing", Severity.ERROR)
def shell_missing(build: Build, asked: Asked) -> Iterator[Match]:
    """RUN, CMD, ENTRYPOINT or HEALTHCHECK in shell form where the image has no such shell.

    Nothing runs without it: the build ends, or the container does not start, with "no such file or directory".

    Bad, found on line 3:
        FROM scratch
        COPY app /app
        CMD /app --port 8000

    Bad, found on line 3:
        FROM alpine:3.22
        SHELL ["/bin/bash", "-euo", "pipefail", "-c"]
        RUN echo hello

    Good:
        FROM scratch
        COPY app /app
        CMD ["/app", "--port", "8000"]

    Good:
        FROM scratch
        COPY --from=busybox:musl /bin/busybox /bin/sh
        RUN echo hello

    Fix: write the command as a JSON array of words, or bring a shell.
    """
    for entry in build.stages:
        for step in entry.steps:
            shell = step.before.shell.value
            if step.instruction.name != "RUN" or step.instruction.json_form or shell is UNKNOWN or not shell:
                continue
            if step.before.windows or any(
                heredoc.body.startswith("#!") for heredoc in step.instruction.heredocs
            ):
                continue
            if _is_shell_missing(step.before, shell[0]) and not _mounts_over(step, shell[0]):
                message = (
                    f"RUN needs {shell[0]}, which {entry.stage.title} does not have: the build ends here"
                )
                yield Match.on(entry, step, message)
                break
    for entry, state in _targets(build, asked):
        for found in started(build, entry):
            if found.by_shell or not _is_shell_of(found) or found.step.instruction.json_form:
                continue
            shell_path = found.program
            if shell_path is not UNKNOWN and _is_shell_missing(state, shell_path):
                message = f"{found.kind} needs {shell_path}, which {entry.stage.title} does not have"
                message += f": write a JSON array, or {_CONSEQUENCE[found.kind]}"
                yield Match.on(found.entry, found.step, message)


def _mounts_over(step: Step, shell: str) -> bool:
    """Whether a mount may bring the shell."""
    return any(flag.name == "mount" for flag in step.instruction.flags)


def _script(state: State, program: str) -> tuple[str, Entry] | None:
    """The script that a program's name means, and where it lies."""
    path = _path_of(program, state)
    if path is None:
        folders = state.path
        if folders is UNKNOWN:
            return None
        for folder in folders:
            path = f"{folder.rstrip('/')}/{program}"
            found = state.files.entry(path)
            if found.exists is Claim.UNKNOWN:
                return None
            if found.exists is Claim.YES:
                break
        else:
            return None
    found = state.files.entry(path)
    if found.exists is not Claim.YES or found.content is None or found.content.nature is not Nature.SCRIPT:
        return None
    return path, found


@rule("MS533", "script-interpreter-missing", Severity.ERROR)
def script_interpreter_missing(build: Build, asked: Asked) -> Iterator[Match]:
    """Script that is started and whose `#!` line names a program that is not in the image.

    The kernel then says "no such file or directory", although the script is there. It happens to scripts for
    bash on images that have sh alone, and to the console scripts of a virtual environment that was copied to
    another path than it was made at. Windows line ends do it, too: the carriage return belongs to the name then.

    Bad, found on line 3:
        FROM alpine:3.22
        COPY --chmod=755 start.sh /start.sh
        CMD ["/start.sh"]
        ==> start.sh <==
        #!/bin/bash
        exec sleep 60

    Good:
        FROM alpine:3.22
        COPY --chmod=755 start.sh /start.sh
        CMD ["/start.sh"]
        ==> start.sh <==
        #!/bin/sh
        exec sleep 60

    Fix: install the interpreter, name one that is there, make the virtual environment at its final path, or save
    the script with Unix line ends.
    """
    for entry, state in _targets(build, asked):
        for found in started(build, entry):
            place = None if found.program is UNKNOWN else _script(state, found.program)
            if place is None:
                continue
            path, script = place
            writer = script.writer
            related = () if writer is None else (Related(writer.line, f"{path} comes from here"),)
            if _is_from_windows(script):
                message = f"{path} has Windows line ends, so that its interpreter is not found: save it with Unix ones"
                yield Match.on(found.entry, found.step, message, word=_word(found), related=related)
                continue
            missing = _missing_interpreter(state, script)
            if missing is None:
                continue
            message = f"{found.kind} starts {path}, whose interpreter {missing} is not in {entry.stage.title}"
            yield Match.on(found.entry, found.step, message, word=_word(found), related=related)


def _is_from_windows(script: Entry) -> bool:
    content = script.content
    return content is not None and content.interpreter is not UNKNOWN and content.interpreter.endswith("\r")


def _missing_interpreter(state: State, script: Entry) -> str | None:
    """The interpreter that a script names and the image surely does not have."""
    content = script.content
    if content is None or content.interpreter is UNKNOWN or content.interpreter.endswith("\r"):
        return None
    words = content.interpreter.split()
    if not words or not words[0].startswith("/"):
        return None
    if words[0].endswith("/env"):
        rest = [word for word in words[1:] if not word.startswith("-") and "=" not in word]
        if state.exists(words[0]) is Claim.YES and rest and state.has_command(rest[0]) is Claim.NO:
            return rest[0]
    return words[0] if state.exists(words[0]) is Claim.NO else None


@rule("MS534", "started-file-not-executable", Severity.ERROR)
def started_file_not_executable(build: Build, asked: Asked) -> Iterator[Match]:
    """File that the container starts although nobody may execute it.

    It ends at once with "permission denied". COPY keeps the mode that the file has in the build context, and a
    file made by a here-document or on Windows has no execute bit.

    Bad, found on line 3:
        FROM alpine:3.22
        COPY start.sh /start.sh
        ENTRYPOINT ["/start.sh"]
        ==> start.sh <==
        #!/bin/sh
        exec sleep 60

    Good:
        FROM alpine:3.22
        COPY --chmod=755 start.sh /start.sh
        ENTRYPOINT ["/start.sh"]
        ==> start.sh <==
        #!/bin/sh
        exec sleep 60

    Good:
        FROM alpine:3.22
        COPY start.sh /start.sh
        ENTRYPOINT ["sh", "/start.sh"]
        ==> start.sh <==
        #!/bin/sh
        exec sleep 60

    Fix: write --chmod=755 at its COPY, or RUN chmod +x, or start it with its interpreter: ["sh", "/start.sh"].
    """
    for entry, state in _targets(build, asked):
        for found in started(build, entry):
            path = None if found.program is UNKNOWN else _path_of(found.program, state)
            if path is None:
                continue
            there = state.files.entry(path)
            if there.exists is not Claim.YES:
                continue
            if there.kind is Kind.DIRECTORY:
                message = f"{found.kind} starts {path}, which is a folder in {entry.stage.title}"
            elif there.kind is Kind.FILE and there.executable is Claim.NO:
                message = f"{found.kind} starts {path}, which nobody may execute: write --chmod=755 where it is copied"
            else:
                continue
            related = () if there.writer is None else (Related(there.writer.line, f"{path} comes from here"),)
            yield Match.on(found.entry, found.step, message, word=_word(found), related=related)
