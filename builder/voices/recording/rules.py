"""Rules: what the figures of a recording say about how to record it better."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from builder.voices.recording.figures import Figures
from worker.audio.reference import CLIPPED_SHARE, QUIET_DBFS

Rule = Callable[[Figures], str | None]

LEAST_SPEECH_SEC = 5.0
"""Chatterbox Turbo refuses references that are no longer."""
GOOD_SPEECH_SEC = 10.0
"""What Chatterbox's acoustic half hears of a reference."""
LEAST_SNR_DB = 8.0
"""Measured on espeak with white noise: where this is measured, up to half of the speech is taken for pauses."""
GOOD_SNR_DB = 20.0
"""What LibriTTS demands of its clean half (Zen et al., Interspeech 2019)."""
MOST_CLIPPED_SHARE = 0.05
"""Measured on espeak: what clipping adds is then 12 dB under the voice."""
LEAST_BANDWIDTH_HZ = 3000.0
"""The telephone has 3400 (ITU-T G.712); with less, consonants are told apart no longer."""
GOOD_BANDWIDTH_HZ = 7000.0
"""What calls in wide band have (ITU-T G.722); most of what makes an s lies between 4 and 8 kHz."""
RATE_SHARE = 0.85
"""Of half the sample rate: a spectrum that ends above has all that the rate lets through."""
STEADY_DB = 12.0
"""The seconds of espeak and of two speakers differ by 2 to 4 dB; three times that is somebody who moves."""
MOST_OFFSET = 0.01
"""−40 dB of full scale: a step of it is heard as a click in a pause."""
HEARD_HUM_DBFS = -60.0
"""The most noise that publishers of audio books (ACX) take."""


def refusals(figures: Figures) -> tuple[str, ...]:
    """Why nobody should be cloned from the recording."""
    return _said(figures, (_too_short, _drowned, _ruined, _muffled))


def advice(figures: Figures) -> tuple[str, ...]:
    """What could be better about a recording; what is refused is not said again."""
    return _said(figures, (_short, _noisy, _humming, _clipped, _dull, _quiet, _unsteady, _offset))


def _said(figures: Figures, rules: Iterable[Rule]) -> tuple[str, ...]:
    return tuple(message for rule in rules if (message := rule(figures)) is not None)


def _too_short(figures: Figures) -> str | None:
    if figures.speech_sec >= LEAST_SPEECH_SEC:
        return None
    return f"there are only {figures.speech_sec:.1f} s of speech: record at least {LEAST_SPEECH_SEC:g} s, better 15 s"


def _short(figures: Figures) -> str | None:
    if not LEAST_SPEECH_SEC <= figures.speech_sec < GOOD_SPEECH_SEC:
        return None
    return f"there are {figures.speech_sec:.1f} s of speech: with {GOOD_SPEECH_SEC:g} to 15 s the voice is met better"


def _drowned(figures: Figures) -> str | None:
    if figures.snr_db is None or figures.snr_db >= LEAST_SNR_DB:
        return None
    return f"the pauses are only {int(figures.snr_db)} dB below the speech, which drowns in noise: record it anew"


def _noisy(figures: Figures) -> str | None:
    if figures.snr_db is None or not LEAST_SNR_DB <= figures.snr_db < GOOD_SNR_DB:
        return None
    return (
        f"the pauses are only {int(figures.snr_db)} dB below the speech: record in a quieter room, or closer to the "
        f"microphone; {GOOD_SNR_DB:g} dB are good"
    )


def _humming(figures: Figures) -> str | None:
    if figures.hum_hz is None or figures.hum_dbfs is None or figures.hum_dbfs < HEARD_HUM_DBFS:
        return None
    return (
        f"the mains hum at {figures.hum_hz} Hz ({figures.hum_dbfs:.0f} dBFS in the pauses): keep cables and power "
        "supplies away from the microphone, or run the recorder on its battery"
    )


def _ruined(figures: Figures) -> str | None:
    if figures.clipped_share <= MOST_CLIPPED_SHARE:
        return None
    return f"{figures.clipped_share:.0%} of the recording is clipped: record it anew at a much lower level"


def _clipped(figures: Figures) -> str | None:
    if not CLIPPED_SHARE < figures.clipped_share <= MOST_CLIPPED_SHARE:
        return None
    return f"{figures.clipped_share:.1%} of the recording is clipped and will sound harsh: record it at a lower level"


def _muffled(figures: Figures) -> str | None:
    if not figures.cut_off or figures.bandwidth_hz >= LEAST_BANDWIDTH_HZ:
        return None
    return f"the sound ends at {figures.bandwidth_hz:.0f} Hz, below that of a telephone: {_rerecord(figures)}"


def _dull(figures: Figures) -> str | None:
    narrow = figures.cut_off and LEAST_BANDWIDTH_HZ <= figures.bandwidth_hz < GOOD_BANDWIDTH_HZ
    if not narrow and figures.sample_rate / 2 >= GOOD_BANDWIDTH_HZ:
        return None
    return f"the sound ends at {figures.bandwidth_hz:.0f} Hz and is dull, like a telephone's: {_rerecord(figures)}"


def _rerecord(figures: Figures) -> str:
    if figures.bandwidth_hz > RATE_SHARE * figures.sample_rate / 2 or not figures.cut_off:
        return f"its sample rate is {figures.sample_rate} Hz; record at 24000 Hz or more"
    return f"its sample rate of {figures.sample_rate} Hz has room for more; look for the original, or record it anew"


def _quiet(figures: Figures) -> str | None:
    if figures.level_dbfs >= QUIET_DBFS:
        return None
    return f"the speech is very quiet ({figures.level_dbfs:.0f} dBFS): record it louder, or closer to the microphone"


def _unsteady(figures: Figures) -> str | None:
    if figures.level_spread_db <= STEADY_DB:
        return None
    return (
        f"the speech is {figures.level_spread_db:.0f} dB louder in some places than in others: keep one distance to "
        "the microphone"
    )


def _offset(figures: Figures) -> str | None:
    if abs(figures.dc_offset) <= MOST_OFFSET:
        return None
    return f"silence lies at {figures.dc_offset:+.3f} of full scale rather than at 0: use another input or sound card"
