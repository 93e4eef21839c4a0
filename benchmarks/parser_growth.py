"""How the parser's time grows: prints a table of seconds and memory for files of growing size and hostile ones.

Usage: python benchmarks/parser_growth.py [--quick]
"""

from __future__ import annotations

import sys
import time
import tracemalloc

from multistage_cli.build.instructions import problems, read_copy, read_mounts
from multistage_cli.parser import Dockerfile, parse

SMALL = 100_000  # characters; such a file is measured five times, and the best counts

ORDINARY = """\
# syntax=docker/dockerfile:1
FROM python:3.12-slim AS builder
WORKDIR /app
# Dependencies first: they change less often than the source.
COPY requirements.txt .
RUN --mount=type=cache,target=/root/.cache/pip \\
    python -m venv /opt/venv && \\
    /opt/venv/bin/pip install --no-cache-dir -r requirements.txt
ENV PATH="/opt/venv/bin:$PATH" PYTHONUNBUFFERED=1

FROM python:3.12-slim AS runtime
ARG VERSION=1.0
LABEL org.opencontainers.image.version="$VERSION"
RUN apt-get update \\
    && apt-get install -y --no-install-recommends \\
        curl \\
        libpq5 \\
    && rm -rf /var/lib/apt/lists/*
COPY --from=builder --chown=1000:1000 /opt/venv /opt/venv
COPY --chown=1000:1000 . /app
RUN <<EOF
set -eu
useradd --uid 1000 app
mkdir /data
EOF
USER 1000
EXPOSE 8000/tcp
HEALTHCHECK --interval=30s --timeout=3s --retries=3 CMD curl -f http://127.0.0.1:8000/health || exit 1
ENTRYPOINT ["python", "-m", "app"]
CMD ["--port", "8000"]

"""


def growth() -> dict[str, str]:
    """Files of 1 to 100,000 instructions."""
    lines = ORDINARY.count("\n")
    found = {
        f"{lines + 6} lines": ORDINARY
        + '# a\n# b\nVOLUME /data\nSTOPSIGNAL SIGTERM\nSHELL ["/bin/sh", "-c"]\n\n'
    }
    for count in (1, 10, 100, 1_000, 10_000, 100_000):
        text = "FROM a\n" + "RUN apt-get install -y curl\n" * (count - 1)
        found[f"{count} instructions"] = text
    return found


