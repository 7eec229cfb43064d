"""The example of `docs/learning.md` runs as it stands; its enclosures agree with those printed there."""

import re
from contextlib import redirect_stdout
from io import StringIO
from pathlib import Path

DOCUMENT = Path(__file__).parents[3] / "docs" / "learning.md"
ENCLOSURE = re.compile(r"closed to \S+: the infimum lies in \[(\S+), (\S+)\]")


def enclosures(text):
    return [(float(lower), float(upper)) for lower, upper in ENCLOSURE.findall(text)]


def test_example():
    text = DOCUMENT.read_text(encoding="utf-8")
    marked = text[text.index(f"<!-- {Path(__file__).relative_to(DOCUMENT.parents[1]).as_posix()} -->") :]
    code, printed = marked.split("```python\n", 1)[1].split("```", 2)[::2]
    printed = printed.split("```", 1)[0]
    out = StringIO()
    with redirect_stdout(out):
        exec(compile(code, DOCUMENT.name, "exec"), {})
    found, stated = enclosures(out.getvalue()), enclosures(printed)
    assert len(found) == len(stated) == 4
    for (lower, upper), (low, high) in zip(found, stated, strict=True):
        # Enclosures of one number meet; those printed are rounded to six digits.
        assert lower <= high + 1e-6
        assert low - 1e-6 <= upper
