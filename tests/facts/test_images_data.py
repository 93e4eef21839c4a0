"""The packaged facts of images: figures, sources, files, and that they load late."""

from __future__ import annotations

import csv
import json
import subprocess
import sys
from pathlib import Path

import pytest

from multistage_cli.facts import catalogue
from multistage_cli.facts.images import (
    Certainty,
    Confidence,
    Lookup,
    Reference,
    parse_reference,
    repositories,
    resolve,
)
from tests.facts.hostile_references import HOSTILE

ROOT = Path(__file__).parents[2]
SCRIPT = ROOT / "scripts" / "facts" / "make_images.py"
TABLE = ROOT / "scripts" / "facts" / "data" / "base-images.csv"
NOTES = ROOT / "scripts" / "facts" / "data" / "image-notes.csv"
PACKAGED = ROOT / "multistage_cli" / "facts" / "data" / "images"


def rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_every_row_of_the_table_is_answered_with_its_figures() -> None:
    table = rows(TABLE)
    assert len(table) > 600
    for row in table:
        name = row["image"] if row["image"] == "scratch" else f"{row['image']}:{row['tag']}"
        found = resolve(name)
        image = found.image
        assert found.certainty is Certainty.KNOWN, name
        assert image is not None
        assert str(image.size_bytes if image.size_bytes is not None else "") == row["size_bytes_uncompressed"]
        assert (
            str(image.compressed_bytes if image.compressed_bytes is not None else "")
            == row["size_bytes_compressed"]
        )
        assert (image.libc or "none", image.package_manager or "none") == (
            row["libc"],
            row["package_manager"],
        )
        assert (image.default_user, image.shell or "none") == (row["default_user"], row["shell"])
        assert (image.confidence, image.architecture) == (row["confidence"], row["arch"])


def test_every_image_says_where_its_facts_come_from() -> None:
    total = 0
    for name in repositories():
        repository = catalogue.find(name)
        assert repository is not None
        for tag, record in repository.tags.items():
            image = repository.image(tag, record)
            total += 1
            assert image.source, image.reference
            assert image.confidence in Confidence
            assert image.created or image.size_bytes in (None, 0) or "undated" in image.source, (
                image.reference
            )
            assert (image.size_error_bytes > 0) is bool(image.size_bytes), image.reference
            assert (
                image.confidence is not Confidence.LOW
                or not image.size_bytes
                or (image.size_error_bytes >= image.size_bytes // 10)
            )
    assert total > 1000


def test_every_note_says_where_it_comes_from() -> None:
    for row in rows(NOTES):
        assert row["source"], row
        assert row["confidence"] in ("medium", "low"), row


def test_packaged_files_are_what_the_script_makes(tmp_path: Path) -> None:
    subprocess.run([sys.executable, str(SCRIPT), "--output", str(tmp_path)], check=True, capture_output=True)
    made = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    packaged = {path.name: path.read_bytes() for path in PACKAGED.iterdir()}
    assert sorted(made) == sorted(packaged)
    assert [name for name in made if made[name] != packaged[name]] == []


def test_script_leaves_no_stale_file(tmp_path: Path) -> None:
    (tmp_path / "gone.json").write_text("{}")
    subprocess.run([sys.executable, str(SCRIPT), "--output", str(tmp_path)], check=True, capture_output=True)
    assert not (tmp_path / "gone.json").exists()


def test_file_names_are_plain_everywhere() -> None:
    names = [path.name for path in PACKAGED.iterdir()]
    assert len({name.lower() for name in names}) == len(names)
    assert all(name == name.lower() and ":" not in name for name in names)
    assert all(catalogue.file_name(name) is not None for name in repositories())


@pytest.mark.parametrize(
    "name", ["con", "nul", "aux.example.com/x", "lpt1", "a:5000/b", "../x", ".x", "", "A/b", "a" * 121]
)
def test_no_file_for_a_name_that_a_file_system_reads_otherwise(name: str) -> None:
    assert catalogue.file_name(name) is None


def test_repositories_are_sorted_names() -> None:
    names = repositories()
    assert list(names) == sorted(names)
    assert {"python", "mcr.microsoft.com/dotnet/sdk", "gcr.io/distroless/static-debian12"} <= set(names)
    assert not any(name.endswith("/") for name in names)
    assert all(parse_reference(name).repository == name for name in names)


WATCH = """
import json, sys
opened = []
before = set(sys.modules)
sys.addaudithook(lambda event, args: opened.append(str(args[0])) if event == "open" else None)
from multistage_cli.facts import images
loaded = sorted({"csv", "difflib", "sqlite3", "urllib.request"} & (set(sys.modules) - before))
at_import = [path for path in opened if "images" in path and path.endswith(".json")]
answers = []
for text in json.loads(sys.argv[1]):
    opened.clear()
    images.resolve(text)
    answers.append([path for path in opened if not path.endswith((".py", ".pyc"))])
print(json.dumps({"loaded": loaded, "at_import": at_import, "answers": answers}))
"""


def test_import_reads_nothing_and_a_lookup_reads_one_file() -> None:
    asked = [
        "python:3.12-slim",
        "mcr.microsoft.com/dotnet/sdk:8.0",
        *[t for t in HOSTILE if "\ud800" not in t],
    ]
    done = subprocess.run(
        [sys.executable, "-c", WATCH, json.dumps(asked)], check=True, capture_output=True, text=True, cwd=ROOT
    )
    seen = json.loads(done.stdout)
    assert seen["loaded"] == []
    assert seen["at_import"] == []
    names = [[Path(path).name for path in paths] for paths in seen["answers"]]
    assert names[:2] == [["python.json"], ["mcr.microsoft.com__dotnet__sdk.json"]]
    for paths in seen["answers"]:
        assert all(Path(path).resolve().parent == PACKAGED for path in paths)


def test_json_is_not_loaded_with_the_module() -> None:
    code = "import sys; from multistage_cli.facts import images; print('json' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True, cwd=ROOT)
    assert done.stdout.strip() == "False"


def test_lookup_is_plain_data() -> None:
    found = resolve("python:3.12-slim")
    assert found == Lookup(
        Reference("docker.io", "library/python", "3.12-slim", None),
        Certainty.KNOWN,
        found.image,
        found.because,
    )
    assert resolve("python:3.12-slim") == found
    assert hash(found) == hash(resolve("python:3.12-slim"))
