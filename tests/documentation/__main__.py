"""`python -m tests.documentation [--write] [PAGE ...]`: compare or refresh the examples and the generated pages."""

import argparse
import sys
from difflib import unified_diff
from pathlib import Path
from time import monotonic

from tests.documentation.blocks import DocumentationError
from tests.documentation.reference.pages import PAGES, find_builder, get_path
from tests.documentation.refresh import count_examples, find_pages, refresh
from tests.documentation.sandbox import ROOT


def main() -> int:
    """Compare, or refresh, the pages given; all without any."""
    parser = argparse.ArgumentParser(prog="python -m tests.documentation", description=__doc__)
    parser.add_argument("pages", nargs="*", type=Path, metavar="PAGE", help="a page, or a folder of pages")
    parser.add_argument("--write", action="store_true", help="write the output into the pages instead of comparing")
    asked = parser.parse_args()
    wanted = [path.resolve() for path in asked.pages]
    known = [*map(get_path, PAGES), *(page for page in find_pages() if find_builder(page) is None)]
    pages = [page for page in known if not wanted or any(page.is_relative_to(path) for path in wanted)]
    if not pages:
        parser.error("no such page; pages are README.md, CONTRIBUTING.md and docs/**/*.md")
    return int(any([not _check(page, write=asked.write) for page in pages]))  # noqa: C419 - check all of them


def _check(page: Path, *, write: bool) -> bool:
    """Whether a page is, or is now, up to date."""
    name = page.relative_to(ROOT)
    old = page.read_text(encoding="utf-8") if page.exists() else ""
    began = monotonic()
    try:
        build = find_builder(page)
        examples = count_examples(old)
        new = build() if build else refresh(old) if examples else old
    except DocumentationError as error:
        print(f"{name}: {error}")
        return False
    state = "equal" if new == old else "refreshed" if write else "differs"
    what = "generated" if build else f"{examples} examples"
    print(f"{name}: {what}, {state} ({monotonic() - began:.0f} s)", file=sys.stderr)
    if new != old and write:
        page.parent.mkdir(exist_ok=True)
        page.write_text(new, encoding="utf-8")
    elif new != old:
        sys.stdout.writelines(unified_diff(old.splitlines(True), new.splitlines(True), f"{name}", "now"))
    return write or new == old


if __name__ == "__main__":
    sys.exit(main())
