"""Pickles that would run something if they were unpickled."""

from __future__ import annotations

import builtins
import functools
import importlib
import operator
import os
import pickle
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from builder.voices.legacy.errors import UnsafeFile
from builder.voices.legacy.pickled.machine import unpickled
from tests.builder.voices.legacy.older_worker import fields, problem_in, put, tone


class Call:
    """Pickles as a call of `function`, which unpickling would make."""

    def __init__(self, function: Callable[..., Any], *arguments: object, state: object = None) -> None:
        self.function, self.arguments, self.state = function, arguments, state

    def __reduce__(self) -> Any:
        return self.function, self.arguments, self.state


def payloads(canary: Path) -> dict[str, object]:
    shell, python = f"touch {canary}", f"open({str(canary)!r}, 'w')"
    return {
        "os.system": Call(os.system, shell),
        "subprocess.run": Call(subprocess.run, ["touch", str(canary)]),
        "subprocess.Popen": Call(subprocess.Popen, ["touch", str(canary)]),
        "eval": Call(builtins.eval, python),
        "exec": Call(builtins.exec, python),
        "open": Call(builtins.open, str(canary), "w"),
        "getattr": Call(getattr, Call(importlib.import_module, "os"), "system"),
        "import_module": Call(importlib.import_module, "antigravity"),
        "__import__": Call(builtins.__import__, "this"),
        "partial": Call(functools.partial, os.system, shell),
        "partial with state": Call(functools.partial, print, state=(os.system, (shell,), {}, {})),
        "methodcaller": Call(operator.methodcaller("write_text", "x"), canary),
        "a path": canary,
        "numpy.load": Call(np.load, str(canary), None, True),
        "numpy.save": Call(np.save, str(canary), tone()),
        "numpy.fromfile": Call(np.fromfile, str(canary)),
        "numpy.memmap": Call(np.memmap, str(canary), "uint8", "w+", 0, (4,)),
        "numpy.f2py": Call(getattr, Call(importlib.import_module, "numpy.f2py"), "compile"),
        "numpy.testing's runstring": Call(np.testing.runstring, python, {}),
        "an exception": ValueError("x"),
        "a type": dict,
        "complex": 1j,
        "a range": range(3),
    }


NAMES = tuple(payloads(Path("canary")))


@pytest.mark.parametrize("protocol", range(6))
@pytest.mark.parametrize("name", NAMES)
def test_a_payload_is_refused_wherever_it_stands_and_not_run(tmp_path: Path, name: str, protocol: int) -> None:
    canary = tmp_path / "canary"
    payload = payloads(canary)[name]
    contents = (payload, fields(x=payload), fields(audio=payload), [{"a": (payload,)}], {"audio": [payload]})
    pickles = [pickle.dumps(content, protocol) for content in contents]
    modules = set(sys.modules)
    for data in pickles:
        with pytest.raises(UnsafeFile):
            unpickled(data)
    assert not canary.exists()
    assert set(sys.modules) == modules


def test_the_canary_would_be_made_if_a_payload_were_run(tmp_path: Path) -> None:
    pickle.loads(pickle.dumps(payloads(tmp_path / "canary")["os.system"]))  # noqa: S301 - to see that the tests can fail
    assert (tmp_path / "canary").exists()


def test_the_message_names_the_file_and_what_it_wants_and_says_what_to_do(tmp_path: Path) -> None:
    put(tmp_path, "a.pkl.gz", fields(x=Call(os.system, "true")))
    assert str(problem_in(tmp_path).error) == (
        "'a.pkl.gz' wants 'posix.system', which is no plain value or array; do not load it elsewhere either, "
        "and ask whoever made it for the recording as a wav file"
    )
