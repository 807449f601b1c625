"""The image holds what the worker needs and nothing else, and what is published about it is true."""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any, NamedTuple

import jsonschema
import pytest

from tests.conftest import Caller
from worker import __version__
from worker.reply import ErrorReply
from worker.settings import PREFIX, Settings

REPOSITORY = Path(__file__).parent.parent
MAKEFILE = (REPOSITORY / "Makefile").read_text(encoding="utf-8")
DEPLOY = (REPOSITORY / "docs" / "deploy.md").read_text(encoding="utf-8")
SETTINGS = {f"{PREFIX}{name.upper()}" for name in Settings.model_fields}
SECRET = re.compile("KEY|TOKEN|SECRET|PASSWORD|CREDENTIAL")
FINAL = ("dependencies", "")
"""Stages that the image is made of: what the others hold is left behind."""
STAGES = (*FINAL, "models")
APT_LINES = (r"apt-get update", r"apt-get install [-a-z0-9. ]+", r"rm -rf /var/lib/apt/lists/\*")


class Instruction(NamedTuple):
    word: str
    rest: str


def instructions(word: str | None = None, *, stages: tuple[str, ...] = FINAL) -> list[Instruction]:
    """The lines of the Dockerfile's stages, continuations joined; all, or those of one kind."""
    text = (REPOSITORY / "Dockerfile").read_text(encoding="utf-8")
    text = re.sub(r"^#.*\n", "", text, flags=re.MULTILINE).replace("\\\n", " ")
    every, stage = [], FINAL[0]
    for line in filter(str.strip, text.splitlines()):
        instruction = Instruction(*line.split(maxsplit=1))
        if instruction.word == "FROM":
            stage = instruction.rest.partition(" AS ")[2]
        if stage in stages and word in {None, instruction.word}:
            every.append(instruction)
    return every


def only(word: str) -> str:
    (instruction,) = instructions(word)
    return instruction.rest


def assignments(word: str) -> dict[str, str]:
    """What ENV or ARG instructions set."""
    pairs = [pair for instruction in instructions(word) for pair in shlex.split(instruction.rest)]
    return dict(pair.partition("=")[::2] for pair in pairs)


def ignored(path: str) -> bool:
    """Whether .dockerignore keeps a path out; its last rule about the path or a folder above it counts."""
    answer = False
    for line in (REPOSITORY / ".dockerignore").read_text(encoding="utf-8").splitlines():
        rule = line.strip()
        if not rule or rule.startswith("#"):
            continue
        pattern = re.escape(rule.lstrip("!")).replace(r"\*\*/", "(?:.*/)?").replace(r"\*", "[^/]*")
        if re.match(rf"{pattern}(?:/|$)", path):
            answer = not rule.startswith("!")
    return answer


def image_files() -> dict[str, Path]:
    """Each file that COPY brings, by its path below the working directory."""
    files = {}
    for instruction in instructions("COPY"):
        *sources, destination = instruction.rest.split()
        if sources[0].startswith("--from="):
            continue
        for source in map(Path, sources):
            found = REPOSITORY / source
            for path in [found] if found.is_file() else sorted(found.rglob("*")):
                inside = Path(destination) / (path.name if found.is_file() else path.relative_to(found))
                if path.is_file() and not ignored(path.relative_to(REPOSITORY).as_posix()):
                    files[inside.as_posix()] = path
    return files


