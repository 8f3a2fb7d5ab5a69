"""A web page that opens from disk, without a script, and loads nothing."""

from __future__ import annotations

import base64
import hashlib
from html import escape

from perilune.profiler.renderers.figures import printable

_STYLE = """
:root { color-scheme: light dark; }
body { font: 14px/1.45 system-ui, sans-serif; margin: 2em auto; max-width: 75em; padding: 0 1em; }
h1 { font-size: 1.4em; }
h2 { font-size: 1.1em; margin-top: 2em; }
.wide { overflow-x: auto; }
table { border-collapse: collapse; width: 100%; }
th, td { text-align: right; padding: .2em .7em; border-bottom: 1px solid #8884; white-space: nowrap; }
th:last-child, td:last-child { text-align: left; width: 99%; }
"""

_PAGE = """<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; img-src data:; style-src '{policy}'">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
<style>{style}</style>
</head>
<body>
<h1>{title}</h1>
{body}
</body>
</html>
"""


def page(title: str, style: str, body: str) -> str:
    """The page; `title` is plain text, `body` HTML, and `style` what is added to the style of headings and tables."""
    whole = _STYLE + style
    digest = base64.b64encode(hashlib.sha256(whole.encode()).digest()).decode()
    return _PAGE.format(policy=f"sha256-{digest}", title=html_text(title), style=whole, body=body)


def html_text(text: str) -> str:
    """Plain text as it stands in HTML."""
    return escape(printable(text))
