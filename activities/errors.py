"""How a provider's or domain's error becomes a failure that the engine understands."""

from temporalio.exceptions import ApplicationError

_TEXT_MAX = 300


def retry_later(error: Exception, kind: str) -> ApplicationError:
    """Return a failure that is worth another attempt; its text is bounded."""
    return ApplicationError(str(error)[:_TEXT_MAX], type=kind)


def never_retry(error: Exception, kind: str) -> ApplicationError:
    """Return a failure that no attempt can mend; its text is bounded."""
    return ApplicationError(str(error)[:_TEXT_MAX], type=kind, non_retryable=True)