@pytest.fixture
def app(tmp_path: Path) -> Path:
    """The working directory of the image, without what RUN installs."""
    for name, source in image_files().items():
        (tmp_path / "app" / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(source, tmp_path / "app" / name)
    return tmp_path / "app"


def make(*arguments: str, folder: Path = REPOSITORY) -> str:
    """What make would run."""
    clean = {name: value for name, value in os.environ.items() if not name.startswith("MAKE") and name != "MFLAGS"}
    done = subprocess.run(
        ["make", "--dry-run", *arguments], cwd=folder, env=clean, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def published(name: str) -> dict[str, Any]:
    loaded: dict[str, Any] = json.loads((REPOSITORY / ".runpod" / name).read_text(encoding="utf-8"))
    return loaded


def hub_inputs() -> dict[str, dict[str, Any]]:
    return {entry["key"]: entry["input"] for entry in published("hub.json")["config"]["env"]}


def test_the_linter_has_no_complaint() -> None:
    hadolint = Path(sys.executable).parent / "hadolint"
    done = subprocess.run([hadolint, "Dockerfile"], cwd=REPOSITORY, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_base_is_pinned_by_tag_and_digest() -> None:
    bases = [instruction.rest.partition(" AS ")[0] for instruction in instructions("FROM", stages=STAGES)]
    assert bases == ["${BASE}", "dependencies", "dependencies"]
    assert re.fullmatch(r"[\w./-]+:(?!latest)[\w.-]+@sha256:[0-9a-f]{64}", assignments("ARG")["BASE"])


def test_the_worker_is_process_one() -> None:
    assert only("ENTRYPOINT") == "[]"
    assert json.loads(only("CMD")) == [f"{only('WORKDIR')}/.venv/bin/python", "handler.py"]


def test_layers_stand_in_the_order_in_which_they_change() -> None:
    lines = "\n".join(" ".join(instruction) for instruction in instructions())
    order = ["FROM", "RUN apt-get", "COPY Makefile", "COPY builder/requirements", "RUN make setup", "COPY embeddings"]
    order[-1:] = ["RUN make neural", "COPY --from=models", "COPY embeddings"]
    order += ["COPY LICENSE handler.py", "COPY worker", "CMD"]
    places = [lines.index(start) for start in order]
    assert places == sorted(places)


def test_run_lines_hold_only_what_apt_and_make_do() -> None:
    targets = set(re.findall(r"^([a-z]+):", MAKEFILE, re.MULTILINE))
    for instruction in instructions("RUN", stages=STAGES):
        for command in re.split(r"&&|;|\|", instruction.rest):
            target = re.fullmatch(r"make ([a-z]+)(?: [A-Z]+=(?:\$\{[A-Z]+\}|yes))*", command.strip())
            apt = any(re.fullmatch(line, command.strip()) for line in APT_LINES)
            assert apt or (target and target[1] in targets), command


def test_nothing_is_fetched_past_the_pinned_requirements() -> None:
    assert not instructions("ADD", stages=STAGES)
    for name, path in image_files().items():
        if name.startswith("builder/requirements/"):
            pins = re.findall(r"^[\w.-]+==.*$", path.read_text(encoding="utf-8"), re.MULTILINE)
            assert pins
            assert all(pin.endswith("\\") for pin in pins), f"{name} has a pin without a hash"


def test_no_secret_can_be_set_at_build_time() -> None:
    for name in [*assignments("ENV"), *assignments("ARG")]:
        assert not SECRET.search(name), name


def test_settings_of_the_image_are_settings_of_the_worker() -> None:
    assert {name for name in assignments("ENV") if name.startswith(PREFIX)} <= SETTINGS


def test_every_source_of_a_copy_exists_and_is_let_in() -> None:
    for instruction in instructions("COPY", stages=STAGES):
        for source in instruction.rest.split()[:-1]:
            if source.startswith("--from="):
                break
            found = REPOSITORY / source
            assert found.exists(), source
            inside = [found] if found.is_file() else [path for path in found.rglob("*") if path.is_file()]
            assert not all(ignored(path.relative_to(REPOSITORY).as_posix()) for path in inside), source


@pytest.mark.parametrize(
    "path",
    [
        ".env",
        ".git/config",
        ".runpod/config.toml",
        ".venv/bin/python",
        "builder/requirements/dev.txt",
        "output/speech.mp3",
        "tests/conftest.py",
        "worker/__pycache__/service.cpython-312.pyc",
    ],
)
def test_nothing_else_enters_the_build(path: str) -> None:
    assert ignored(path)


def test_setup_in_the_image_runs_the_commands_it_runs_in_a_clone(app: Path) -> None:
    arguments = ("--always-make", "setup", "PYTHON=python3", "WITHOUT=")
    assert make(*arguments, folder=app) == make(*arguments)


def test_the_files_of_the_image_are_enough_to_speak(app: Path) -> None:
    _, *script = json.loads(only("CMD"))
    done = subprocess.run(
        [sys.executable, *script, "--output", str(app.parent / "output")],
        cwd=app,
        env=assignments("ENV"),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert list((app.parent / "output").iterdir())


def test_make_image_builds_for_the_platform_under_the_version_of_the_worker() -> None:
    command = shlex.split(make("image"))
    assert command[:4] == ["docker", "build", "--platform", "linux/amd64"]
    assert f"runpod-tts-worker:{__version__}" in command
    assert command[-1] == "."


def test_make_image_can_leave_out_the_gpl_and_cuda() -> None:
    command = make("image", "WITHOUT=espeak", "FROM=ubuntu:24.04")
    given = set(re.findall(r"--build-arg (\w+)=", command))
    assert given == {"WITHOUT", "BASE"}
    assert given <= set(assignments("ARG"))
    assert "--label org.opencontainers.image.licenses=Apache-2.0 " in command


@pytest.mark.parametrize("name", ["hub", "tests"])
def test_what_the_hub_reads_has_the_documented_format(name: str) -> None:
    schema = json.loads((Path(__file__).parent / "hub" / f"{name}.schema.json").read_text(encoding="utf-8"))
    jsonschema.Draft202012Validator.check_schema(schema)
    jsonschema.validate(published(f"{name}.json"), schema)


def test_the_hub_asks_for_settings_that_exist_with_the_defaults_they_have() -> None:
    assert set(hub_inputs()) <= SETTINGS
    given = {key: str(entry["default"]) for key, entry in hub_inputs().items()}
    assert Settings.from_environment(given) == Settings()


def test_the_hub_suggests_no_secret() -> None:
    for key, entry in hub_inputs().items():
        assert not (SECRET.search(key) and entry["default"]), key


def test_every_value_the_hub_offers_is_one_the_worker_takes() -> None:
    for key, entry in hub_inputs().items():
        offered = [entry[limit] for limit in ("min", "max") if limit in entry]
        offered += [option["value"] for option in entry.get("options", ())]
        for value in offered:
            Settings.from_environment({key: str(value)})


def test_every_preset_of_the_hub_starts_a_worker() -> None:
    for preset in published("hub.json")["config"]["presets"]:
        assert set(preset["defaults"]) <= set(hub_inputs())
        Settings.from_environment({key: str(value) for key, value in preset["defaults"].items()})


def test_the_hub_allows_the_cuda_of_the_base_and_newer() -> None:
    (base,) = re.findall(r"cuda:(\d+)\.(\d+)\.", assignments("ARG")["BASE"])
    for name in ("hub.json", "tests.json"):
        allowed = published(name)["config"]["allowedCudaVersions"]
        assert min(tuple(map(int, version.split("."))) for version in allowed) == tuple(map(int, base))


def test_the_jobs_of_the_hub_are_answered(ask: Caller) -> None:
    settings = {entry["key"]: entry["value"] for entry in published("tests.json")["config"]["env"]}
    Settings.from_environment(settings)
    jobs = published("tests.json")["tests"]
    assert len(jobs) == 3
    for job in jobs:
        assert not isinstance(ask(job["name"], **job["input"]), ErrorReply), job["name"]


def test_every_setting_in_the_deployment_guide_exists() -> None:
    named = set(re.findall(rf"\b{PREFIX}\w+", DEPLOY))
    assert named
    assert named <= SETTINGS


def test_every_path_and_link_in_the_deployment_guide_exists() -> None:
    paths = re.findall(r"`((?:worker|builder|embeddings|docs|\.runpod)/[\w./-]*|Dockerfile|Makefile)`", DEPLOY)
    paths += [f"docs/{target}" for target in re.findall(r"\]\((?!https?://|#)([^)#]+)\)", DEPLOY)]
    assert paths
    for path in paths:
        assert (REPOSITORY / path).exists(), path


def test_every_make_target_in_the_deployment_guide_exists_and_takes_its_variables() -> None:
    commands = re.findall(r"\bmake ([a-z]+)((?: [A-Z]+=\S+)*)", DEPLOY)
    assert "image" in {target for target, _ in commands}
    for target, variables in commands:
        assert re.search(rf"^{target}:", MAKEFILE, re.MULTILINE), target
        for name in re.findall(r"([A-Z]+)=", variables):
            assert re.search(rf"^{name} \?=", MAKEFILE, re.MULTILINE), name


def test_the_jobs_in_the_deployment_guide_are_answered(ask: Caller) -> None:
    jobs = [json.loads(text)["input"] for text in re.findall(r"(\{\"input\": \{.*?\}\})", DEPLOY)]
    assert jobs
    for job in jobs:
        assert not isinstance(ask(**job), ErrorReply)
