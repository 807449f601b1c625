"""Checkpoints are fetched whole or not at all, whatever the network does, and never twice."""

from __future__ import annotations

import fcntl
import os
import pty
import random
import re
import shutil
import signal
import struct
import subprocess
import sys
import termios
import threading
import time
import tomllib
from collections.abc import Callable, Iterator
from contextlib import nullcontext
from pathlib import Path

import pytest

from builder import fetch_models
from builder.fetch import errors, manifest
from builder.fetch.download import Downloader
from builder.fetch.hub import Hub
from builder.fetch.part import owned
from builder.fetch.transfer import Patience
from tests.builder.local_hub import (
    COMMIT,
    FILES,
    REPOSITORY,
    WEIGHTS,
    Fault,
    LocalHub,
    answering,
    breaking_after,
    ignoring_the_range,
    redirecting,
    refusing_ranges,
    sending_after,
    sending_another_range,
    sending_without_end,
    serving,
    sha256,
    waiting_after,
    write_list,
)
from worker.engines.chatterbox.layout import published
from worker.engines.chatterbox.location import locate
from worker.engines.chatterbox.member import MEMBERS, VOICE_FILE
from worker.settings import Settings

SOURCES = Path(__file__).parent.parent.parent
CREDENTIAL = "hf_secret"
LOST_AT_A_BREAK = 1 << 16
"""Bytes that a broken connection may lose."""


@pytest.fixture
def hub() -> Iterator[LocalHub]:
    with serving() as hub:
        yield hub


@pytest.fixture(autouse=True)
def short_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Patience, "wait_sec", lambda *_: 0.001)


class Tool:
    """The command line, run in this process."""

    def __init__(self, folder: Path, hub: LocalHub, capsys: pytest.CaptureFixture[str]) -> None:
        self.into = folder / "models"
        self.weights = self.into / "small-model" / "weights.safetensors"
        self.part = self.weights.with_name("weights.safetensors.part")
        self.list = write_list(folder / "models.toml")
        self._hub, self._capsys = hub, capsys
        self.out = self.err = ""

    def __call__(self, *arguments: str, **environment: str) -> int:
        try:
            return fetch_models.main([*self.arguments(*arguments)], environment)
        finally:
            self.out, self.err = self._capsys.readouterr()

    def arguments(self, *arguments: str) -> list[str]:
        usual = ["--models", str(self.list), "--into", str(self.into), "--endpoint", self._hub.url]
        return [*usual, *(arguments or ("small",))]

    def leave(self, content: bytes) -> None:
        """As an earlier run might have."""
        self.part.parent.mkdir(parents=True, exist_ok=True)
        self.part.write_bytes(content)

    def whole(self) -> bool:
        """Whether every file is there, and nothing else."""
        return {path.name: path.read_bytes() for path in self.weights.parent.iterdir()} == FILES


@pytest.fixture
def tool(tmp_path: Path, hub: LocalHub, capsys: pytest.CaptureFixture[str]) -> Tool:
    return Tool(tmp_path, hub, capsys)


def test_every_file_arrives_in_the_folder_named_after_its_repository_and_is_not_fetched_again(
    tool: Tool, hub: LocalHub
) -> None:
    assert tool() == 0
    assert tool.whole()
    assert re.search(r"^small-model/weights.safetensors: 400 kB in [\d.]+ s, [\d.]+(e\+\d+)? [kM]?B/s$", tool.out, re.M)
    assert f"TTS_MODELS_DIR={tool.into}" in tool.out
    asked, touched = len(hub.requests), tool.weights.parent.stat().st_mtime_ns
    assert tool() == 0
    assert tool.out.count("already here") == len(FILES)
    assert (len(hub.requests), tool.weights.parent.stat().st_mtime_ns) == (asked, touched)


def test_a_file_that_was_changed_on_disk_is_fetched_again(tool: Tool, hub: LocalHub) -> None:
    tool()
    tool.weights.write_bytes(WEIGHTS[:-1] + b"x")
    hub.served = 0
    assert tool() == 0
    assert tool.whole()
    assert hub.served == len(WEIGHTS)


