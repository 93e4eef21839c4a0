"""User, folder, shell, and what only changes the image's configuration."""

from __future__ import annotations

from tests.engine.cache.scenario import BEFORE, Scenario

SCENARIOS: tuple[Scenario, ...] = (
    Scenario(
        "settings", "user", "FROM {base}\nRUN echo one\nUSER 1000\nRUN echo two\n", edits=(("1000", "1001"),)
    ),
    Scenario(
        "settings", "user-by-its-default", "FROM {base}\nRUN echo one\n", edits=(("RUN", "USER root\nRUN"),)
    ),
    Scenario(
        "settings", "working-directory", "FROM {base}\nWORKDIR /a\nRUN echo two\n", edits=(("/a", "/b"),)
    ),
    Scenario(
        "settings",
        "working-directory-relative",
        "FROM {base}\nWORKDIR /a/b\nRUN echo two\n",
        edits=(("WORKDIR /a/b", "WORKDIR /a\nWORKDIR b"),),
    ),
    Scenario(
        "settings",
        "working-directory-spelled-otherwise",
        "FROM {base}\nWORKDIR /a\nRUN echo two\n",
        edits=(("WORKDIR /a", "WORKDIR /a/"),),
    ),
    Scenario(
        "settings",
        "working-directory-root",
        "FROM {base}\nRUN echo two\n",
        edits=(("RUN", "WORKDIR /\nRUN"),),
    ),
    Scenario(
        "settings",
        "shell",
        'FROM {base}\nSHELL ["/bin/sh", "-c"]\nRUN echo two\n',
        edits=(('"-c"', '"-ec"'),),
    ),
    Scenario(
        "settings",
        "shell-and-json-form",
        'FROM {base}\nSHELL ["/bin/sh", "-c"]\nRUN ["echo", "two"]\n',
        edits=(('"-c"', '"-ec"'),),
    ),
    Scenario(
        "settings",
        "shell-said-aloud",
        "FROM {base}\nRUN echo two\n",
        edits=(("RUN", 'SHELL ["/bin/sh", "-c"]\nRUN'),),
    ),
    Scenario(
        "settings",
        "metadata",
        "FROM {base}\nLABEL a=1\nEXPOSE 80\nVOLUME /v\nSTOPSIGNAL SIGTERM\n"
        'HEALTHCHECK CMD true\nENTRYPOINT ["a"]\nCMD ["a"]\nRUN echo one\n',
        edits=(
            ("LABEL a=1", "LABEL a=2"),
            ("EXPOSE 80", "EXPOSE 81"),
            ("VOLUME /v", "VOLUME /w"),
            ("SIGTERM", "SIGINT"),
            ("CMD true", "CMD false"),
            ('ENTRYPOINT ["a"]', 'ENTRYPOINT ["b"]'),
            ('CMD ["a"]', 'CMD ["b"]'),
        ),
    ),
    Scenario(
        "settings",
        "label-made-of-an-arg",
        'FROM {base}\nRUN echo one\nARG A=1\nLABEL a=$A\nCMD ["a"]\n',
        arguments={"A": "1"},
        other_arguments={"A": "2"},
        questions=(BEFORE, ("--changed-arg", "A")),
    ),
    Scenario(
        "settings",
        "working-directory-with-a-dot",
        "FROM {base}\nWORKDIR /a\nRUN echo two\n",
        edits=(("WORKDIR /a", "WORKDIR /a/."),),
    ),
    Scenario(
        "settings",
        "working-directory-with-dots",
        "FROM {base}\nWORKDIR /a\nRUN echo two\n",
        edits=(("WORKDIR /a", "WORKDIR /b/../a"),),
    ),
    Scenario(
        "settings",
        "working-directory-relative-with-a-slash",
        "FROM {base}\nWORKDIR /a\nWORKDIR b\nRUN echo two\n",
        edits=(("WORKDIR b", "WORKDIR b/"),),
    ),
    Scenario(
        "settings",
        "working-directory-from-the-root",
        "FROM {base}\nWORKDIR a\nRUN echo two\n",
        edits=(("WORKDIR a", "WORKDIR /a"),),
    ),
)