def hostile() -> dict[str, str]:
    """Files that an unwise parser chokes on."""
    million = 1_000_000
    return {
        "10 MB ordinary": "FROM a\n" + ORDINARY * (10 * million // len(ORDINARY)),
        "10 MB comments": "# comment\n" * million,
        "10 MB blank lines": "\n" * (10 * million),
        "line of 5 MB": "FROM a\nRUN " + "x" * (5 * million) + "\n",
        "line of 5 MB of spaces": "FROM a\nRUN x" + " " * (5 * million) + "y\n",
        "line of 5 MB of quotes": "FROM a\nENV a=" + "'\"" * (5 * million // 2) + "\n",
        "line of 5 MB of backslashes": "FROM a\nENV a=" + "\\" * (5 * million) + "x\n",
        "200,000 continued lines": "FROM a\nRUN x \\\n" + "  y \\\n" * 200_000 + "  z\n",
        "200,000 blank continued lines": "FROM a\nRUN x \\\n" + "\n" * 200_000 + "  z\n",
        "200,000 alternating blank lines": "FROM a\nRUN x \\\n" + "y \\\n\n" * 200_000 + "  z\n",
        "200,000 comments in a continuation": "FROM a\nRUN x \\\n" + "# y\n" * 200_000 + "  z\n",
        "50,000 ARGs": "".join(f"ARG A{number}=b\n" for number in range(50_000)) + "FROM a\n",
        "one ARG of 500,000 words": "ARG " + "a='b' " * 500_000 + "\nFROM a\n",
        "100,000 flags": "FROM a\nRUN " + "--mount=type=cache,target=/x " * 100_000 + "x\n",
        "one flag of 5 MB": "FROM a\nRUN --mount=" + "a," * (5 * million // 2) + " x\n",
        "ONBUILD 500,000 deep": "FROM a\n" + "ONBUILD " * 500_000 + "RUN x\n",
        "unclosed heredoc of 10 MB": "FROM a\nRUN <<EOF\n" + "echo hello\n" * (million - million // 11),
        "100,000 heredocs": "FROM a\n" + "RUN <<EOF\nx\nEOF\n" * 100_000,
        "100,000 heredocs on a line": "FROM a\nRUN " + "<<E " * 100_000 + "\n" + "E\n" * 100_000,
        "100,000 unclosed heredocs": "FROM a\n" + "RUN <<EOF\nx\n" * 100_000,
        "heredoc name of 1 MB": "FROM a\nRUN <<" + "E" * million + "\n" + "E\n" * 1000,
        "${ nested 300,000 deep": "FROM a\nRUN <<E " + "${a:-" * 300_000 + "}" * 300_000 + "\nE\n",
        '"${ nested 200,000 deep': "FROM a\nRUN <<E " + '"${a:-' * 200_000 + '}"' * 200_000 + "\nE\n",
        "JSON brackets 1,000,000 deep": "FROM a\nRUN " + "[" * million + "]" * million + "\n",
        "JSON array of 500,000 strings": 'FROM a\nRUN ["a"' + ', "b"' * 500_000 + "]\n",
        "JSON array of 500,000 numbers": "FROM a\nRUN [1" + ", 2" * 500_000 + "]\n",
        "JSON number of 1,000,000 digits": "FROM a\nRUN [" + "1" * million + "]\n",
        "JSON string never closed": 'FROM a\nRUN ["' + "a\\n" * million + "\n",
        "directive with 1 MB of spaces": "# syntax=a" + " " * million + "b\nFROM a\n",
        "directive name of 1 MB": "# " + "a" * million + "\nFROM a\n",
        "100,000 carriage returns": "FROM a" + "\r" * 100_000 + "\nRUN x\n",
        "lone surrogates": "FROM a\nENV a=" + "\udc80\udcff" * 200_000 + "\nRUN <<\udc80\n\udc80\n",
        "NUL bytes": "FROM a\nRUN " + "\0" * million + "\n",
        "mount size of 3 MB": _wrapped(
            "FROM a\nRUN --mount=type=tmpfs,size=" + "1" * (3 * million) + "! x\n"
        ),
        "file mode of 3 MB": _wrapped("FROM a\nCOPY --chmod=" + "u+," * million + "! a b\n"),
        "keyword of 3 MB": _wrapped("FROM a\n" + "X" * (3 * million) + " a\n"),
        "20,000 misspelt instructions": "FROM a\n" + "".join(f"RUM{number} a\n" for number in range(20_000)),
        "Unicode spaces": "\u2003" * million + "FROM a\nRUN\u00a0x" + "\u2003" * million + "\n",
    }


def _wrapped(text: str) -> str:
    """The text with its long lines continued, since nothing is said of a line that is too long."""
    lines = text.split("\n")
    return "\n".join(
        "\\\n".join(line[at : at + 60_000] for at in range(0, len(line) or 1, 60_000)) for line in lines
    )


def questions(file: Dockerfile) -> None:
    """What other rooms ask of every file."""
    problems(file)
    for instruction in file.instructions:
        read_mounts(instruction)
        if instruction.name in {"COPY", "ADD"}:
            read_copy(instruction)
        for offset in range(0, len(instruction.text), max(len(instruction.text) // 10, 1)):
            instruction.position(offset)


def measure(name: str, text: str) -> None:
    best = asked = float("inf")
    for _ in range(5 if len(text) < SMALL else 1):
        start = time.process_time()
        file = parse(text)
        best = min(best, time.process_time() - start)
        start = time.process_time()
        questions(file)
        asked = min(asked, time.process_time() - start)
    peak = "-"
    if "--quick" not in sys.argv:
        tracemalloc.start()
        parse(text)
        peak = f"{tracemalloc.get_traced_memory()[1] / 1e6:,.1f}"
        tracemalloc.stop()
    size = len(text.encode("utf-8", "surrogatepass"))
    print(
        f"| {name:36} | {size:>12,} | {len(file.instructions):>9,} | {best * 1e3:>11,.2f} | {asked * 1e3:>11,.2f}"
        f" | {peak:>9} |",
        flush=True,
    )


def main() -> None:
    parse(ORDINARY)
    print(
        f"| {'file':36} | {'bytes':>12} | {'instr.':>9} | {'parse ms':>11} | {'ask ms':>11} | {'peak MB':>9} |"
    )
    print(f"|{'-' * 38}|{'-' * 14}|{'-' * 11}|{'-' * 13}|{'-' * 13}|{'-' * 11}|")
    for name, text in {**growth(), **hostile()}.items():
        measure(name, text)


if __name__ == "__main__":
    main()
