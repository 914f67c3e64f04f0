"""Why a call did not succeed; the package's docstring draws the tree of these errors."""

from permits.controller.answers import Answer


class ControllerError(Exception):
    """A call that did not succeed; the text says why, in a sentence for a person."""

    def __init__(
        self, message: str, *, answer: Answer, code: int | None = None, retry_after: float = 0
    ) -> None:
        """Keep the reason, the answer as far as it came, and the controller's code."""
        super().__init__(message)
        self.answer = answer
        self.code = code
        self.retry_after = retry_after  # seconds; 0 where the controller named no wait


class NotSent(ControllerError):
    """The call surely had no effect."""


class NotBegun(NotSent):
    """We held the call back; the controller was not even asked."""


class Unreachable(NotSent):
    """No byte of the request left."""


class Busy(NotSent):
    """The controller asked us to come back later."""


class Refused(ControllerError):
    """The controller said no."""


class PermitRefused(Refused):
    """The controller refused this permit."""


class RecordNotFound(PermitRefused):
    """The controller holds no record with the reference ID."""


class ConfigurationRefused(Refused):
    """The controller would refuse every call as things stand."""


class OutcomeUnknown(ControllerError):
    """The call may or may not have taken effect."""
