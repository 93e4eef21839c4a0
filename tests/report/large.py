"""A Dockerfile of many instructions, with the files that it copies."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

_STAGE = 20  # instructions


def dockerfile_of(count: int, folder: Path) -> str:
    """So many instructions in stages of twenty, each kind of them met; written into the folder with its files."""
    lines = []
    for number in range(count):
        stage, place = divmod(number, _STAGE)
        if place == 0:
            base = "python:3.12-slim" if stage % 2 == 0 else f"stage{stage - 1}"
            lines.append(f"FROM {base} AS stage{stage}")
        elif place % 6 == 1:
            name = f"src/part{stage}-{place}"
            (folder / name).mkdir(parents=True, exist_ok=True)
            for letter in "abc":
                (folder / name / f"{letter}.py").write_text("")
            lines.append(f"COPY {name}/ /app/part{place}/")
        else:
            lines.append(
                {
                    2: "RUN apt-get update && apt-get install -y --no-install-recommends curl make",
                    3: f"ENV SETTING_{stage}_{place}=value",
                    4: f"RUN python -m compileall /app && touch /app/built{stage}-{place}",
                    5: f"WORKDIR /app/part{stage}",
                    0: f"COPY --from=stage{stage - 2} /app/built{stage - 2}-4 /opt/from{place}"
                    if stage > 1
                    else f"RUN echo {place}",
                }[place % 6]
            )
    text = "\n".join(lines) + "\n"
    (folder / "Dockerfile").write_text(text)
    return text
