"""The pipe between the maker of audio and its sender."""

from __future__ import annotations

import asyncio
import threading

from worker.errors import EmptyText
from worker.frontends.pipe import PIECE_BYTES, WAITING_BYTES, Pipe
from worker.jobs.progress import ProgressReport
from worker.service import error_reply

REPLY = error_reply(EmptyText("the last word"))


def making(pipe: Pipe, *answers: bytes) -> threading.Thread:
    """A maker under way: puts the answers and then the reply, until it is told to stop."""

    def make() -> None:
        for answer in answers:
            if not pipe.put(answer):
                return
        pipe.put(REPLY)

    maker = threading.Thread(target=make)
    maker.start()
    return maker


def report(utterances: int) -> ProgressReport:
    return ProgressReport(
        done=None,
        audio_sec=1.0,
        elapsed_sec=1.0,
        speed=None,
        remaining_sec=None,
        utterances=utterances,
        again=False,
    )


async def read(pipe: Pipe) -> list[bytes]:
    pieces = []
    while isinstance(answer := await pipe.get(), bytes):
        pieces.append(answer)
    assert answer is REPLY
    return pieces


def test_what_waits_is_merged_into_pieces_of_bounded_size() -> None:
    async def run() -> list[bytes]:
        pipe = Pipe(asyncio.get_running_loop())
        making(pipe, *[b"x" * 1000] * 1000).join()
        return await read(pipe)

    pieces = asyncio.run(run())
    assert [len(piece) for piece in pieces] == [PIECE_BYTES, 1_000_000 - PIECE_BYTES]


def test_the_maker_waits_once_too_much_is_waiting_and_goes_on_when_it_is_read() -> None:
    block = b"x" * (PIECE_BYTES // 2)

    async def run() -> list[bytes]:
        pipe = Pipe(asyncio.get_running_loop())
        maker = making(pipe, *[block] * 20)
        maker.join(0.3)
        assert maker.is_alive()
        pieces = await read(pipe)
        maker.join()
        return pieces

    pieces = asyncio.run(run())
    assert sum(map(len, pieces)) == 20 * len(block)
    assert 20 * len(block) > WAITING_BYTES


def test_closing_lets_a_waiting_maker_go() -> None:
    async def run() -> None:
        pipe = Pipe(asyncio.get_running_loop())
        maker = making(pipe, *[b"x" * PIECE_BYTES] * 20)
        pipe.close()
        maker.join(5)
        assert not maker.is_alive()

    asyncio.run(run())


def test_the_latest_report_comes_before_what_waits_and_none_once_the_reply_is_there() -> None:
    async def run() -> list[object]:
        pipe = Pipe(asyncio.get_running_loop())
        pipe.report(report(1))
        pipe.report(report(2))
        pipe.put(b"x")
        answers = [await pipe.get(), await pipe.get()]
        pipe.report(report(3))
        pipe.put(REPLY)
        return [*answers, await pipe.get()]

    assert asyncio.run(run()) == [report(2), b"x", REPLY]


def test_a_report_wakes_a_reader_and_never_waits_itself() -> None:
    async def run() -> object:
        pipe = Pipe(asyncio.get_running_loop())
        reading = asyncio.create_task(pipe.get())
        await asyncio.sleep(0)
        pipe.report(report(1))
        got = await asyncio.wait_for(reading, 5)
        maker = making(pipe, *[b"x" * PIECE_BYTES] * 20)
        maker.join(0.1)
        assert maker.is_alive()  # for the pipe is full
        pipe.report(report(2))
        pipe.close()
        pipe.report(report(3))
        maker.join(5)
        return got

    assert asyncio.run(run()) == report(1)
