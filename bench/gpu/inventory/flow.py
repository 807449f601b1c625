"""The flow's: an encoder of conformer blocks, and the estimator's transformers between convolutions."""

from __future__ import annotations

from bench.gpu.inventory.parts import Named, affine, norm, under

TOKENS, X_VECTOR, BANDS = 6_561, 192, 80
WIDTH, HEADS, HEAD, UNIT = 512, 8, 64, 2_048
"""Of the encoder."""
LAYERS, UP_LAYERS = 6, 4
CHANNELS, INNER, ESTIMATOR_UNIT, MOMENT = 256, 512, 1_024, 1_024
"""Of the estimator: between its layers, inside attention, inside feed-forward units, and of a moment in time."""
MIDDLE, TRANSFORMERS = 12, 4


def flow(*, meanflow: bool, blocks: int | None = None) -> Named:
    """Its tensors; at most `blocks` layers in each stack."""
    yield "input_embedding.weight", (TOKENS, WIDTH)
    yield from affine("spk_embed_affine_layer", BANDS, X_VECTOR)
    yield from under("encoder.", _encoder(blocks))
    yield from affine("encoder_proj", BANDS, WIDTH)
    yield from under("decoder.estimator.", _estimator(meanflow=meanflow, blocks=blocks))


def _encoder(blocks: int | None) -> Named:
    yield from _entrance("embed.out")
    yield from norm("after_norm", WIDTH)
    yield from affine("pre_lookahead_layer.conv1", WIDTH, WIDTH, 4)
    yield from affine("pre_lookahead_layer.conv2", WIDTH, WIDTH, 3)
    for index in range(_at_most(LAYERS, blocks)):
        yield from under(f"encoders.{index}.", _conformer())
    yield from affine("up_layer.conv", WIDTH, WIDTH, 5)
    yield from _entrance("up_embed.out")
    for index in range(_at_most(UP_LAYERS, blocks)):
        yield from under(f"up_encoders.{index}.", _conformer())


def _entrance(name: str) -> Named:
    yield from affine(f"{name}.0", WIDTH, WIDTH)
    yield from norm(f"{name}.1", WIDTH)


def _conformer() -> Named:
    for which in "uv":
        yield f"self_attn.pos_bias_{which}", (HEADS, HEAD)
    for which in ("q", "k", "v", "out"):
        yield from affine(f"self_attn.linear_{which}", WIDTH, WIDTH)
    yield "self_attn.linear_pos.weight", (WIDTH, WIDTH)
    yield from affine("feed_forward.w_1", UNIT, WIDTH)
    yield from affine("feed_forward.w_2", WIDTH, UNIT)
    yield from norm("norm_ff", WIDTH)
    yield from norm("norm_mha", WIDTH)


def _estimator(*, meanflow: bool, blocks: int | None) -> Named:
    yield from affine("time_mlp.linear_1", MOMENT, 4 * BANDS)
    yield from affine("time_mlp.linear_2", MOMENT, MOMENT)
    if meanflow:
        yield "time_embed_mixer.weight", (MOMENT, 2 * MOMENT)
    yield from under("down_blocks.0.", _stage(4 * BANDS, blocks))
    yield from affine("down_blocks.0.2", CHANNELS, CHANNELS, 3)
    for index in range(_at_most(MIDDLE, blocks)):
        yield from under(f"mid_blocks.{index}.", _stage(CHANNELS, blocks))
    yield from under("up_blocks.0.", _stage(2 * CHANNELS, blocks))
    yield from affine("up_blocks.0.2", CHANNELS, CHANNELS, 3)
    yield from _convolved("final_block", CHANNELS)
    yield from affine("final_proj", BANDS, CHANNELS, 1)


def _stage(entering: int, blocks: int | None) -> Named:
    yield from affine("0.mlp.1", CHANNELS, MOMENT)
    yield from _convolved("0.block1", entering)
    yield from _convolved("0.block2", CHANNELS)
    yield from affine("0.res_conv", CHANNELS, entering, 1)
    for index in range(_at_most(TRANSFORMERS, blocks)):
        yield from under(f"1.{index}.", _transformer())


def _convolved(name: str, entering: int) -> Named:
    yield from affine(f"{name}.block.0", CHANNELS, entering, 3)
    yield from norm(f"{name}.block.2", CHANNELS)


def _transformer() -> Named:
    yield from norm("norm1", CHANNELS)
    for which in "qkv":
        yield f"attn1.to_{which}.weight", (INNER, CHANNELS)
    yield from affine("attn1.to_out.0", CHANNELS, INNER)
    yield from norm("norm3", CHANNELS)
    yield from affine("ff.net.0.proj", ESTIMATOR_UNIT, CHANNELS)
    yield from affine("ff.net.2", CHANNELS, ESTIMATOR_UNIT)


def _at_most(count: int, blocks: int | None) -> int:
    return count if blocks is None else min(count, blocks)
