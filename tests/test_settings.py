from __future__ import annotations

from pathlib import Path

import pytest

from worker.errors import InvalidSettings
from worker.settings import Settings


def test_an_empty_environment_gives_the_defaults() -> None:
    assert Settings.from_environment({"HOME": "/root"}) == Settings()


def test_values_are_read_by_their_prefixed_name() -> None:
    settings = Settings.from_environment(
        {"TTS_ENGINES": "tone, espeak", "TTS_LANES": "4", "TTS_VOLUME_DIR": "/data", "TTS_LOUDNESS_LUFS": "-16.5"}
    )
    assert settings.engines == ("tone", "espeak")
    assert settings.lanes == 4
    assert settings.volume_dir == Path("/data")
    assert settings.loudness_lufs == -16.5


@pytest.mark.parametrize(
    ("environment", "folder"),
    [
        ({}, None),
        ({"HF_HOME": "/hf"}, "/hf/hub"),
        ({"HF_HOME": "/hf", "HUGGINGFACE_HUB_CACHE": "/older"}, "/older"),
        ({"HF_HOME": "/hf", "HUGGINGFACE_HUB_CACHE": "/older", "HF_HUB_CACHE": "/cache"}, "/cache"),
        ({"HF_HOME": "/hf", "HF_HUB_CACHE": " "}, "/hf/hub"),
        ({"HF_HOME": "/hf", "HF_HUB_CACHE": "/cache", "TTS_HUB_CACHE_DIR": "/own"}, "/own"),
    ],
)
def test_hugging_faces_names_stand_in_for_its_cache(environment: dict[str, str], folder: str | None) -> None:
    assert Settings.from_environment(environment).hub_cache_dir == (folder and Path(folder))


def test_an_empty_value_counts_as_unset() -> None:
    assert Settings.from_environment({"TTS_LANES": " "}).lanes == Settings().lanes


def test_a_misspelt_setting_is_an_error_with_the_right_name() -> None:
    with pytest.raises(InvalidSettings, match="unknown setting TTS_ENGINE; did you mean TTS_ENGINES"):
        Settings.from_environment({"TTS_ENGINE": "espeak"})


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("TTS_LANES", "0"),
        ("TTS_LANES", "many"),
        ("TTS_MAX_AUDIO_SEC", "nan"),
        ("TTS_LOG_LEVEL", "LOUD"),
        ("TTS_ENGINES", ","),
    ],
)
def test_a_value_that_does_not_fit_names_its_setting(name: str, value: str) -> None:
    with pytest.raises(InvalidSettings, match=f"^{name}: "):
        Settings.from_environment({name: value})


RUNPOD_S3 = {
    "BUCKET_ENDPOINT_URL": "https://voices.s3.us-west-2.amazonaws.com",
    "BUCKET_ACCESS_KEY_ID": "bucket-key",
    "BUCKET_SECRET_ACCESS_KEY": "bucket-secret",
}


def s3_of(environment: dict[str, str]) -> tuple[str | None, ...]:
    settings = Settings.from_environment(environment)
    key, secret = settings.s3_access_key_id, settings.s3_secret_access_key
    return (
        settings.s3_endpoint,
        settings.s3_bucket,
        settings.s3_region,
        key and key.get_secret_value(),
        secret and secret.get_secret_value(),
    )


@pytest.mark.parametrize(
    ("endpoint", "more", "found"),
    [
        ("https://voices.s3.us-west-2.amazonaws.com", {}, ("https://s3.us-west-2.amazonaws.com", "us-west-2")),
        ("https://s3.us-west-2.amazonaws.com/voices/", {}, ("https://s3.us-west-2.amazonaws.com", "us-west-2")),
        ("https://voices.s3.amazonaws.com", {}, ("https://s3.amazonaws.com", "us-east-1")),
        (
            "https://voices.s3.eu-central-003.backblazeb2.com",
            {},
            ("https://s3.eu-central-003.backblazeb2.com", "eu-central-003"),
        ),
        ("https://abc.r2.cloudflarestorage.com/voices", {}, ("https://abc.r2.cloudflarestorage.com", "us-east-1")),
        ("https://voices.nyc3.example.com", {"BUCKET_NAME": "voices"}, ("https://nyc3.example.com", "us-east-1")),
        ("http://minio:9000", {"BUCKET_NAME": "voices", "AWS_REGION": "mars"}, ("http://minio:9000", "mars")),
        (
            "https://voices.s3.us-west-2.amazonaws.com",
            {"AWS_REGION": "mars"},
            ("https://s3.us-west-2.amazonaws.com", "us-west-2"),
        ),
        ("http://[::1]:9000/voices", {}, ("http://[::1]:9000", "us-east-1")),
    ],
)
def test_runpods_bucket_names_stand_in_wherever_the_bucket_is_written(
    endpoint: str, more: dict[str, str], found: tuple[str, str]
) -> None:
    url, region = found
    assert s3_of({**RUNPOD_S3, "BUCKET_ENDPOINT_URL": endpoint, **more}) == (
        url,
        "voices",
        region,
        "bucket-key",
        "bucket-secret",
    )


