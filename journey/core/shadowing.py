"""Modules of the user that hide the packages of journeylab.

A file `simulation.py` or `scenarios.py` beside a script or notebook comes before the installed package of that name.
The packages run this module by its path, before they import each other, so it imports nothing of ours.
"""

import sys
from importlib.util import find_spec
from pathlib import Path


def refuse_shadowed(package_file: str, *names: str) -> None:
    """Refuse to go on if packages beside `package_file` are hidden by modules of the user.

    Args:
        package_file: The `__file__` of a package of journeylab.
        *names: Names of packages in the same folder.

    Raises:
        ImportError: A name means another file; the message names the file.
    """
    home = Path(package_file).parent.parent
    for name in names:
        found = _find_file(name)
        if found is not None and found.parent.resolve() != (home / name).resolve():
            raise ImportError(_format_message(name, found), name=name, path=str(found))


def _find_file(name: str) -> Path | None:
    """The file that `import name` imports, or has imported; None if it is unknown."""
    if name in sys.modules:
        file = getattr(sys.modules[name], "__file__", None)
    else:
        spec = find_spec(name)
        file = None if spec is None or not spec.has_location else spec.origin
    return None if file is None else Path(file)


def _format_message(name: str, found: Path) -> str:
    is_folder = found.name == "__init__.py"
    return (
        f"{found.parent if is_folder else found}: hides the package {name!r} of journeylab, because Python finds it "
        f"first; rename this {'folder' if is_folder else 'file'}"
    )
