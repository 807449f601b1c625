"""Pinning: from a branch to a commit, and from its files to their sizes and hashes."""

from __future__ import annotations

from collections.abc import Iterator

from builder.fetch.errors import NotThere
from builder.fetch.hub import Commit, Hub
from builder.fetch.manifest import File, Model, Models

BRANCH = "main"


def at_commits(hub: Hub, chosen: Models, every: Models) -> Iterator[tuple[str, Model]]:
    """Each chosen model at a commit, its files with what the Hub says of them: sizes, and hashes of the large ones.

    The commit is the one that the other models of the repository have, for they share its folder, else the newest.

    Raises:
        NotThere: the commit lacks a file.

    """
    kept = {model.repository: model.revision for name, model in every.items() if model.revision and name not in chosen}
    commits: dict[str, Commit] = {}
    for name, model in chosen.items():
        if model.repository not in commits:
            commits[model.repository] = hub.commit(model.repository, kept.get(model.repository) or BRANCH)
        yield name, _at(commits[model.repository], model)


def _at(commit: Commit, model: Model) -> Model:
    listed = {entry.rfilename: entry for entry in commit.siblings}
    files = []
    for file in model.files:
        if file.name not in listed:
            raise NotThere(f"{model.repository} has no {file.name} at {commit.sha}; it has {', '.join(sorted(listed))}")
        stored = listed[file.name].lfs
        files.append(File(name=file.name, size=listed[file.name].size, sha256=stored.sha256 if stored else None))
    return model.model_copy(update={"revision": commit.sha, "files": tuple(files)})
