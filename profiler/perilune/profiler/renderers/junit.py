"""A suite as JUnit XML, which build servers show as tests: a program that fails is an error, what it exceeds a failure."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET

from perilune.profiler.renderers.suite import SuiteReport

_NO_XML = re.compile(r"[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def render(of: SuiteReport) -> bytes:
    """The document, in UTF-8. A case's time is in seconds, of the run that its profile is from."""
    suite = of.suite
    failed = sum(program.failure is not None for program in suite.programs)
    exceeded = len({finding.program for finding in of.findings if finding.kind != "failed"})
    counts = {"tests": str(len(suite.programs)), "errors": str(failed), "failures": str(exceeded)}
    time = f"{sum(of.seconds):.3f}"
    root = ET.Element("testsuites", {"name": "perilune", "time": time, **counts})
    cases = ET.SubElement(root, "testsuite", {"name": _text(suite.profile.program.path), "time": time, **counts})
    for index, program in enumerate(suite.programs):
        seconds = f"{of.seconds[index] if of.seconds else 0.0:.3f}"
        case = ET.SubElement(
            cases,
            "testcase",
            classname=_text(suite.profile.program.path),
            name=_text(program.name),
            file=_text(program.path),
            time=seconds,
        )
        for finding in of.findings:
            if finding.program == index:
                kind = "error" if finding.kind == "failed" else "failure"
                place = finding.path if finding.line is None else f"{finding.path}:{finding.line}"
                found = ET.SubElement(case, kind, type=finding.kind, message=_text(finding.message))
                found.text = _text(f"{place}: {finding.message}")
    ET.indent(root)
    content: bytes = ET.tostring(root, "utf-8", xml_declaration=True)
    return content + b"\n"


def _text(text: str) -> str:
    """The text without what no XML document may hold."""
    return _NO_XML.sub("\N{REPLACEMENT CHARACTER}", text)
