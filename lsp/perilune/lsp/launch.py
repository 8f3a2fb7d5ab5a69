"""From what was said about a run to a job: options in their order, paths found, texts that are not saved."""

from __future__ import annotations

import hashlib
import json
import os
from codecs import BOM_UTF8
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace

from perilune.lsp.document import Document
from perilune.lsp.features.diagnostics import Problem
from perilune.lsp.job import Job
from perilune.lsp.requires import reach, read_file, working_directory
from perilune.lsp.run_comment import read_comment
from perilune.lsp.run_options import RunOptions, read_options
from perilune.lsp.whole_file import read_whole
from perilune.lsp.workspace_file import WorkspaceFile, read_workspace_file


class WrongRun(Exception):
    """What was asked for cannot be run; the message says why."""


@dataclass(frozen=True)
class Surroundings:
    """What a program finds itself in: the workspace folder around it, and the documents that are open, with what their files held
    when they were saved, by real path."""

    folder: str
    documents: dict[str, Document]
    saved: dict[str, Saved] = field(default_factory=dict)

    def text(self, path: str) -> bytes | None:
        """The text of a file as the editor has it, or as it is saved."""
        document = self.documents.get(path)
        return document.data if document is not None else read_file(path)


def settle(path: str, said: RunOptions, mode: str, around: Surroundings) -> Job:
    """The job for a file: what was said with the command, in its comments, and in the workspace's file. Raises WrongRun."""
    workspace = read_workspace_file(around.folder)
    options = said.over(_of_file(path, workspace, around))
    program = path
    if options.entry is not None:
        program = _found("entry", options.entry, path, around, os.path.isfile)
        options = replace(options, entry=None).over(_of_file(program, workspace, around))
    directory = (
        _found("cwd", options.directory, path, around, os.path.isdir)
        if options.directory is not None
        else working_directory(program, around.folder, around.text)
    )
    given = options.input
    return Job(
        path=program,
        arguments=options.arguments or (),
        mode=options.mode or mode,
        directory=directory,
        input=_found("input", given, path, around, os.path.exists) if given is not None else None,
        environment=tuple((options.environment or {}).items()),
        lua_path=options.lua_path,
        preload=tuple(_found("preload", name, path, around, os.path.isfile) for name in options.preload or ()),
        repeat=options.repeat,
        precision=options.precision,
        time_limit=options.time_limit,
        memory_limit=options.memory_limit,
        request=json.dumps({"path": path, "said": said.to_json()}),
    )


def said_by_files(path: str, around: Surroundings) -> RunOptions:
    """What a file's comments say about its runs, and where they say nothing the workspace's file."""
    return _of_file(path, read_workspace_file(around.folder), around)


def asked_for(job: Job) -> tuple[str, RunOptions] | None:
    """The file and the options that a job was asked for with, None for one that was not made by `settle`."""
    try:
        request = json.loads(job.request)
        path, said = request["path"], request["said"]
        return (path, read_options(said.items())) if isinstance(path, str) else None
    except (ValueError, KeyError, TypeError, AttributeError):
        return None


def moved(job: Job, old: str, new: str) -> Job:
    """A job whose program, or the file that it was asked for with, has another path now; `old` may be a folder."""
    path, request = path_behind(job.path, old, new), job.request
    asked = asked_for(job)
    if asked is not None:
        request = json.dumps({**json.loads(request), "path": path_behind(asked[0], old, new)})
    return replace(job, path=path, directory=path_behind(job.directory, old, new), request=request)


def path_behind(path: str, old: str, new: str) -> str:
    """The path that a file has when `old`, which may be a folder around it, has been renamed."""
    return new + path[len(old) :] if path == old or path.startswith(os.path.join(old, "")) else path


def find_path(name: str, path: str, folder: str, exists: Callable[[str], bool]) -> str | None:
    """What a path means that was said about a file: seen from the file's folder, or else from the workspace's."""
    for base in (os.path.dirname(path), folder):
        candidate = os.path.realpath(os.path.join(base, os.path.expanduser(name)))
        if exists(candidate):
            return candidate
    return None