def test_our_own_names_win_and_credentials_stay_a_pair() -> None:
    own = {"TTS_S3_ENDPOINT": "https://own.example", "TTS_S3_BUCKET": "own-bucket"}
    aws = {"AWS_ACCESS_KEY_ID": "aws-key", "AWS_SECRET_ACCESS_KEY": "aws-secret"}
    assert s3_of(RUNPOD_S3 | own | aws) == (
        "https://own.example",
        "own-bucket",
        "us-east-1",
        "bucket-key",
        "bucket-secret",
    )
    assert s3_of(own | aws)[3:] == ("aws-key", "aws-secret")
    with pytest.raises(InvalidSettings, match="missing: TTS_S3_SECRET_ACCESS_KEY"):
        s3_of(RUNPOD_S3 | own | aws | {"TTS_S3_ACCESS_KEY_ID": "own-key"})


def test_credentials_of_aws_alone_do_not_set_up_s3() -> None:
    environment = {"AWS_ACCESS_KEY_ID": "a", "AWS_SECRET_ACCESS_KEY": "s", "AWS_REGION": "eu-west-1"}
    assert Settings.from_environment(environment) == Settings()


@pytest.mark.parametrize(
    ("environment", "words"),
    [
        ({"TTS_S3_BUCKET": "voices", "TTS_S3_REGION": "eu-west-1"}, "TTS_S3_ACCESS_KEY_ID .*TTS_S3_SECRET_ACCESS_KEY"),
        ({**RUNPOD_S3, "BUCKET_ENDPOINT_URL": "https://minio.example"}, "TTS_S3_BUCKET .or BUCKET_NAME"),
        ({**RUNPOD_S3, "BUCKET_ENDPOINT_URL": "", "BUCKET_NAME": "voices"}, "TTS_S3_ENDPOINT"),
        ({**RUNPOD_S3, "BUCKET_NAME": "other"}, "another bucket"),
        ({**RUNPOD_S3, "BUCKET_ENDPOINT_URL": "https://minio.example/a/b"}, "TTS_S3_BUCKET|path|bucket"),
        ({"TTS_S3_PUBLIC_BASE_URL": "https://cdn.example"}, "TTS_S3_BUCKET"),
        ({"TTS_S3_KEY_TEMPLATE": "{name}"}, "^TTS_S3_KEY_TEMPLATE: no placeholder is called 'name'"),
        ({"TTS_S3_URL_LIFETIME_SEC": "604801"}, "^TTS_S3_URL_LIFETIME_SEC: "),
        ({"TTS_S3_PREFIX": "../x"}, "^TTS_S3_PREFIX: "),
    ],
)
def test_s3_that_is_set_up_in_part_or_wrongly_says_what_is_missing(environment: dict[str, str], words: str) -> None:
    with pytest.raises(InvalidSettings, match=words) as caught:
        Settings.from_environment(environment)
    assert "bucket-secret" not in str(caught.value) + str(caught.value.__cause__)


def test_secrets_are_not_shown() -> None:
    settings = Settings.from_environment(RUNPOD_S3)
    assert "bucket-secret" not in repr(settings) + str(settings) + settings.model_dump_json()
    assert "bucket-key" not in repr(settings)


BUCKET_SET_UP = {
    "TTS_S3_BUCKET": "voices",
    "TTS_S3_REGION": "eu-west-3",
    "TTS_S3_ACCESS_KEY_ID": "key",
    "TTS_S3_SECRET_ACCESS_KEY": "secret",
    "TTS_SAVED_VOICES_S3": "1",
}


def test_voices_are_saved_in_a_bucket_where_there_is_one() -> None:
    assert Settings.from_environment(BUCKET_SET_UP).saved_voices_s3
    assert not Settings().saved_voices_s3
    with pytest.raises(InvalidSettings, match="TTS_SAVED_VOICES_S3 needs a bucket"):
        Settings.from_environment({"TTS_SAVED_VOICES_S3": "1"})


def test_voices_are_not_saved_in_two_places() -> None:
    with pytest.raises(InvalidSettings, match="TTS_SAVED_VOICES_S3 or TTS_SAVED_VOICES_DIR, not both"):
        Settings.from_environment({**BUCKET_SET_UP, "TTS_SAVED_VOICES_DIR": "/voices"})
