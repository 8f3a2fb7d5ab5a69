"""Every form that a profile can be written in, by the name that --format knows it by."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from perilune.profiler.exporters import EXPORTERS
from perilune.profiler.model import Profile
from perilune.profiler.quick_dataclasses import dataclass
from perilune.profiler.renderers.report.layout import Layout
from perilune.profiler.sources import Sources

Render = Callable[[Profile, Sources, Layout], bytes]


@dataclass(frozen=True, slots=True)
class Form:
    """One form. `suffixes` are the ends of file names that stand for it, the usual one first.

    Only a form that `is_report` is written to a stream that a program wrote to as well. `render` may raise
    ProfileExportError, a form with `needs_time` does for every profile of count mode. One that
    `has_both_clocks` holds all that the profile knows, whichever clock leads.
    """

    name: str
    suffixes: tuple[str, ...]
    render: Render
    is_report: bool = False
    is_binary: bool = False
    needs_time: bool = False
    has_both_clocks: bool = False


def _text(profile: Profile, sources: Sources, layout: Layout) -> bytes:
    from perilune.profiler.renderers.terminal import render

    return render(profile, sources, layout).encode("utf-8", "replace")


def _json(profile: Profile, sources: Sources, layout: Layout) -> bytes:
    from perilune.profiler.renderers.json import render

    return render(profile).encode()


def _html(profile: Profile, sources: Sources, layout: Layout) -> bytes:
    from perilune.profiler.renderers.html import render

    return render(profile, sources).encode("utf-8", "replace")


def _exporter_forms() -> dict[str, Form]:
    def render_with(name: str) -> Render:
        return lambda profile, sources, layout: EXPORTERS[name].export(profile, sources)

    return {
        name: Form(
            name,
            (exporter.suffix,),
            render_with(name),
            is_binary=exporter.is_binary,
            needs_time=exporter.needs_time,
        )
        for name, exporter in EXPORTERS.items()
    }


FORMS = {
    "text": Form("text", (".txt",), _text, is_report=True),
    "json": Form("json", (".json",), _json, has_both_clocks=True),
    "html": Form("html", (".html", ".htm"), _html),
    **_exporter_forms(),
}
"""The forms that every profile can take."""


def form_of_path(path: str, forms: Mapping[str, Form] = FORMS) -> Form:
    """The form that the end of a file's name stands for, the longest that fits; text where none does."""
    fitting = [
        (len(suffix), form) for form in forms.values() for suffix in form.suffixes if path.lower().endswith(suffix)
    ]
    return max(fitting, key=lambda pair: pair[0])[1] if fitting else FORMS["text"]
