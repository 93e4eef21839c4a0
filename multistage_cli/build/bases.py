"""What a base image brings: files, users and packages, from the facts."""

from __future__ import annotations

from typing import TYPE_CHECKING

from multistage_cli.build.accounts import Account, Accounts
from multistage_cli.build.files import ANYTHING, NOTHING, Files
from multistage_cli.build.packages import Packages

if TYPE_CHECKING:
    from multistage_cli.facts.images import Image


def files_of(image: Image | None) -> Files:
    """The files of an image that the facts know, or of `scratch` (None)."""
    return Files.of(NOTHING if image is None else ANYTHING)


def accounts_of(image: Image | None) -> Accounts:
    """Its users and groups; `scratch` has none, and root all the same."""
    if image is None:
        return Accounts.of((), (), users_complete=True, groups_complete=True)
    users = (Account(name) if number is None else Account(name, number) for name, number in image.users)
    return Accounts.of(users, (), users_complete=image.users_complete, groups_complete=False)


def packages_of(image: Image | None) -> Packages:
    """Its distribution's packages."""
    return Packages(None if image is None else image.package_manager)
