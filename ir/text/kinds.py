"""What the pieces of IR text are, for those who colour it. Patterns that Python and JavaScript read alike."""

from __future__ import annotations

import re

KINDS = {
    "comment": r'//[^\n]*|loc\("[^"\n]*":\d+\)',
    "place": r"(?<=\] )@[\w.%+]+(?:\[[-\d,]*\])?",
    "value": r"%[\w.]+",
    "type": r"\b(?:bf16|bool|[fiu]\d+)(?:\[[\w,]*\])?",
    "keyword": r"\b(?:func|return|yield|as)\b",
    "op": r"\b[a-z]\w*(?=\()",
    "number": r"(?<![\w.])-?(?:inf\b|nan\b|\d[\w.]*(?:(?<=e)[-+]\d+)?)",
}
"""The first that fits is the one."""
PATTERN = re.compile("|".join(f"(?P<{kind}>{pattern})" for kind, pattern in KINDS.items()))
