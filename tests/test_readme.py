"""The README is true: its commands run, its paths exist, its JSON is what the worker takes and gives."""

from __future__ import annotations

import ast
import json
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import Caller
from worker.reply import ErrorReply, SpeechReply
from worker.request import ALIASES, SynthesisRequest, parse
from worker.settings import PREFIX, Settings

REPOSITORY = Path(__file__).parent.parent
README = (REPOSITORY / "README.md").read_text(encoding="utf-8")


NAMED_OTHERWISE = {"bench/workers/"}


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", README, re.MULTILINE | re.DOTALL)


def tracked_files() -> set[str]:
    listed = subprocess.run(["git", "ls-files"], cwd=REPOSITORY, capture_output=True, text=True, check=True)
    return {name for name in listed.stdout.splitlines() if (REPOSITORY / name).exists()}


def tree() -> dict[str, str]:
    """The comment of each path in the file tree."""
    (text,) = [block for block in blocks("text") if "handler.py" in block]
    folders: list[str] = []
    comments = {}
    for line in text.splitlines():
        depth = (len(line) - len(line.lstrip())) // 2
        name, _, comment = line.strip().partition("  ")
        folders[depth:] = [name]
        comments["".join(folders)] = comment.strip()
    return comments


def test_every_folder_of_sources_stands_in_the_tree_with_its_own_first_sentence() -> None:
    comments = tree()
    packages = [name for name in tracked_files() if name.endswith("__init__.py")]
    modules = [name for name in tracked_files() if re.fullmatch(r"worker/\w+\.py|handler\.py", name)]
    for name in sorted({*packages, *modules} - {"worker/__init__.py"}):
        docstring = ast.get_docstring(ast.parse((REPOSITORY / name).read_text(encoding="utf-8"))) or ""
        first = " ".join(docstring.split("\n\n")[0].split()).rstrip(".")
        path = name.removesuffix("__init__.py")
        if first:
            assert path in comments, f"{path} is missing from the README's tree"
            assert path in NAMED_OTHERWISE or comments[path] == first, path


def test_every_path_of_the_tree_exists() -> None:
    for path in tree():
        assert (REPOSITORY / path).exists(), path


def test_every_link_leads_somewhere() -> None:
    for target in re.findall(r"\]\((?!https?://)([^)#]+)\)", README):
        assert (REPOSITORY / target).exists(), target


def test_every_path_named_in_the_text_exists() -> None:
    for path in re.findall(r"`((?:worker|tests|embeddings|docs|builder)/[\w./-]+)`", README):
        assert (REPOSITORY / path).exists(), path


def test_every_make_target_named_exists() -> None:
    makefile = (REPOSITORY / "Makefile").read_text(encoding="utf-8")
    targets = set(
        re.findall(r"make ([a-z]+)\b", "\n".join(blocks("sh")) + " ".join(re.findall(r"`(make .*?)`", README)))
    )
    assert {"run", "test", "check", "bench", "setup"} <= targets
    for target in targets:
        assert re.search(rf"^{target}:", makefile, re.MULTILINE), target


def test_the_commands_with_a_job_run_as_they_stand(tmp_path: Path) -> None:
    commands = [line for block in blocks("sh") for line in block.splitlines() if "handler.py" in line]
    assert commands
    for command in commands:
        _, *arguments = shlex.split(command)
        done = subprocess.run(
            [sys.executable, *arguments, "--output", str(tmp_path)],
            cwd=REPOSITORY,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert done.returncode == 0, done.stderr


def test_the_example_jobs_are_answered(ask: Caller) -> None:
    jobs = [json.loads(block) for block in blocks("json") if '"input"' in block]
    jobs += [json.loads(text) for text in re.findall(r"`(\{\"input\".*?\})`", README)]
    assert len(jobs) >= 3
    for job in jobs:
        assert not isinstance(ask(**job["input"]), ErrorReply)


def test_the_example_replies_have_the_form_the_worker_gives() -> None:
    replies = [json.loads(block) for block in blocks("json") if '"input"' not in block]
    assert len(replies) == 2
    for reply in replies:
        (ErrorReply if "error" in reply else SpeechReply).model_validate(reply)


def test_the_table_of_fields_has_each_field_its_aliases_and_its_default() -> None:
    rows = dict(re.findall(r"^\| `(\w+)`(.*)$", README, re.MULTILINE))
    documented = set(SynthesisRequest.model_fields) - {"type"}
    assert documented <= set(rows)
    for name in documented:
        for alias in ALIASES.get(name, ()):
            assert f"`{alias}`" in rows[name], alias
    example = parse({"text": "x"})
    assert isinstance(example, SynthesisRequest)
    for name in ("chunk_size", "speed", "response_format", "engine", "delivery", "captions"):
        default = getattr(example, name)
        assert re.search(
            rf"\| `?{default:g}`? \|$" if isinstance(default, float | int) else rf"`{default}` \|$", rows[name]
        )


def test_the_table_of_settings_is_the_settings() -> None:
    assert settings_table() in README, (
        "the README's settings differ from worker/settings.py; the table should be:\n" + (settings_table())
    )


def settings_table() -> str:
    rows = []
    for name, field in Settings.model_fields.items():
        default = field.get_default()
        if isinstance(default, tuple):
            default = ",".join(default)
        if isinstance(default, Path):
            default = default.relative_to(REPOSITORY).as_posix()
        shown = "unset" if default is None else f"`{default}`"
        rows.append(f"| `{PREFIX}{name.upper()}` | {field.description} | {shown} |")
    return "\n".join(rows)


@pytest.mark.parametrize("word", ["espeak-ng", "GPL", "WITHOUT=espeak", "Apache License 2.0"])
def test_the_licences_are_named(word: str) -> None:
    assert word in README.split("## Licence")[1]
