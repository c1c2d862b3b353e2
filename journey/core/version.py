"""The version of the installed package."""


def version() -> str:
    """Version of the installed package `journeylab`."""
    from importlib.metadata import version as installed

    return installed("journeylab")
