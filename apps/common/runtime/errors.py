"""What can go wrong on the machine itself. Every message says what to do."""


class ServiceError(Exception):
    """An embedded service would not start, stop or answer."""
