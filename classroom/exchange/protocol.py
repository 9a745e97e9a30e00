"""The exchange over HTTP: addresses and bodies, as both sides use them. Pure."""

from pydantic import BaseModel, ConfigDict

from classroom.config import SERVICE_PREFIX

API_PREFIX = f"{SERVICE_PREFIX}/api/v1"


class _Body(BaseModel):
    """Unknown fields are passed over, so that an older client reads a newer service."""

    model_config = ConfigDict(extra="ignore", frozen=True)


class ErrorDetail(_Body):
    """code: the machine's word; message: for a person, to be shown as it is."""

    code: str
    message: str
    request_id: str = ""


class ErrorBody(_Body):
    """The one shape of every error of the API."""

    error: ErrorDetail
