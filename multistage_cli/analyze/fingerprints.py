"""What stays the same of a finding when lines above it come and go: for tools that remember what they have seen."""

from __future__ import annotations

from collections import Counter
from hashlib import sha256
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from multistage_cli.analyze.engine import FileAnalysis, Finding


def fingerprinted(file: FileAnalysis) -> Iterator[tuple[Finding, str]]:
    """Each finding of a file with its fingerprint; no two are the same.

    It is made of the path, the rule and the text of the lines, and of how many alike came before.
    """
    seen: Counter[str] = Counter()
    for finding in file.findings:
        lines = file.lines[finding.line - 1 : finding.end_line]
        text = "\n".join((file.path, finding.code, *(line.strip() for line in lines)))
        seen[text] += 1
        whole = f"{text}\n{seen[text]}".encode("utf-8", "surrogatepass")
        yield finding, sha256(whole).hexdigest()
