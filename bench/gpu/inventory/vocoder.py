"""The vocoder's: three stages that each make more rows of fewer channels, beside the spectrum of an excitation."""

from __future__ import annotations

from bench.gpu.inventory.parts import Named, affine, parted, under

BANDS, ENTERING, SPECTRUM, HARMONICS = 80, 512, 18, 9
CHANNELS = (256, 128, 64)
RISES = (16, 11, 7)
"""Taps of what makes the rows more."""
FALLS = (30, 6, 1)
"""Taps of what makes the excitation's rows as few as a stage's."""
TAPS = (3, 7, 11)
"""Of the residual blocks of each stage."""
EXCITED_TAPS = (7, 7, 11)
DILATIONS = 3
PITCH_LAYERS, PITCH_WIDTH = (0, 2, 4, 6, 8), 512


def vocoder() -> Named:
    """Its tensors, those of the pitch predictor last."""
    yield from affine("m_source.l_linear", 1, HARMONICS)
    yield from parted("conv_pre", ENTERING, BANDS, 7)
    for stage, (channels, taps) in enumerate(zip(CHANNELS, RISES, strict=True)):
        yield from parted(f"ups.{stage}", 2 * channels, channels, taps, outputs=channels)
    for stage, (channels, taps) in enumerate(zip(CHANNELS, FALLS, strict=True)):
        yield from affine(f"source_downs.{stage}", channels, SPECTRUM, taps)
    for stage, (channels, taps) in enumerate(zip(CHANNELS, EXCITED_TAPS, strict=True)):
        yield from under(f"source_resblocks.{stage}.", _residual(channels, taps))
    for stage, channels in enumerate(CHANNELS):
        for place, taps in enumerate(TAPS):
            yield from under(f"resblocks.{len(TAPS) * stage + place}.", _residual(channels, taps))
    yield from parted("conv_post", SPECTRUM, CHANNELS[-1], 7)
    for place, index in enumerate(PITCH_LAYERS):
        yield from parted(f"f0_predictor.condnet.{index}", PITCH_WIDTH, PITCH_WIDTH if place else BANDS, 3)
    yield from affine("f0_predictor.classifier", 1, PITCH_WIDTH)


def _residual(channels: int, taps: int) -> Named:
    for half in (1, 2):
        for place in range(DILATIONS):
            yield from parted(f"convs{half}.{place}", channels, channels, taps)
            yield f"activations{half}.{place}.alpha", (channels,)
