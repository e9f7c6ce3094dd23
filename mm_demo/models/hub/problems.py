"""What can go wrong with the hub, the network and the disk, each as one sentence."""

from __future__ import annotations

import errno
from urllib.parse import urlsplit

import httpx2
from huggingface_hub import constants
from huggingface_hub.errors import (
    EntryNotFoundError,
    GatedRepoError,
    HfHubHTTPError,
    HFValidationError,
    OfflineModeIsEnabled,
    RepositoryNotFoundError,
    RevisionNotFoundError,
)

from mm_demo.errors import UserError

TOKEN = "sign in with `hf auth login`, or set HF_TOKEN"


class Cancelled(UserError):
    """The download was cancelled; what had come is kept, and the next one goes on from there."""


class UnfitRevision(UserError):
    """The hub does not have the revision, or it holds no safetensors."""


class Unreachable(UserError):
    """The hub is out of reach, or is not to be asked."""


class NotTheHub(Exception):
    """Something answered that does not speak as the hub does."""


def offline() -> Unreachable:
    """The sentence for HF_HUB_OFFLINE."""
    return Unreachable("HF_HUB_OFFLINE is set, so nothing is downloaded; unset it and try again.")


def is_passing(error: HfHubHTTPError) -> bool:
    """Whether it is worth another try in a moment."""
    return error.response.status_code in (408, 429, 500, 502, 503, 504)


def as_sentence(error: Exception, model_id: str, revision: str) -> UserError:
    """The sentence for whatever asking the hub has raised."""
    where = urlsplit(constants.ENDPOINT).hostname or constants.ENDPOINT
    if isinstance(error, UserError):
        return error
    if isinstance(error, OfflineModeIsEnabled):
        return offline()
    if isinstance(error, HFValidationError):
        return UserError(f"'{model_id}' is no hub id; write it as OWNER/NAME.")
    if isinstance(error, HfHubHTTPError):
        return _refusal(error, model_id, revision)
    if isinstance(error, httpx2.InvalidURL | httpx2.UnsupportedProtocol):
        return Unreachable(f"HF_ENDPOINT is '{constants.ENDPOINT}', which is no address; correct or unset it.")
    if isinstance(error, httpx2.TransportError | TimeoutError):
        return Unreachable(f"The hub ({where}) can't be reached; check the network, and try again.")
    if isinstance(error, OSError) and error.errno is not None:
        return disk_problem(error)
    return Unreachable(
        f"What answers at {where} is not the hub; check HF_ENDPOINT, and whether the network wants you to sign in."
    )


def disk_problem(error: OSError) -> UserError:
    """The sentence for what the disk refuses; what had come is kept."""
    folder = constants.HF_HUB_CACHE
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return UserError(f"The disk with {folder} is full; what has come is kept: free some space, and get it again.")
    reason = (error.strerror or str(error)).lower()
    return UserError(f"The cache {folder} can't be written to ({reason}); set HF_HOME to a folder that can.")


def _refusal(error: HfHubHTTPError, model_id: str, revision: str) -> UserError:
    status = error.response.status_code
    if isinstance(error, GatedRepoError):
        page = f"{constants.ENDPOINT}/{model_id}"
        return UserError(f"The model '{model_id}' needs your agreement: accept its terms at {page}, then {TOKEN}.")
    if isinstance(error, RepositoryNotFoundError):
        return UserError(f"The hub has no model '{model_id}' that you may read; check its id, or {TOKEN}.")
    if isinstance(error, RevisionNotFoundError):
        return UnfitRevision(f"The hub has no revision '{revision}' of '{model_id}'; choose another one.")
    if isinstance(error, EntryNotFoundError):
        return UserError(f"The hub has lost a file of '{model_id}' ({revision}); choose another revision or model.")
    if status in (401, 403):
        return UserError(f"The hub does not let you read '{model_id}' ({status}); check your token, or {TOKEN}.")
    if is_passing(error):
        return UserError(f"The hub is overloaded or out of order ({status}); try again in a few minutes.")
    return UserError(f"The hub refuses '{model_id}' ({status}); try again later, or choose another model.")