@pytest.mark.parametrize("left", [1, 123_456, len(WEIGHTS) - 1])
def test_only_what_is_missing_is_fetched(tool: Tool, hub: LocalHub, left: int) -> None:
    tool.leave(WEIGHTS[:left])
    assert tool() == 0
    assert tool.whole()
    assert hub.ranges()[0] == f"bytes={left}-"
    assert hub.served == sum(map(len, FILES.values())) - left


def test_a_part_that_is_whole_needs_no_request(tool: Tool, hub: LocalHub) -> None:
    tool.leave(WEIGHTS)
    assert tool() == 0
    assert tool.whole()
    assert not any("weights" in request.path for request in hub.requests)


@pytest.mark.parametrize("left", [b"x" * 1000, b"x" * len(WEIGHTS), WEIGHTS + b"more"])
def test_what_an_earlier_run_left_is_thrown_away_if_it_does_not_fit(tool: Tool, left: bytes) -> None:
    tool.leave(left)
    assert tool() == 0
    assert tool.whole()


def test_connections_that_break_at_random_points_lose_no_more_than_a_block_each(tool: Tool, hub: LocalHub) -> None:
    chance = random.Random(3)
    for _ in range(12):
        for path in tool.weights.parent.glob("*"):
            path.unlink()
        breaks = [chance.randrange(len(WEIGHTS) // 3) for _ in range(3)]
        hub.faults.extend(breaking_after(length) for length in breaks)
        hub.served = 0
        tool.leave(WEIGHTS[: (left := chance.randrange(len(WEIGHTS) // 2))])
        assert tool() == 0
        assert tool.whole()
        least = sum(map(len, FILES.values())) - left
        assert least <= hub.served <= least + len(breaks) * LOST_AT_A_BREAK


@pytest.mark.parametrize(
    "fault",
    [
        ignoring_the_range,
        sending_another_range,
        refusing_ranges,
        answering(503),
        answering(429, Retry_After="0"),
        breaking_after(0),
    ],
    ids=["range ignored", "another range", "416", "503", "429", "broken at once"],
)
def test_a_server_that_stumbles_costs_nothing_but_time(tool: Tool, hub: LocalHub, fault: Fault) -> None:
    tool.leave(WEIGHTS[:1000])
    hub.faults.extend([fault] * 2)
    assert tool() == 0
    assert tool.whole()
    assert "does not fit" not in tool.out


@pytest.mark.parametrize("fault", [ignoring_the_range, refusing_ranges, sending_another_range])
def test_a_server_that_never_sends_parts_is_asked_for_the_whole(tool: Tool, hub: LocalHub, fault: Fault) -> None:
    tool.leave(WEIGHTS[:1000])
    hub.faults.extend([fault] * 20)
    assert tool("small", "--retries", "1") == 0
    assert tool.whole()


def test_a_server_that_keeps_failing_ends_the_run_and_leaves_what_came(tool: Tool, hub: LocalHub) -> None:
    tool.leave(WEIGHTS[:1000])
    hub.faults.extend([answering(503)] * 3)
    assert tool("small", "--retries", "2") == errors.Unreachable.exit_code
    assert re.search(r"weights.safetensors: the server answers 503; gave up after 3 tries, run it again", tool.err)
    assert tool.part.read_bytes() == WEIGHTS[:1000]
    assert tool() == 0
    assert tool.whole()


def test_a_server_that_gets_further_each_time_is_borne_longer(tmp_path: Path, hub: LocalHub) -> None:
    hub.faults.extend([breaking_after(70_000)] * 4)
    weights = manifest.File(name="weights.safetensors", size=len(WEIGHTS), sha256=sha256(WEIGHTS))
    for steady_bytes, ends in ((65_537, pytest.raises(errors.Unreachable)), (65_536, nullcontext())):
        downloader = Downloader(Hub(hub.url), patience=Patience(retries=1, steady_bytes=steady_bytes), say=print)
        with ends:
            downloader.fetch(REPOSITORY, COMMIT, weights, tmp_path)
    assert (tmp_path / weights.name).read_bytes() == WEIGHTS


@pytest.mark.parametrize(("said", "waited"), [("7", 7), ("9999", 60), ("tomorrow", 0)])
def test_a_server_is_left_alone_for_as_long_as_it_asks_but_no_longer_than_a_minute(
    hub: LocalHub, said: str, waited: float
) -> None:
    hub.faults.append(answering(503, Retry_After=said))
    with pytest.raises(errors.Interrupted) as caught, Hub(hub.url).open(REPOSITORY, COMMIT, "conds.pt"):
        pass
    assert caught.value.wait_sec == waited


def test_what_the_server_asks_for_is_waited(tool: Tool, hub: LocalHub) -> None:
    hub.faults.append(answering(503, Retry_After="1"))
    began = time.monotonic()
    assert tool() == 0
    assert time.monotonic() - began >= 1


def test_waits_double_up_to_a_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.undo()
    assert [Patience().wait_sec(failures) for failures in range(1, 9)] == [1, 2, 4, 8, 16, 30, 30, 30]


def test_a_hub_that_cannot_be_reached_ends_the_run(tool: Tool) -> None:
    assert tool("small", "--retries", "1", "--endpoint", "http://127.0.0.1:9") == errors.Unreachable.exit_code
    assert "the connection failed" in tool.err


@pytest.mark.parametrize("kept", [b"", WEIGHTS[:1000]])
def test_wrong_bytes_are_removed_and_both_hashes_are_said(tool: Tool, hub: LocalHub, kept: bytes) -> None:
    wrong = bytes(len(WEIGHTS))
    hub.files["weights.safetensors"] = wrong
    tool.leave(kept)
    assert tool() == errors.WrongBytes.exit_code
    assert sha256(wrong) in tool.err
    assert sha256(WEIGHTS) in tool.err
    assert list(tool.weights.parent.iterdir()) == []


@pytest.mark.parametrize("size", [len(WEIGHTS) - 1, len(WEIGHTS) + 1])
def test_a_file_of_another_size_is_refused_before_any_of_it_is_written(tool: Tool, hub: LocalHub, size: int) -> None:
    hub.files["weights.safetensors"] = bytes(size)
    assert tool() == errors.WrongBytes.exit_code
    assert f"the server has {size} bytes of it, expected are {len(WEIGHTS)}" in tool.err
    assert list(tool.weights.parent.iterdir()) == []


def test_a_body_without_a_length_is_cut_off_where_it_outgrows_the_pinned_size(tool: Tool, hub: LocalHub) -> None:
    hub.faults.append(sending_without_end)
    assert tool() == errors.WrongBytes.exit_code
    assert f"sends more than the {len(WEIGHTS)} bytes" in tool.err
    assert list(tool.weights.parent.iterdir()) == []


@pytest.mark.parametrize(
    ("status", "error", "words"),
    [
        (401, errors.AccessDenied, "gated, accept its terms .* HF_TOKEN"),
        (403, errors.AccessDenied, "gated, accept its terms .* HF_TOKEN"),
        (404, errors.NotThere, "no such repository, commit or file"),
        (400, errors.Unreachable, "answers 400"),
    ],
)
def test_what_will_not_change_is_not_tried_again(
    tool: Tool, hub: LocalHub, status: int, error: type[errors.FetchError], words: str
) -> None:
    hub.faults.append(answering(status))
    assert tool() == error.exit_code
    assert re.search(words, tool.err)
    assert len(hub.requests) == 1


def test_the_token_reaches_the_hub_but_neither_the_host_it_redirects_to_nor_the_output(
    tool: Tool, hub: LocalHub
) -> None:
    with serving() as storage:
        hub.faults.extend([redirecting(lambda path: f"/moved{path}"), redirecting(lambda path: storage.url + path[6:])])
        assert tool(HF_TOKEN=CREDENTIAL) == 0
    assert tool.whole()
    assert [request.authorization for request in hub.requests] == [f"Bearer {CREDENTIAL}"] * 4
    assert [(request.authorization, request.path[:4]) for request in storage.requests] == [(None, "/Org")]
    assert CREDENTIAL not in tool.out + tool.err


def test_an_interrupted_download_is_asked_for_at_the_hub_again_and_the_range_follows_the_redirection(
    tool: Tool, hub: LocalHub
) -> None:
    with serving() as storage:
        hub.faults.extend([redirecting(lambda path: storage.url + path)] * 2)
        storage.faults.append(breaking_after(200_000))
        assert tool() == 0
    assert tool.whole()
    assert len(storage.requests) == 2
    assert int(re.findall(r"bytes=(\d+)-", storage.requests[1].range or "")[0]) >= 200_000 - LOST_AT_A_BREAK


def test_redirections_have_an_end(tool: Tool, hub: LocalHub) -> None:
    hub.faults.extend([redirecting(lambda path: path)] * 20)
    assert tool() == errors.Unreachable.exit_code
    assert "redirected more than 5 times" in tool.err


def test_a_redirection_away_from_https_is_not_followed() -> None:
    hub = Hub("https://hub.example")
    with pytest.raises(errors.Unreachable, match="away from https"):
        hub._next("https://cdn.example/x", "http://cdn.example/x", "x")


@pytest.mark.parametrize("endpoint", ["http://hub.example", "hub.example", "ftp://hub.example"])
def test_a_token_is_sent_over_https_only(tool: Tool, endpoint: str) -> None:
    assert tool("small", "--endpoint", endpoint, HF_TOKEN=CREDENTIAL) == errors.Unreachable.exit_code
    assert "https" in tool.err


def test_a_disk_without_room_is_said_before_anything_is_fetched(tool: Tool, hub: LocalHub) -> None:
    pinned = tool.list.read_text().replace(f"size = {len(WEIGHTS)}", f"size = {2**60}")
    tool.list.write_text(pinned)
    assert tool() == errors.NoSpace.exit_code
    assert re.search(r"1\.15e\+09 GB|1152921504 GB", tool.err)
    assert hub.requests == []


def test_what_is_there_already_needs_no_room(tmp_path: Path) -> None:
    free = shutil.disk_usage(tmp_path).free
    huge = manifest.File(name="huge.bin", size=free + 2**30)
    model = manifest.Model(repository=REPOSITORY, files=(huge,))
    with pytest.raises(errors.NoSpace):
        fetch_models.require_space([model], tmp_path)
    (tmp_path / "small-model").mkdir()
    with (tmp_path / "small-model" / "huge.bin.part").open("wb") as part:
        part.truncate(2**32)  # a hole, which takes no space
    fetch_models.require_space([model], tmp_path)


def test_a_disk_that_fills_up_meanwhile_keeps_what_came(tmp_path: Path, hub: LocalHub) -> None:
    models, into = write_list(tmp_path / "models.toml"), tmp_path / "models"
    limited = "import resource, sys; resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, 200_000)); import signal;"
    limited += "signal.signal(signal.SIGXFSZ, signal.SIG_IGN); from builder.fetch_models import main;"
    code = f"{limited} sys.exit(main(sys.argv[1:], {{}}))"
    done = subprocess.run(
        [sys.executable, "-c", code, "small", "--models", models, "--into", into, "--endpoint", hub.url],
        cwd=SOURCES, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == errors.NoSpace.exit_code, done.stderr
    assert "no space is left" in done.stderr
    assert (into / "small-model" / "weights.safetensors.part").stat().st_size == 200_000


def test_an_unknown_name_suggests_the_nearest_and_fetches_nothing(tool: Tool, hub: LocalHub) -> None:
    assert tool("smal") == errors.UnknownModel.exit_code
    assert "no model 'smal'; did you mean small? known: small" in tool.err
    assert hub.requests == []


def test_without_a_name_the_usage_is_shown(tool: Tool) -> None:
    with pytest.raises(SystemExit) as left:
        tool("--retries", "1")
    assert left.value.code == 2


def test_an_entry_without_pins_is_refused_and_says_how_to_pin_it(tool: Tool, hub: LocalHub) -> None:
    write_list(tool.list, pinned=False)
    assert tool() == errors.NotPinned.exit_code
    assert "python -m builder.fetch_models --pin small" in tool.err
    assert hub.requests == []


def test_pinning_takes_the_newest_commit_and_writes_it_with_sizes_and_hashes_beside_the_comments(
    tool: Tool, hub: LocalHub
) -> None:
    write_list(tool.list, pinned=False)
    assert tool("--pin", "small") == 0
    assert tool.whole()
    assert tool.list.read_text().startswith("# A comment that stays.\n")
    assert tomllib.loads(tool.list.read_text()) == tomllib.loads(write_list(tool.list.with_name("other")).read_text())
    assert tool() == 0
    assert tool.out.count("already here") == len(FILES)


def test_pinning_is_held_to_the_hash_that_the_hub_lists(tool: Tool, hub: LocalHub) -> None:
    write_list(tool.list, pinned=False)
    hub.faults.append(lambda answer: answer.send_whole(bytes(len(WEIGHTS))))
    before = tool.list.read_text()
    assert tool("--pin", "small") == errors.WrongBytes.exit_code
    assert tool.list.read_text() == before


def test_pinning_keeps_the_commit_of_models_that_share_the_folder(tool: Tool, hub: LocalHub) -> None:
    write_list(tool.list, names=("small", "other"))
    hub.files["tokenizer.json"] = b'{"version": 2}'
    hub.commit = "f" * 40
    assert tool("--pin", "small") == errors.NotThere.exit_code  # this Hub has forgotten the older commit
    assert any(COMMIT in request.path for request in hub.requests)
    assert tool("--pin", "small", "other") == 0
    assert {model.revision for model in manifest.read(tool.list).values()} == {"f" * 40}


def test_a_file_that_the_commit_lacks_is_named(tool: Tool, hub: LocalHub) -> None:
    write_list(tool.list, pinned=False)
    del hub.files["conds.pt"]
    assert tool("--pin", "small") == errors.NotThere.exit_code
    assert f"{REPOSITORY} has no conds.pt at {COMMIT}; it has tokenizer.json, weights.safetensors" in tool.err


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        (f'revision = "{COMMIT}"', 'revision = "main"', "small.revision"),
        ('name = "conds.pt"', 'name = "../conds.pt"', "small.files.2.name"),
        ('repository = "Org/', 'repository = "../', "small.repository"),
        ("sha256 =", "sha1 =", "small.files.0.sha1"),
        ("[small]", "[small", "cannot be read"),
    ],
)
def test_a_list_that_is_wrong_says_where(tool: Tool, old: str, new: str, words: str) -> None:
    tool.list.write_text(tool.list.read_text().replace(old, new))
    assert tool() == errors.UnknownModel.exit_code
    assert words in tool.err


def test_one_folder_cannot_be_of_two_commits(tool: Tool) -> None:
    write_list(tool.list, names=("small", "other"))
    tool.list.write_text(("f" * 40).join(tool.list.read_text().rsplit(COMMIT, 1)))
    assert tool() == errors.UnknownModel.exit_code
    assert "pin all of Org/small-model together" in tool.err


def test_the_list_is_shown_with_commits_and_sizes(tool: Tool, hub: LocalHub) -> None:
    assert tool("--list") == 0
    assert re.fullmatch(rf"small +{REPOSITORY} +{COMMIT[:12]} +3 files, 401 kB\n", tool.out)
    write_list(tool.list, pinned=False)
    assert tool("--list", "small") == 0
    assert re.search(r"not pinned +3 files, size unknown\n", tool.out)
    assert hub.requests == []


def test_the_list_that_ships_names_the_files_that_each_engine_reads() -> None:
    models = manifest.read(fetch_models.MODELS)
    assert set(models) == {member.engine for member in MEMBERS.values()}
    for member in MEMBERS.values():
        model = models[member.engine]
        assert model.repository == member.repository
        assert {file.name for file in model.files} == {*published(member).needed, VOICE_FILE}


def test_what_is_fetched_is_found_by_the_engine(tool: Tool, hub: LocalHub) -> None:
    member = MEMBERS["nano"]
    shipped = tomllib.loads(fetch_models.MODELS.read_text())["chatterbox-nano"]
    folder = tool.into / manifest.Model.model_validate(shipped).folder
    folder.mkdir(parents=True)
    for name in published(member).needed:
        (folder / name).touch()
    assert locate(member, Settings(models_dir=tool.into), runpod_hub=tool.into / "none") == folder


def started(tool: Tool, **streams: object) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "builder.fetch_models", *tool.arguments()],
        cwd=SOURCES, text=True, **{"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, **streams},
    )  # type: ignore[call-overload, no-any-return] # fmt: skip


def until(true: Callable[[], object]) -> None:
    ends = time.monotonic() + 20
    while not true():
        assert time.monotonic() < ends, "it never came true"
        time.sleep(0.01)


def test_a_killed_process_leaves_what_came_to_the_next(tool: Tool, hub: LocalHub) -> None:
    let_go = threading.Event()
    hub.faults.append(waiting_after(300_000, let_go))
    with started(tool) as process:
        until(lambda: tool.part.exists() and tool.part.stat().st_size >= 300_000 - LOST_AT_A_BREAK)
        process.send_signal(signal.SIGKILL)
        process.communicate()
    let_go.set()
    left = tool.part.stat().st_size
    assert tool() == 0
    assert tool.whole()
    assert hub.ranges()[1] == f"bytes={left}-"


def test_two_processes_at_once_fetch_each_file_once(tool: Tool, hub: LocalHub) -> None:
    let_go = threading.Event()
    hub.faults.append(waiting_after(300_000, let_go))
    with started(tool) as first:
        until(lambda: hub.served == 300_000)
        with started(tool) as second:
            line = second.stdout.readline()  # type: ignore[union-attr]
            let_go.set()
            outputs = [process.communicate() for process in (first, second)]
    assert line == "weights.safetensors: another process is fetching it; waiting\n"
    assert (first.returncode, second.returncode) == (0, 0), outputs
    assert tool.whole()
    assert hub.served <= sum(map(len, FILES.values())) + LOST_AT_A_BREAK


def test_who_waits_for_a_part_that_is_then_thrown_away_has_one_of_its_own(tmp_path: Path) -> None:
    path, waiting = tmp_path / "x.part", threading.Event()

    def later() -> None:
        with owned(path, waiting.set) as part:
            part.append(b"whole")
            part.keep_as(tmp_path / "x")

    with owned(path, lambda: None) as part:
        other = threading.Thread(target=later)
        other.start()
        assert waiting.wait(20)
        part.append(b"wrong")
        part.clear()
    other.join()
    assert (tmp_path / "x").read_bytes() == b"whole"


def test_a_terminal_shows_a_bar_with_speed_and_a_pipe_shows_lines_alone(tool: Tool, hub: LocalHub) -> None:
    hub.faults.append(sending_after(0.3))
    own, others = pty.openpty()
    fcntl.ioctl(others, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 100, 0, 0))
    with started(tool, stderr=others) as process:
        out, _ = process.communicate()
    os.close(others)
    drawn = os.read(own, 100_000).decode()
    os.close(own)
    assert re.search(r"weights\.safetensors: +\d+%\|.*400k.*\[\d+:\d+<.*B/s\]", drawn), drawn
    assert len(out.splitlines()) == len(FILES) + 1
    for path in tool.weights.parent.iterdir():
        path.unlink()
    with started(tool) as process:
        _, quiet = process.communicate()
    assert quiet == ""
