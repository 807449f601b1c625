"""Targets: which bucket recordings go to, and with which credentials: the worker's, or those a job brings along."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated
from urllib.parse import urlsplit

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, SecretStr, ValidationError
from pydantic.alias_generators import to_camel

from worker.errors import DeliveryFailed, FetchFailed, InvalidS3Config, UrlNotAllowed
from worker.fetch.addresses import Resolver, checked_addresses, is_public, system_resolver
from worker.settings import Settings
from worker.settings_s3 import DEFAULT_REGION, Endpoint, bucket_name

FIELD = "s3Config"
LOOK_UP_SEC = 5.0
"""As long as a connection may take."""
HTTPS_PORT = 443

_Credential = Annotated[SecretStr, Field(min_length=1, max_length=256)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """A bucket and what it takes to put objects there."""

    endpoint: str
    """The store's address, without the bucket."""
    bucket: str
    region: str
    access_key_id: SecretStr
    secret_access_key: SecretStr
    url_lifetime_sec: int
    public_base_url: str | None = None

    @property
    def bucket_in_host(self) -> bool:
        """AWS asks for it; other stores may have no host names per bucket."""
        return ".amazonaws.com" in self.endpoint and "." not in self.bucket


class JobConfig(BaseModel):
    """What RunPod's clients send as `s3Config` beside a job's input."""

    model_config = ConfigDict(
        frozen=True, extra="forbid", strict=True, hide_input_in_errors=True, alias_generator=to_camel
    )

    access_id: _Credential
    access_secret: _Credential
    bucket_name: Annotated[str, AfterValidator(bucket_name)]
    endpoint_url: Annotated[str, Field(max_length=2048)]


def target_of_worker(settings: Settings) -> Target | None:
    """The target the settings describe, if they do."""
    if not settings.s3_bucket or settings.s3_access_key_id is None or settings.s3_secret_access_key is None:
        return None
    region = settings.s3_region or DEFAULT_REGION
    base_url = settings.s3_public_base_url
    return Target(
        endpoint=settings.s3_endpoint or f"https://s3.{region}.amazonaws.com",
        bucket=settings.s3_bucket,
        region=region,
        access_key_id=settings.s3_access_key_id,
        secret_access_key=settings.s3_secret_access_key,
        url_lifetime_sec=settings.s3_url_lifetime_sec,
        public_base_url=None if base_url is None else str(base_url),
    )


def target_of_job(config: object, settings: Settings, *, resolver: Resolver = system_resolver) -> Target:
    """The target a job's `s3Config` describes, which the caller controls: it has to be on the public Internet.

    That https is asked for as well is what keeps a name from leading elsewhere once it was checked: the host there
    would have to hold a certificate for it.

    Raises:
        InvalidS3Config: it describes no bucket, or one this worker does not upload to.
        DeliveryFailed: its host cannot be found.
    """
    given = _parsed(config)
    try:
        endpoint = Endpoint.parse(given.endpoint_url, given.bucket_name)
    except ValueError as error:
        raise InvalidS3Config(f"endpointUrl: {error}", field=FIELD) from error
    if not settings.s3_allow_private_endpoint:
        _check_public(endpoint.url, resolver)
    return Target(
        endpoint=endpoint.url,
        bucket=given.bucket_name,
        region=endpoint.region or DEFAULT_REGION,
        access_key_id=given.access_id,
        secret_access_key=given.access_secret,
        url_lifetime_sec=settings.s3_url_lifetime_sec,
    )


def _parsed(config: object) -> JobConfig:
    try:
        return JobConfig.model_validate(config)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False, include_context=False)[0]
        known = [field.alias or name for name, field in JobConfig.model_fields.items()]
        if first["type"] == "extra_forbidden" or not first["loc"]:
            message = f"it is an object of {', '.join(known)} and nothing else"
        else:
            message = f"{first['loc'][0]}: {first['msg'].removeprefix('Value error, ')}"
        raise InvalidS3Config(message, field=FIELD) from error


def _check_public(url: str, resolver: Resolver) -> None:
    parts = urlsplit(url)
    if parts.scheme != "https":
        raise InvalidS3Config("endpointUrl: this worker uploads to https:// addresses only", field=FIELD)
    try:
        checked_addresses(
            parts.hostname or "",
            parts.port or HTTPS_PORT,
            resolver=resolver,
            rule=is_public,
            within_sec=LOOK_UP_SEC,
        )
    except UrlNotAllowed as error:
        raise InvalidS3Config("endpointUrl: its host is not on the public Internet", field=FIELD) from error
    except (FetchFailed, TimeoutError) as error:
        raise DeliveryFailed("the host of s3Config's endpointUrl was not found", field=FIELD) from error
