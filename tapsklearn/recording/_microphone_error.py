"""Why nothing can be recorded."""


class MicrophoneError(RuntimeError):
    """There is no PortAudio, no microphone, or one that has gone.

    Examples
    --------
    >>> issubclass(MicrophoneError, RuntimeError)
    True
    """
