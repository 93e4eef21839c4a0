"""Images that the facts know, and what is in them."""

from __future__ import annotations

from multistage_cli.facts.contents import Account, Contents, contents
from multistage_cli.facts.images import Image, resolve

USUAL = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


def image(reference: str) -> Image:
    found = resolve(reference).image
    assert found is not None, f"the catalogue has no {reference}"
    return found


def inside(reference: str) -> Contents:
    found = contents(image(reference))
    assert found is not None, reference
    return found


def account(reference: str, name: str) -> Account | None:
    return next((line for line in inside(reference).accounts if line.name == name), None)
