from __future__ import annotations

import traceback
from collections.abc import Callable, Sequence

import pytest

from tests.delivery.s3.store import ACCESS_KEY_ID, BUCKET, HURRIED, SECRET_ACCESS_KEY, Store
from worker.delivery.s3.connection import Connection
from worker.delivery.s3.target import target_of_job, target_of_worker
from worker.delivery.s3.upload import open_upload
from worker.errors import DeliveryFailed, InvalidS3Config
from worker.settings import Settings

PUBLIC = "93.184.215.14"
OWN = Settings.from_environment(
    {
        "TTS_S3_ENDPOINT": "https://s3.example.com",
        "TTS_S3_BUCKET": "audio",
        "TTS_S3_ACCESS_KEY_ID": ACCESS_KEY_ID,
        "TTS_S3_SECRET_ACCESS_KEY": SECRET_ACCESS_KEY,
        "TTS_S3_URL_LIFETIME_SEC": "60",
    }
)


def config(**changes: object) -> dict[str, object]:
    return {
        "accessId": ACCESS_KEY_ID,
        "accessSecret": SECRET_ACCESS_KEY,
        "bucketName": "audio",
        "endpointUrl": "https://s3.example.com",
        **changes,
    }


def leading_to(*addresses: str) -> Callable[[str, int], Sequence[str]]:
    return lambda _host, _port: addresses


def test_without_settings_there_is_no_target() -> None:
    assert target_of_worker(Settings()) is None


def test_the_settings_target_signs_for_as_long_as_they_say() -> None:
    target = target_of_worker(OWN)
    assert target is not None
    assert (target.endpoint, target.bucket, target.region) == ("https://s3.example.com", "audio", "us-east-1")
    url = Connection(target).url("a/b.wav")
    assert url.startswith("https://s3.example.com/audio/a/b.wav?X-Amz-Algorithm=AWS4-HMAC-SHA256&")
    assert "X-Amz-Expires=60&" in url


def test_aws_needs_no_endpoint_and_gets_the_bucket_in_its_host() -> None:
    environment = {"TTS_S3_BUCKET": "audio", "TTS_S3_REGION": "eu-west-3"}
    keys = {"AWS_ACCESS_KEY_ID": "a", "AWS_SECRET_ACCESS_KEY": "s"}
    target = target_of_worker(Settings.from_environment(environment | keys))
    assert target is not None
    assert Connection(target).url("k").startswith("https://audio.s3.eu-west-3.amazonaws.com/k?")


def test_the_surroundings_credentials_are_never_used(monkeypatch: pytest.MonkeyPatch) -> None:
    target = target_of_worker(OWN)
    assert target is not None
    for name, value in {
        "AWS_PROFILE": "no-such-profile",
        "AWS_ACCESS_KEY_ID": "AMBIENT",
        "AWS_SECRET_ACCESS_KEY": "AMBIENT",
        "AWS_SESSION_TOKEN": "AMBIENT",
        "AWS_ENDPOINT_URL_S3": "http://127.0.0.1:1",
    }.items():
        monkeypatch.setenv(name, value)
    url = Connection(target).url("k")
    assert f"Credential={ACCESS_KEY_ID}%2F" in url
    assert "AMBIENT" not in url
    assert "X-Amz-Security-Token" not in url


@pytest.mark.parametrize(
    "endpoint", ["https://audio.s3.us-west-2.amazonaws.com", "https://s3.us-west-2.amazonaws.com/audio"]
)
def test_a_job_may_bring_its_bucket_along(endpoint: str) -> None:
    target = target_of_job(config(endpointUrl=endpoint), OWN, resolver=leading_to(PUBLIC))
    assert (target.endpoint, target.bucket, target.region) == (
        "https://s3.us-west-2.amazonaws.com",
        "audio",
        "us-west-2",
    )
    assert target.access_key_id.get_secret_value() == ACCESS_KEY_ID
    assert target.url_lifetime_sec == 60


@pytest.mark.parametrize(
    ("given", "word"),
    [
        (config(region="x"), "nothing else"),
        (None, "nothing else"),
        ([], "nothing else"),
        ({key: value for key, value in config().items() if key != "accessSecret"}, "accessSecret"),
        (config(accessId=""), "accessId"),
        (config(accessSecret=5), "accessSecret"),
        (config(bucketName="evil.example/x"), "bucketName"),
        (config(bucketName="arn:aws:s3:::x"), "bucketName"),
        (config(endpointUrl="ftp://s3.example.com"), "endpointUrl"),
        (config(endpointUrl="https://user:pass@s3.example.com"), "endpointUrl"),
        (config(endpointUrl="https://s3.example.com/audio?x=1"), "endpointUrl"),
        (config(endpointUrl="https://s3.example.com/other"), "endpointUrl"),
        (config(endpointUrl="https://s3.example.com:99999"), "endpointUrl"),
        (config(endpointUrl="http://s3.example.com"), "https"),
    ],
)
def test_a_config_that_does_not_fit_is_a_typed_error_without_its_values(given: object, word: str) -> None:
    with pytest.raises(InvalidS3Config, match=word) as caught:
        target_of_job(given, OWN, resolver=leading_to(PUBLIC))
    assert (caught.value.code, caught.value.field) == ("invalid_s3_config", "s3Config")
    told = "".join(traceback.format_exception(caught.value))
    assert SECRET_ACCESS_KEY not in told
    assert ACCESS_KEY_ID not in told


@pytest.mark.parametrize("address", ["127.0.0.1", "10.0.0.8", "169.254.169.254", "::1", "fd00::1", "100.64.0.1"])
def test_a_private_endpoint_is_refused_by_name_and_by_address(address: str) -> None:
    with pytest.raises(InvalidS3Config, match="public Internet"):
        target_of_job(config(), OWN, resolver=leading_to(PUBLIC, address))
    literal = f"[{address}]" if ":" in address else address
    with pytest.raises(InvalidS3Config, match="public Internet"):
        target_of_job(config(endpointUrl=f"https://{literal}:9000"), OWN)


def test_a_host_that_is_not_found_is_not_the_callers_mistake_for_sure() -> None:
    def nowhere(_host: str, _port: int) -> Sequence[str]:
        raise OSError

    with pytest.raises(DeliveryFailed, match="not found"):
        target_of_job(config(), OWN, resolver=nowhere)


def test_a_private_endpoint_works_where_the_worker_allows_it(store: Store) -> None:
    allowing = Settings(s3_allow_private_endpoint=True)
    given = config(endpointUrl=f"http://127.0.0.1:{store.port}", bucketName=BUCKET)
    upload = open_upload(
        Connection(target_of_job(given, allowing), HURRIED), "from-job", content_type="audio/wav", metadata={}
    )
    upload.write(b"audio")
    upload.finish(rest_bytes=0)
    assert (store.folder / BUCKET / "from-job").read_bytes() == b"audio"
