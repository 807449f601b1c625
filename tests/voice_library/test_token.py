"""The seal of a voice token: what was sealed comes out as it was, and nothing else passes."""

from __future__ import annotations

import hashlib
import hmac
import time
from collections import Counter

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from voice_library.embedding_file import voice_from_bytes, voice_to_bytes
from voice_library.errors import InvalidVoiceFile, UntrustedVoice, VoiceLibraryError
from voice_library.token import MAX_TOKEN_BYTES, SEAL_BYTES, sealed, unsealed
from voice_library.voice import Voice

KEY, OTHER, OLDER = (name * 4 for name in (b"first-key", b"other-key", b"older-key"))
EXAMPLES = 1500
MOST_SEC = 0.01
"""For one token of 4 kB on average, on a busy machine; one takes a tenth of a millisecond."""


@pytest.fixture
def file(voice: Voice) -> bytes:
    return voice_to_bytes(voice)


def test_what_was_sealed_comes_out_as_it_was(file: bytes) -> None:
    assert unsealed(sealed(file, KEY), [KEY]) == file


def test_the_seal_is_a_magic_and_an_hmac_over_it_and_the_file(file: bytes) -> None:
    signature = hmac.new(KEY, b"SEALVOX1" + file, hashlib.sha256).digest()
    assert sealed(file, KEY) == b"SEALVOX1" + signature + file


def test_every_key_verifies_so_that_keys_can_be_changed(file: bytes) -> None:
    assert unsealed(sealed(file, OLDER), [KEY, OLDER]) == file


def test_without_keys_a_seal_is_taken_off_and_a_plain_file_passes(file: bytes) -> None:
    assert unsealed(sealed(file, KEY), []) == unsealed(file, []) == file


def test_a_sealed_token_is_no_voice_file(file: bytes) -> None:
    with pytest.raises(InvalidVoiceFile, match="safetensors header"):
        voice_from_bytes(sealed(file, KEY))


def test_where_there_are_keys_what_none_of_them_sealed_is_refused(file: bytes) -> None:
    with pytest.raises(UntrustedVoice, match="not signed"):
        unsealed(file, [KEY])
    with pytest.raises(UntrustedVoice, match="a key that this worker does not have"):
        unsealed(sealed(file, OTHER), [KEY, OLDER])
    with pytest.raises(UntrustedVoice, match="not signed"):
        unsealed(b"", [KEY])


@pytest.mark.parametrize("keys", [[], [KEY]])
def test_a_seal_of_another_version_or_that_is_cut_short_is_told_apart(file: bytes, keys: list[bytes]) -> None:
    token = sealed(file, KEY)
    with pytest.raises(InvalidVoiceFile, match="version"):
        unsealed(b"SEALVOX2" + token[8:], keys)
    for end in (7, 8, 20, SEAL_BYTES):
        with pytest.raises(InvalidVoiceFile, match=r"version|inside its seal"):
            unsealed(token[:end], keys)


@pytest.mark.parametrize("keys", [[], [KEY]])
def test_a_token_over_the_limit_is_refused_with_both_numbers(keys: list[bytes]) -> None:
    whole = sealed(bytes(MAX_TOKEN_BYTES - SEAL_BYTES), KEY)
    assert len(unsealed(whole, keys)) == MAX_TOKEN_BYTES - SEAL_BYTES
    with pytest.raises(InvalidVoiceFile, match=f"has {MAX_TOKEN_BYTES + 1} bytes; at most {MAX_TOKEN_BYTES} "):
        unsealed(whole + b"x", keys)


def test_a_file_is_not_read_before_its_seal_is_known(file: bytes) -> None:
    for damaged in (file[:-9], b"\x80 pickle"):
        for token in (damaged, sealed(damaged, OTHER)):
            with pytest.raises(UntrustedVoice):
                unsealed(token, [KEY])


@st.composite
def mutations(draw: st.DrawFn) -> tuple[str, int, int, bytes]:
    """What is done, where, which bit, and with which bytes."""
    kind = draw(st.sampled_from(["flip", "truncate", "extend", "insert", "delete", "replace", "front", "seal", "drop"]))
    place = draw(st.integers(0, SEAL_BYTES + 16) | st.integers(0, 2**16))
    return kind, place, draw(st.integers(0, 7)), draw(st.binary(min_size=1, max_size=40))


def mutated(token: bytes, other: bytes, mutation: tuple[str, int, int, bytes]) -> bytes:
    kind, place, bit, data = mutation
    at = place % len(token)
    if kind == "flip":
        return token[:at] + bytes([token[at] ^ 1 << bit]) + token[at + 1 :]
    return {
        "truncate": token[:at],
        "extend": token + data,
        "insert": token[:at] + data + token[at:],
        "delete": token[:at] + token[at + len(data) :],
        "replace": token[:at] + data + token[at + len(data) :],
        "front": data + token,
        "seal": other[:SEAL_BYTES] + token[SEAL_BYTES:],
        "drop": token[SEAL_BYTES:],
    }[kind]


def outcome(token: bytes) -> str:
    """What becomes of a token where there are no keys."""
    try:
        voice_from_bytes(unsealed(token, []))
    except VoiceLibraryError:
        return "refused"
    return "read"


@pytest.mark.parametrize("is_sealed", [True, False])
def test_no_change_to_a_token_gets_past_the_keys_and_none_is_other_than_a_typed_error(
    file: bytes, *, is_sealed: bool
) -> None:
    token = sealed(file, KEY) if is_sealed else file
    # Seals of the same file by another key, and of another file by the same key.
    others = (sealed(file, OTHER), sealed(file + b" ", KEY))
    outcomes: Counter[str] = Counter()
    began = time.process_time()

    @settings(
        max_examples=EXAMPLES, deadline=None, database=None, derandomize=True, suppress_health_check=list(HealthCheck)
    )
    @given(mutations(), st.integers(0, 1))
    def check(mutation: tuple[str, int, int, bytes], other: int) -> None:
        changed = mutated(token, others[other], mutation)
        if changed != token or not is_sealed:
            with pytest.raises(VoiceLibraryError):
                unsealed(changed, [KEY, OLDER])
        outcomes[outcome(changed)] += 1

    check()
    assert outcomes["refused"] > EXAMPLES / 4
    assert outcomes["read"] > 0  # without keys, for some changes of numbers make another sound voice
    assert time.process_time() - began < EXAMPLES * MOST_SEC