def comment_problems(document: Document, folder: str) -> Iterator[Problem]:
    """What is wrong in the comments that say how a file is run, paths that lead nowhere among it."""
    comment = read_comment(document)
    yield from comment.problems
    options = comment.options
    named = [("entry", options.entry), ("input", options.input), ("directory", options.directory)]
    for option, name in [*named, *(("preload", name) for name in options.preload or ())]:
        exists = os.path.isdir if option == "directory" else os.path.exists
        if name is not None and find_path(name, document.path, folder, exists) is None:
            start, end = comment.places[option]
            yield Problem(start, end, f"{name}: no such {'folder' if option == 'directory' else 'file'}")


def _found(option: str, name: str, path: str, around: Surroundings, exists: Callable[[str], bool]) -> str:
    found = find_path(name, path, around.folder, exists)
    if found is None:
        raise WrongRun(f"{option}: {name}: no such {'folder' if exists is os.path.isdir else 'file'}.")
    return found


def _of_file(path: str, workspace: WorkspaceFile, around: Surroundings) -> RunOptions:
    document = around.documents.get(path)
    if document is None:
        content = read_file(path)
        document = Document.from_file(path, content or b"")
    return read_comment(document).options.over(workspace.options(path))


def files_of(job: Job, around: Surroundings, also: Iterable[str]) -> set[str]:
    """The files that a job will load, as far as one can tell: its own, what these require, and those of its last run."""
    files = {job.path, *job.preload, *also}
    for path in (job.path, *job.preload):
        files |= reach(path, job.directory, around.text).files
    return files


@dataclass(frozen=True, slots=True)
class Saved:
    """What a file held when its document was last known to be saved: the digests of its bytes, and of its text."""

    content: bytes
    text: bytes

    @classmethod
    def now(cls, path: str) -> Saved | None:
        """What the file holds."""
        try:
            content = read_whole(path)
        except OSError:
            return None
        return cls.of(path, content)

    @classmethod
    def of(cls, path: str, content: bytes) -> Saved:
        """That the file holds these bytes."""
        return cls(_digest(content), _digest(Document.from_file(path, content).data))


def _digest(content: bytes) -> bytes:
    return hashlib.sha256(content).digest()


def unsaved(files: Iterable[str], around: Surroundings, overwrites: bool) -> dict[str, bytes]:
    """The texts of these files that the editor has not saved, as they would be saved.

    A file that something else wrote anew, while nobody edited its document, is as it is on disk. Raises WrongRun where
    that happened to a document that was edited too and the text `overwrites` the file, and where saving would lose bytes.
    """
    texts = {}
    for path in files:
        document = around.documents.get(path)
        if document is None:
            continue
        try:
            content = read_whole(path)
        except OSError:  # a file that was deleted is not made again
            continue
        if Document.from_file(path, content).data == document.data:
            continue
        name = os.path.basename(path)
        saved = around.saved.get(path)
        if saved is not None and saved.content != _digest(content):
            if saved.text == _digest(document.data):
                continue
            if overwrites:
                raise WrongRun(f"{name} has unsaved changes and was changed on disk too: save it first.")
        try:
            content.decode()
        except UnicodeDecodeError:
            raise WrongRun(f"{name} has unsaved changes and is not UTF-8: save it first.") from None
        texts[path] = (BOM_UTF8 if content.startswith(BOM_UTF8) else b"") + document.data
    return texts


def contents(files: Iterable[str]) -> dict[str, bytes]:
    """What these files hold before the program runs, so that it is known what ran though they are saved meanwhile."""
    found = {path: read_file(path) for path in files}
    return {path: content for path, content in found.items() if content is not None}


def sandboxed(job: Job, folder: str) -> Job:
    """The job as it runs in a workspace that is not trusted: nothing of the machine but its modules, no environment of its own.

    Raises WrongRun where it would read files from outside of the workspace.
    """
    for path in (job.path, *job.preload, *([job.input] if job.input is not None else [])):
        if not path.startswith(os.path.join(folder, "")):
            raise WrongRun(f"{path} lies outside of the workspace, which is not trusted.")
    return replace(job, sandbox=folder, environment=(), lua_path=None)
