"""The files of accounts, which useradd and its kin write anew."""

from __future__ import annotations

from typing import TYPE_CHECKING

from multistage_cli.build.changes import UserMade, UsersChanged
from multistage_cli.build.claims import Claim
from multistage_cli.sizes.model import Part
from multistage_cli.sizes.ranges import Range

if TYPE_CHECKING:
    from collections.abc import Iterator

    from multistage_cli.build.evaluate import Step

_FILES = Range(400, 4_400, 20_000)
"""/etc/passwd, shadow, group and gshadow with the copies that end in `-`. Each of these alone wrote in
debian:bookworm-slim (November 2026): chpasswd 642 bytes, groupadd 1,656, usermod 3,382, useradd 4,336, all of
them together hardly more, since the same files are written again."""
_SKELETON = Range(0, 4_553, 20_000)
"""What a home folder gets from /etc/skel: there 4,553 bytes in three files."""


def account_files(step: Step) -> Iterator[Part]:
    """What a RUN that makes or changes users and groups writes."""
    changes = [change for change in step.changes if isinstance(change, UserMade | UsersChanged)]
    if not changes:
        return
    size = _FILES if any(change.certain is Claim.YES for change in changes) else _FILES.from_nothing()
    yield Part("files of accounts", "records", size)
    for change in changes:
        if (
            isinstance(change, UserMade)
            and change.home_made is not Claim.NO
            and isinstance(change.home, str)
            and change.skeleton is not None
            and not change.group
        ):
            yield Part(f"home of {change.name}", "records", _SKELETON, change.home)
