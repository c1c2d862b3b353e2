"""Each example prints what its page shows; `python -m tests.documentation --write` refreshes the pages."""

import pytest

from tests.documentation.refresh import count_examples, find_pages, refresh
from tests.documentation.sandbox import ROOT

PAGES = [page for page in find_pages() if count_examples(page.read_text(encoding="utf-8"))]


@pytest.mark.slow
@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_the_output_shown_is_the_output_printed(page):
    text = page.read_text(encoding="utf-8")
    assert refresh(text) == text


def test_the_readme_has_an_example():
    assert ROOT / "README.md" in PAGES
