"""Where a member's files lie: the operator's folder, RunPod's cached models, or the Hugging Face cache."""

from __future__ import annotations

import logging
import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from worker.engines.chatterbox.layout import layout_of, published
from worker.engines.chatterbox.member import MEMBERS, Member
from worker.errors import EngineUnavailable
from worker.logs import event
from worker.settings import Settings

RUNPOD_HUB = Path("/runpod-volume/huggingface-cache/hub")
"""Where RunPod puts an endpoint's cached model: https://docs.runpod.io/serverless/endpoints/model-caching."""
USUAL_HUB = Path("~/.cache/huggingface/hub")
"""Where Hugging Face's own library keeps its cache, unless told otherwise."""
LEAN = "lean"
"""The folder, beside those of repositories, that converted checkpoints are put into, each by its engine's name."""

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """A folder that may hold a member's files."""

    place: str
    """What it is called in messages, which reach callers and name no path of this machine."""
    folder: Path

    def missing(self, member: Member) -> tuple[str, ...]:
        """The files of `member` that are not here or cannot be read."""
        needed = layout_of(member, self.folder).needed
        return tuple(name for name in needed if not _readable(self.folder / name))


def locate(member: Member, settings: Settings, *, runpod_hub: Path = RUNPOD_HUB) -> Path:
    """The first folder that holds all files of `member`; nothing is ever downloaded.

    Tried in this order: `settings.models_dir`, RunPod's cached models in `runpod_hub`, the Hugging Face cache.

    Raises:
        EngineUnavailable: no folder holds them all; says what is lacking and how to get it.

    """
    passed: list[Candidate] = []
    for candidate in _candidates(member, settings, runpod_hub):
        if not candidate.missing(member):
            incomplete = [other.place for other in passed if _has_some(other, member)]
            event(logger, "checkpoint found", engine=member.engine, place=candidate.place, incomplete=incomplete)
            return candidate.folder
        passed.append(candidate)
    raise EngineUnavailable(_nowhere(member, settings, passed))


def _candidates(member: Member, settings: Settings, runpod_hub: Path) -> Iterator[Candidate]:
    if settings.models_dir is not None:
        names = (f"{LEAN}/{member.engine}", member.repository.rpartition("/")[2], member.name, "")
        for name in names:
            yield Candidate(place="TTS_MODELS_DIR", folder=settings.models_dir / name)
    for folder in _snapshots(runpod_hub, member.repository):
        yield Candidate(place="RunPod's cached models", folder=folder)
    hub = settings.hub_cache_dir or USUAL_HUB
    for folder in _snapshots(_expanded(hub), member.repository):
        yield Candidate(place="the Hugging Face cache", folder=folder)


def _snapshots(hub: Path, repository: str) -> Iterator[Path]:
    """The snapshots of `repository` in a cache, the one that `main` names first, then the newest.

    The Hub takes names in any case, and RunPod's store was seen to write them in small letters
    (https://github.com/runpod-workers/worker-vllm/issues/310).
    """
    exact = f"models--{repository.replace('/', '--')}"
    named = [folder for folder in _entries(hub) if folder.name.casefold() == exact.casefold()]
    for folder in sorted(named, key=lambda folder: (folder.name != exact, folder.name)):
        main = _text(folder / "refs" / "main")
        snapshots = _entries(folder / "snapshots")
        yield from sorted(snapshots, key=lambda snapshot: (snapshot.name == main, _modified(snapshot)), reverse=True)


def _nowhere(member: Member, settings: Settings, passed: Iterable[Candidate]) -> str:
    own = "TTS_MODELS_DIR" if settings.models_dir else "TTS_MODELS_DIR (unset)"
    looked = f"{own}, RunPod's cached models and the Hugging Face cache (TTS_HUB_CACHE_DIR or HF_HOME)"
    message = f"{member.engine}: no complete checkpoint of {member.repository} in {looked}"
    closest = min(passed, key=lambda candidate: len(candidate.missing(member)), default=None)
    if closest is not None and _has_some(closest, member):
        message += f"; the closest, in {closest.place}, lacks {', '.join(closest.missing(member))}"
        if relative := _relative(member, closest):
            message += f"; to speak with what is there set TTS_ENGINES={relative.engine}"
    fetch = f"`python -m builder.fetch_models {member.engine}`"
    return f"{message}; get it with {fetch} and set TTS_MODELS_DIR to the folder it names"


def _relative(member: Member, candidate: Candidate) -> Member | None:
    """A member that differs by its T3 file alone and is whole in `candidate`."""
    shared = published(member).needed[1:]
    return next(
        (other for other in MEMBERS.values() if published(other).needed[1:] == shared and not candidate.missing(other)),
        None,
    )


def _has_some(candidate: Candidate, member: Member) -> bool:
    return len(candidate.missing(member)) < len(layout_of(member, candidate.folder).needed)


def _expanded(path: Path) -> Path:
    try:
        return path.expanduser()
    except RuntimeError:  # a user without a home
        return path


def _readable(path: Path) -> bool:
    return os.access(path, os.R_OK) and path.is_file()


def _entries(folder: Path) -> list[Path]:
    """What lies in `folder`; nothing where it is no folder or may not be read."""
    try:
        return list(folder.iterdir())
    except OSError:
        return []


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8", errors="replace").strip()
    except OSError:
        return ""


def _modified(path: Path) -> float:
    try:
        return path.stat().st_mtime
    except OSError:
        return 0.0
