"""apt itself, asked about any Debian suite without touching the machine's own lists and packages."""

from __future__ import annotations

import os
import re
import subprocess
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

KEYRING = "/usr/share/keyrings/debian-archive-keyring.gpg"
SUITES = ("bookworm", "trixie")
_RELEASE_URI = re.compile(r"'(\S+)/dists/([^/']+)/InRelease'")

Stanza = dict[str, str]


@dataclass(frozen=True, slots=True)
class PrivateApt:
    """One suite's lists in a folder of their own, and an image's packages in place of the machine's."""

    suite: str
    folder: Path

    def options(self, image: str = "none") -> list[str]:
        """Options that make apt-get read and write here only, as amd64, with `image` installed."""
        settings = {
            "Dir::Etc": self.folder / "etc",
            "Dir::Etc::sourcelist": "/dev/null",
            "Dir::Etc::sourceparts": self.folder / "etc/sources.list.d",
            "Dir::State": self.folder / "state" / image,
            "Dir::State::lists": self.folder / "lists",
            "Dir::State::status": self.folder / f"status-{image}",
            "Dir::Cache": self.folder / "cache" / image,
            # Images made for containers switch these two off; asking many times needs them.
            "Dir::Cache::pkgcache": "pkgcache.bin",
            "Dir::Cache::srcpkgcache": "srcpkgcache.bin",
            "APT::Architecture": "amd64",
            "APT::Architectures": "amd64",
            "APT::Sandbox::User": "root",
        }
        return [word for key, value in settings.items() for word in ("-o", f"{key}={value}")]

    def run(self, *words: str, image: str = "none") -> str:
        """Standard output of one of apt's programs, run with these options."""
        return run(words[0], *self.options(image), *words[1:])

    def update(self) -> None:
        """Fetch this suite's lists from where the machine's own sources point, checked by apt."""
        for folder in ("etc/sources.list.d", "etc/preferences.d", "etc/trusted.gpg.d", "lists/partial"):
            (self.folder / folder).mkdir(parents=True, exist_ok=True)
        self.set_status("none", "")
        sources = self.folder / "etc/sources.list.d/debian.sources"
        sources.write_text("\n".join(self._sources()))
        self.run("apt-get", "update")

    def set_status(self, image: str, stanzas: str) -> None:
        """Declare what dpkg has installed in `image`."""
        for folder in (f"state/{image}", f"cache/{image}/archives/partial"):
            (self.folder / folder).mkdir(parents=True, exist_ok=True)
        (self.folder / f"status-{image}").write_text(stanzas)

    def _sources(self) -> Iterator[str]:
        found = _RELEASE_URI.findall(run("apt-get", "update", "--print-uris"))
        own_suite = found[0][1].split("-")[0]
        for site, release in dict.fromkeys(found):
            if release.split("-")[0] == own_suite:
                yield (
                    f"Types: deb\nURIs: {site}\nSuites: {release.replace(own_suite, self.suite, 1)}\n"
                    f"Components: main\nSigned-By: {KEYRING}\n"
                )

    def indexes(self) -> Iterator[tuple[str, list[Stanza]]]:
        """Release name and packages of every list, in the order in which apt reads them."""
        targets = self.run(
            "apt-get", "indextargets", "Created-By: Packages", "--format", "$(RELEASE) $(FILENAME)"
        )
        for target in targets.splitlines():
            release, path = target.split(" ", 1)
            yield release, list(_stanzas(run("/usr/lib/apt/apt-helper", "cat-file", path)))

    def releases(self) -> dict[str, Stanza]:
        """The head of every release file, by its codename."""
        heads = {}
        for path in sorted((self.folder / "lists").glob("*InRelease")):
            text = path.read_text().partition("\n\n")[2].partition("\nSHA256:")[0]
            head = next(_stanzas(text))
            heads[head["Codename"]] = head
        return heads


def run(*words: str) -> str:
    """Standard output of a command.

    Raises:
        subprocess.CalledProcessError: it failed; what it said is on standard error.
    """
    environment = {"PATH": os.environ["PATH"], "LC_ALL": "C"}
    return subprocess.run(words, stdout=subprocess.PIPE, text=True, check=True, env=environment).stdout


def _stanzas(text: str) -> Iterator[Stanza]:
    """Paragraphs of a control file; only a field's first line, which is all of those needed here."""
    for paragraph in text.split("\n\n"):
        fields = {}
        for line in paragraph.split("\n"):
            name, colon, value = line.partition(":")
            if colon and not name[:1].isspace():
                fields[name] = value.strip()
        if fields:
            yield fields
