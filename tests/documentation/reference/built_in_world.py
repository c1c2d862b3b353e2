"""The values of the built-in world, with the comments of their file."""

from pathlib import Path

import scenarios
from tests.documentation.reference.markdown import build_page

FILE = Path(scenarios.__file__).parent / "builtin" / "default.toml"
INTRO = """The built-in scenario `default`, as its file states it. All other built-in scenarios extend it, except
`trial_to_paid`, and so does a scenario of yours with `extends = "default"`.

No value was measured. `seed` marks values taken from the ten bundled customers; the others are assumed or calibrated.
`journey compare default --set KEY=VALUE` replaces one; the key is the name of the table and the name in it, for example
`world.moves.churn.by_segment.SMB`.

A key that is not below has the default of [scenario keys](scenario-keys.md). The policy has its values in
[policy keys](policy-keys.md). [The world](../concepts/world.md) explains the mechanisms.
[How do I write my own scenario?](../guides/own-scenario.md#a-worked-example) has an example."""


def build_built_in_world() -> str:
    """The page of the built-in world."""
    lines = FILE.read_text(encoding="utf-8").splitlines()
    start = next(at for at, line in enumerate(lines) if line.startswith("title"))
    values = "\n".join(line for line in lines[start:] if not line.startswith("# ---"))
    return build_page("The built-in world", INTRO) + f"\n```toml\n{values}\n```\n"
