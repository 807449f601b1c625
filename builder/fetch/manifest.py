"""The list of models: which files of which commit each engine needs, with their sizes and hashes."""

from __future__ import annotations

import difflib
import tomllib
from collections.abc import Iterable, Mapping, MutableMapping
from pathlib import Path
from typing import Annotated, Any

import tomlkit
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, TypeAdapter, ValidationError

from builder.fetch.errors import NotPinned, UnknownModel

_CLOSED = ConfigDict(frozen=True, extra="forbid")


class File(BaseModel):
    """One file of a repository; what is not pinned yet is None."""

    model_config = _CLOSED

    name: str = Field(pattern=r"^[A-Za-z0-9_][A-Za-z0-9._-]*$")
    size: int | None = Field(default=None, ge=0)
    """Bytes."""
    sha256: str | None = Field(default=None, pattern=r"^[0-9a-f]{64}$")


class Model(BaseModel):
    """What an engine needs of a repository on the Hub."""

    model_config = _CLOSED

    repository: str = Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*/[A-Za-z0-9][A-Za-z0-9._-]*$")
    revision: Annotated[str | None, BeforeValidator(lambda given: given or None)] = Field(
        default=None, pattern=r"^[0-9a-f]{40}$"
    )
    """A commit, for branches and tags move; empty until one is pinned."""
    files: Annotated[tuple[File, ...], Field(min_length=1)]

    @property
    def folder(self) -> str:
        """The name of the folder that the files are put into."""
        return self.repository.rpartition("/")[2]

    @property
    def pinned(self) -> bool:
        """Whether a download can be held against it."""
        return self.revision is not None and all(None not in (file.size, file.sha256) for file in self.files)


Models = Mapping[str, Model]
"""By the name of the engine."""


def read(path: Path) -> Models:
    """The models listed in `path`.

    Raises:
        UnknownModel: the list is no TOML, has an unknown or ill-formed entry, or pins one file in two ways.

    """
    try:
        listed = tomllib.loads(path.read_text(encoding="utf-8"))
        models = TypeAdapter(dict[str, Model]).validate_python(listed)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        where = ".".join(str(part) for part in first["loc"])
        raise UnknownModel(f"{path.name}: {where}: {first['msg']}") from error
    except (OSError, ValueError) as error:
        raise UnknownModel(f"{path.name} cannot be read: {error}") from error
    _same_commit_in_one_folder(path, models)
    return models


def choose(models: Models, names: Iterable[str]) -> Models:
    """The models called `names`.

    Raises:
        UnknownModel: one is not listed; suggests the nearest.

    """
    chosen = {}
    for name in names:
        if name not in models:
            near = difflib.get_close_matches(name, models, n=1)
            hint = f"did you mean {near[0]}? " if near else ""
            raise UnknownModel(f"no model {name!r}; {hint}known: {', '.join(models)}")
        chosen[name] = models[name]
    return chosen


def require_pins(models: Models, path: Path) -> None:
    """Returns if each of the models is pinned.

    Raises:
        NotPinned: one has no commit, or a file without a size or hash.

    """
    for name, model in models.items():
        if not model.pinned:
            raise NotPinned(
                f"{name}: {path.name} holds no commit, sizes and hashes for it, so nothing could be checked. With the "
                f"Hub in reach run `python -m builder.fetch_models --pin {name}` once, and commit {path.name}"
            )


def write(path: Path, models: Models) -> None:
    """Writes the commits, sizes and hashes of `models` into the list at `path`, keeping what else stands there."""
    document: MutableMapping[str, Any] = tomlkit.parse(path.read_text(encoding="utf-8"))
    for name, model in models.items():
        document[name]["revision"] = model.revision
        for entry, file in zip(document[name]["files"], model.files, strict=True):
            entry["size"], entry["sha256"] = file.size, file.sha256
    partial = path.with_name(f"{path.name}.part")
    partial.write_text(tomlkit.dumps(document), encoding="utf-8")
    partial.replace(path)


def _same_commit_in_one_folder(path: Path, models: Models) -> None:
    """Raises: UnknownModel where two entries of one repository, which share a folder, name different commits."""
    commits: dict[str, str] = {}
    for name, model in models.items():
        if model.revision is not None and commits.setdefault(model.folder, model.revision) != model.revision:
            raise UnknownModel(
                f"{path.name}: {name} has another commit than the entry before it with the folder {model.folder}: "
                f"pin all of {model.repository} together"
            )
