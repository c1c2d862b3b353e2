"""A journey file as a pytest collector, and its cases as test items."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from journey.core.errors import JourneyError
from journeylab.testing.cases.case import CaseError, CaseSkipped
from journeylab.testing.cases.files import list_cases

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from journeylab.testing.cases.case import Case


class JourneyFile(pytest.File):
    """A journey file or scenario file.

    Attributes:
        given: The file as the user names it.
        expected: The file that states what the journey must be, or None.
    """

    given: str = ""
    expected: Path | None = None

    def collect(self) -> Iterator[JourneyItem]:
        """One item for each case.

        Raises:
            CollectError: A file is missing or invalid; pytest prints the message without a traceback.
        """
        try:
            for case in list_cases(self.path, self.given or self.name, self.expected):
                yield JourneyItem.from_parent(self, name=case.name, case=case)
        except JourneyError as error:
            raise self.CollectError(str(error)) from None


class JourneyItem(pytest.Item):
    """One case of a journey file."""

    def __init__(self, *, case: Case, **arguments: Any) -> None:
        super().__init__(**arguments)
        self.case = case

    def runtest(self) -> None:
        """Check the case."""
        try:
            self.case.check()
        except CaseSkipped as reason:
            pytest.skip(str(reason))

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], style: Any = None) -> Any:
        """The sentences of a case that fails; a traceback would only show this package."""
        if isinstance(excinfo.value, CaseError | JourneyError):
            return str(excinfo.value)
        return super().repr_failure(excinfo, style)

    def reportinfo(self) -> tuple[Path, None, str]:
        """The file, and the name of the case."""
        return self.path, None, self.name
