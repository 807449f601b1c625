"""Upstream's own T3 beside ours, with the same weights, text, voice, seed and number of tokens.

Only `chatterbox/models/t3` and `chatterbox/models/utils.py` are needed of upstream's package, and transformers, einops
and tqdm; copied without the package's `__init__.py` to a folder on `PYTHONPATH`, they come without the rest.
"""

from __future__ import annotations

import contextlib
import importlib
import io
import time
from collections.abc import Iterator, Sequence
from typing import Any

import torch

from bench.gpu.crowd import Crowd, Said, variants
from bench.gpu.record import Row
from bench.gpu.setup import Setup
from bench.gpu.weights import weights
from worker.engines.chatterbox.arithmetic.precision import REFERENCE
from worker.engines.chatterbox.checkpoint import Weights
from worker.engines.chatterbox.member import Member

HEADING = (
    *("member", "tokens", "upstream: ms a token", "ours: precision", "ours: CUDA graphs", "ours: ms a token"),
    *("upstream : ours", "same tokens as upstream"),
)
TOKENS, SMALL_TOKENS = 96, 3
SEED = 7
UNREAD = ("text_head.", "tfmr.wte.", "tfmr.embed_tokens.")
"""Of T3: a head for text and tables of words, which only training uses."""
UPSTREAM_NAMES = {"llama": "Llama_520M", "gpt2": "GPT2_medium"}
HEAD_SIZES = {"llama": "num_hidden_layers", "gpt2": "n_layer"}


def rows(setup: Setup) -> Iterator[Row | str]:
    """One utterance from its prompt to its last token, prefill included on both sides; or a note why there is none."""
    try:
        parts = [importlib.import_module(f"chatterbox.models.t3.{name}") for name in ("t3", "modules.t3_config")]
    except ImportError as error:
        yield f"upstream's T3 cannot be imported here: {error}"
        return
    yield "upstream computes as it is shipped: single precision, no CUDA graphs; prefill is part of both"
    tokens = SMALL_TOKENS if setup.small else TOKENS
    for member in setup.members:
        made = weights(member, setup.device)
        said = Said.drawn(member, setup.device, ids=setup.text_ids)
        t3 = _t3(member, made, setup, *parts)
        _theirs(t3, member, said, setup, 2)
        theirs_ms, theirs = _theirs(t3, member, said, setup, tokens)
        del t3
        for variant in variants(setup):
            crowd = Crowd(made, member, variant, setup, utterances=1, tokens=tokens + 1)
            _ours(crowd, setup, tokens)
            ours_ms, ours = _ours(crowd, setup, tokens)
            same = next((at for at, (a, b) in enumerate(zip(theirs, ours, strict=False)) if a != b), len(ours))
            yield {
                "member": member.name,
                "tokens": tokens,
                "upstream: ms a token": theirs_ms,
                **{f"ours: {name}": cell for name, cell in variant.cells.items()},
                "ours: ms a token": ours_ms,
                "upstream : ours": theirs_ms / ours_ms,
                "same tokens as upstream": same if variant.precision == REFERENCE else None,
            }


def _t3(member: Member, made: Weights, setup: Setup, t3: Any, t3_config: Any) -> Any:
    """Upstream's module of the member's size, with the same weights."""
    configuration = t3_config.T3Config(text_tokens_dict_size=member.text_vocabulary)
    configuration.speech_tokens_dict_size = member.speech_vocabulary
    configuration.speech_cond_prompt_len = member.prompt_tokens
    if not member.guided:
        configuration.input_pos_emb = None
        configuration.use_perceiver_resampler = configuration.emotion_adv = False
    configuration.llama_config_name = f"{member.trunk}, {member.layers} layers of {member.hidden}"
    width: dict[str, int] = {"n_embd": member.hidden, "hidden_size": member.hidden, "n_head": member.hidden // 64}
    t3.LLAMA_CONFIGS[configuration.llama_config_name] = {
        **t3.LLAMA_CONFIGS[UPSTREAM_NAMES[member.trunk]],
        HEAD_SIZES[member.trunk]: member.layers,
        **({} if member.guided else width),
    }
    with setup.device:
        module = t3.T3(configuration)
    absent = module.load_state_dict(made, strict=False)
    lost = [name for name in absent.missing_keys if not name.startswith(UNREAD)]
    if lost or absent.unexpected_keys:
        raise ValueError(f"upstream's T3 knows nothing of {absent.unexpected_keys} and was given no {lost}")
    return module.to(setup.device).eval()


def _theirs(t3: Any, member: Member, said: Said, setup: Setup, tokens: int) -> tuple[float, Sequence[int]]:
    """Milliseconds a token, and the tokens."""
    condition = importlib.import_module("chatterbox.models.t3.modules.cond_enc").T3Cond(
        speaker_emb=said.voice.speaker[None],
        cond_prompt_speech_tokens=said.voice.prompt[None],
        emotion_adv=member.defaults.get("exaggeration", 0.5) * torch.ones(1, 1, 1, device=setup.device),
    )
    options = {name: value for name, value in member.defaults.items() if name != "exaggeration"}
    torch.manual_seed(SEED)
    setup.wait()
    began = time.perf_counter()
    with contextlib.redirect_stderr(io.StringIO()), contextlib.redirect_stdout(io.StringIO()):
        if member.guided:
            both = said.ids.repeat(2, 1)
            spoken = t3.inference(t3_cond=condition, text_tokens=both, max_new_tokens=tokens, **options)
        else:  # it draws one token more than it is asked for
            spoken = t3.inference_turbo(condition, said.ids[None], max_gen_len=tokens - 1, **options)
    setup.wait()
    return 1e3 * (time.perf_counter() - began) / tokens, spoken[0].tolist()


def _ours(crowd: Crowd, setup: Setup, tokens: int) -> tuple[float, Sequence[int]]:
    """The same."""
    setup.wait()
    began = time.perf_counter()
    slot = crowd.admit(crowd.prompt(), seed=SEED, tokens=tokens)
    while slot.end is None:
        crowd.steps(1)
    setup.wait()
    taken_ms = 1e3 * (time.perf_counter() - began) / tokens
    crowd.disperse()
    return taken_ms, slot.tokens
