"""What only a recording needs: S3Gen's tokenizer and speaker encoder, and T3's voice encoder."""

from __future__ import annotations

from bench.gpu.inventory.parts import Named, affine, batch_norm, norm, under

WIDTH, UNIT, MELS, BLOCKS, MEMORY = 1_280, 5_120, 128, 6, 31
"""Of the tokenizer; the last is what its attention remembers, in rows."""
CODES = 8
FILTERS, SPECTRUM, WINDOW = 128, 201, 400
HEAD = 32
"""Channels of the speaker encoder's head."""
FIRST, GROWTH, WIDE, NARROW = 128, 32, 128, 64
DENSE = (12, 24, 16)
"""Layers of each of its blocks; each adds `GROWTH` channels."""
X_VECTOR = 192
VOICE, VOICE_MELS, VOICE_LAYERS = 256, 40, 3
"""Of the voice encoder: width, mel bands, layers."""


def tokenizer(*, blocks: int | None = None) -> Named:
    """The tokenizer's; at most `blocks` layers."""
    yield "_mel_filters", (FILTERS, SPECTRUM)
    yield "window", (WINDOW,)
    yield from affine("encoder.conv1", WIDTH, MELS, 3)
    yield from affine("encoder.conv2", WIDTH, WIDTH, 3)
    for index in range(BLOCKS if blocks is None else min(BLOCKS, blocks)):
        yield from under(f"encoder.blocks.{index}.", _block())
    yield from affine("quantizer._codebook.project_down", CODES, WIDTH)


def speaker_encoder() -> Named:
    """The speaker encoder's."""
    yield from under("head.", _head())
    yield from under("xvector.", _x_vector())


def voice_encoder() -> Named:
    """The voice encoder's, a file of its own."""
    yield "similarity_weight", (1,)
    yield "similarity_bias", (1,)
    for layer in range(VOICE_LAYERS):
        yield f"lstm.weight_ih_l{layer}", (4 * VOICE, VOICE if layer else VOICE_MELS)
        yield f"lstm.weight_hh_l{layer}", (4 * VOICE, VOICE)
        yield f"lstm.bias_ih_l{layer}", (4 * VOICE,)
        yield f"lstm.bias_hh_l{layer}", (4 * VOICE,)
    yield from affine("proj", VOICE, VOICE)


def _block() -> Named:
    yield from affine("attn.query", WIDTH, WIDTH)
    yield "attn.key.weight", (WIDTH, WIDTH)
    yield from affine("attn.value", WIDTH, WIDTH)
    yield from affine("attn.out", WIDTH, WIDTH)
    yield "attn.fsmn_block.weight", (WIDTH, 1, MEMORY)
    yield from norm("attn_ln", WIDTH)
    yield from affine("mlp.0", UNIT, WIDTH)
    yield from affine("mlp.2", WIDTH, UNIT)
    yield from norm("mlp_ln", WIDTH)


def _head() -> Named:
    yield from _convolved("conv1", "bn1", 1)
    for layer in (1, 2):
        for place in (0, 1):
            stem = f"layer{layer}.{place}."
            yield from under(stem, _convolved("conv1", "bn1", HEAD))
            yield from under(stem, _convolved("conv2", "bn2", HEAD))
            if not place:
                yield f"{stem}shortcut.0.weight", (HEAD, HEAD, 1, 1)
                yield from batch_norm(f"{stem}shortcut.1", HEAD)
    yield from _convolved("conv2", "bn2", HEAD)


def _convolved(convolution: str, normed: str, entering: int) -> Named:
    yield f"{convolution}.weight", (HEAD, entering, 3, 3)
    yield from batch_norm(normed, HEAD)


def _x_vector() -> Named:
    yield "tdnn.linear.weight", (FIRST, 10 * HEAD, 5)
    yield from batch_norm("tdnn.nonlinear.batchnorm", FIRST)
    channels = FIRST
    for number, layers in enumerate(DENSE, start=1):
        for layer in range(layers):
            yield from under(f"block{number}.tdnnd{layer + 1}.", _dense(channels + layer * GROWTH))
        channels += layers * GROWTH
        yield from batch_norm(f"transit{number}.nonlinear.batchnorm", channels)
        yield f"transit{number}.linear.weight", (channels // 2, channels, 1)
        channels //= 2
    yield from batch_norm("out_nonlinear.batchnorm", channels)
    yield "dense.linear.weight", (X_VECTOR, 2 * channels, 1)
    yield from batch_norm("dense.nonlinear.batchnorm", X_VECTOR, affine_too=False)


def _dense(entering: int) -> Named:
    yield from batch_norm("nonlinear1.batchnorm", entering)
    yield "linear1.weight", (WIDE, entering, 1)
    yield from batch_norm("nonlinear2.batchnorm", WIDE)
    yield "cam_layer.linear_local.weight", (GROWTH, WIDE, 3)
    yield from affine("cam_layer.linear1", NARROW, WIDE, 1)
    yield from affine("cam_layer.linear2", GROWTH, NARROW, 1)
