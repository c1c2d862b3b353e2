"""The documentation site: complete, without broken links, and without anything from another host."""

import re
import shutil
import subprocess
import sys
from html.parser import HTMLParser
from importlib.util import find_spec

import pytest

from tests.documentation.sandbox import ROOT

CONFIG = ROOT / "mkdocs.yml"
DOCS = ROOT / "docs"
PACKAGES = ("journeylab", "journey", "simulation", "scenarios")


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """The folder of the built site; warnings, such as a link to a missing page or heading, end the build."""
    if find_spec("zensical") is None:
        pytest.skip("needs the extra `docs`, which `make test-all` installs")
    folder = tmp_path_factory.mktemp("site")
    shutil.copytree(DOCS, folder / "docs")
    shutil.copy(CONFIG, folder)
    for name in PACKAGES:
        if (ROOT / name).exists():
            (folder / name).symlink_to(ROOT / name)
    build = [sys.executable, "-m", "zensical", "build", "--strict"]
    done = subprocess.run(build, cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return folder / "out" / "docs"


class Loads(HTMLParser):
    """What a page loads: scripts, style sheets, images, frames and the like; links to click on are no loads."""

    def __init__(self):
        super().__init__()
        self.addresses = []

    def handle_starttag(self, tag, attrs):
        named = {name: value or "" for name, value in attrs}
        loads = [named[name] for name in ("src", "srcset", "data", "poster", "action") if name in named]
        if tag == "link" and named.get("rel") not in ("canonical", "prev", "next"):
            loads.append(named.get("href", ""))
        self.addresses += loads


def _is_outside(address):
    return re.match(r"\s*(\w+:)?//", address) is not None


@pytest.mark.slow
def test_every_page_is_built(site):
    pages = {page.relative_to(DOCS).with_suffix("") for page in DOCS.rglob("*.md")}
    assert pages <= {page.relative_to(site).with_suffix("") for page in site.rglob("*.html")}


@pytest.mark.slow
def test_no_page_loads_anything_from_another_host(site):
    for page in site.rglob("*.html"):
        loads = Loads()
        loads.feed(page.read_text(encoding="utf-8"))
        assert [address for address in loads.addresses if _is_outside(address)] == [], page


@pytest.mark.slow
def test_no_style_sheet_loads_anything_from_another_host(site):
    for sheet in site.rglob("*.css"):
        loads = re.findall(r"(?:@import|url\()\s*[\"']?([^\"')]+)", sheet.read_text(encoding="utf-8"))
        assert [address for address in loads if _is_outside(address)] == [], sheet


@pytest.mark.slow
def test_the_browser_refuses_what_a_script_may_load_from_another_host(site):
    """The theme's script has addresses of optional libraries; the policy of each page does not allow them."""
    for page in site.rglob("*.html"):
        text = page.read_text(encoding="utf-8")
        policy = re.search(r'<meta http-equiv="Content-Security-Policy" content="([^"]*)"', text)
        assert policy is not None, page
        assert policy.group(1) == "default-src 'self' data: blob: 'unsafe-inline'"
        # A policy does not apply to what is above it.
        assert not re.search("<(script|link|style|img)", text[: policy.start()]), page


def test_every_page_is_in_the_navigation():
    listed = set(re.findall(r"[\w./-]+\.md", CONFIG.read_text(encoding="utf-8")))
    assert listed == {str(page.relative_to(DOCS)) for page in DOCS.rglob("*.md")}
