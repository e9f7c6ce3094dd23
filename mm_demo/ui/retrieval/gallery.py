"""Which pictures are searched: the generated ones, a person's own, or a folder of their machine; and its indexing."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from html import escape
from pathlib import Path
from typing import Any, Literal

import gradio as gr

from mm_demo.errors import UserError
from mm_demo.ui.models import Models
from mm_demo.ui.retrieval.indexing import Indexing, Progress, Runs, generated
from mm_demo.ui.retrieval.own_gallery import Sent, check_folder, from_this_machine, received
from mm_demo.ui.sentences import sentence
from mm_demo.ui.speech.answer import error_html
from mm_demo.ui.turns import Turns

GENERATED, UPLOAD, FOLDER = "generated", "upload", "folder"
_SHOWN_SKIPPED = 100


@dataclass
class Own:
    """A gallery that one person brought; the last one they brought is kept in their session.

    Attributes:
        kind: where it is from.
        runs: the runs that make it, one for each model that it is searched by.
        sent: the files behind it, which live as long as this.
        replaced: something newer is shown in its place.
    """

    kind: Literal["upload", "folder"]
    runs: Runs
    sent: Sent | None = None
    replaced: bool = False

    def stop(self) -> None:
        """Ends the indexing soon; nobody waits for it any more."""
        self.replaced = True
        self.runs.stop()


class GallerySource:
    """The left column's gallery. What `gallery` and `under_way` take are the values of `inputs`.

    Args:
        models: holds the task "retrieval".
        local: whether folders of this machine may be searched: the app serves this machine's own user only.
    """

    def __init__(self, models: Models, local: bool) -> None:
        self._models = models
        self._local = local
        self._shared = generated(models)
        choices = [("Generated scenes", GENERATED), ("Your pictures", UPLOAD)]
        if local:
            choices.append(("A folder of this machine", FOLDER))
        self.kind = gr.Radio(choices, value=GENERATED, label="Gallery", elem_id="search-gallery")
        self.files = gr.File(
            label="Pictures, or a zip of them",
            file_count="multiple",
            type="filepath",
            height=140,
            visible=False,
            elem_id="search-files",
        )
        with gr.Row(visible=False) as self.folder_row:
            self.folder = gr.Textbox(
                label="Folder", placeholder="~/Pictures", lines=1, scale=3, min_width=160, elem_id="search-folder"
            )
            index = gr.Button("Index", scale=1, min_width=80, elem_id="search-index")
        self.line = gr.HTML("", elem_id="search-gallery-state")
        self.cancel = gr.Button("Cancel", size="sm", visible=False, elem_id="search-cancel")
        self.own = gr.State(None, delete_callback=_forgotten)
        self.turns = gr.State(Turns())
        self._wire(index)

    @property
    def inputs(self) -> list[Any]:
        """The components that say which gallery is meant."""
        return [self.kind, self.own]

    def _wire(self, index: gr.Button) -> None:
        quiet: dict[str, Any] = {"show_progress": "hidden", "api_visibility": "private"}
        state = [self.line, self.cancel, self.own]
        line = [self.line, self.cancel]
        fields = [self.files, self.folder_row, *line]
        self.kind.input(self._fields, [self.kind, self.turns], fields, queue=False, **quiet).then(
            self.show, [*self.inputs, self.turns], line, **quiet
        )
        self.files.upload(self._upload, [self.files, self.own, self.turns], state, trigger_mode="multiple", **quiet)
        gr.on(
            [index.click, self.folder.submit],
            self._folder,
            [self.folder, self.own, self.turns],
            state,
            trigger_mode="multiple",
            **quiet,
        )
        self.cancel.click(_cancel, self.own, None, queue=False, **quiet)

    def show_after(self, changed: Any) -> None:
        """Once this event is through, which is another model's coming, has the chosen gallery indexed by that one."""
        changed.then(
            self.show,
            [*self.inputs, self.turns],
            [self.line, self.cancel],
            show_progress="hidden",
            api_visibility="private",
        )

    def under_way(self, kind: str, own: Own | None) -> Indexing:
        """The run that makes or has made the gallery that is meant; the generated one's is begun where need be.

        Raises:
            UserError: the person has not brought any pictures yet.
        """
        if kind == GENERATED:
            return self._shared.indexing()
        if own is None or own.kind != kind:
            what = "upload pictures or a zip of them" if kind == UPLOAD else "name a folder and press Index"
            raise UserError(f"There is no gallery yet: {what}, or take the generated scenes.")
        return own.runs.indexing()

    def show(self, kind: str, own: Own | None, turns: Turns) -> Iterator[list[Any]]:
        """Updates of (line, cancel) until the gallery that is meant stands ready, or another is chosen."""
        if kind != GENERATED and (own is None or own.kind != kind):
            return
        current = turns.take()
        for update in self._follow(kind, own):
            if not current():
                yield [gr.skip(), gr.skip()]  # See `EvidencePanel`.
                return
            yield update

    def _follow(self, kind: str, own: Own | None) -> Iterator[list[Any]]:
        indexing = self.under_way(kind, own)
        for done, total in indexing.watch():
            yield [progress_html(done, total), gr.update(visible=kind != GENERATED)]
        sent = None if kind == GENERATED or own is None else own.sent
        yield [self._ended(indexing, sent.others if sent else []), _HIDDEN]

    def _fields(self, kind: str, turns: Turns) -> list[Any]:
        turns.take()
        return [gr.update(visible=kind == UPLOAD), gr.update(visible=kind == FOLDER), "", _HIDDEN]

    def _upload(self, files: list[str] | None, before: Own | None, turns: Turns) -> Iterator[list[Any]]:
        current = turns.take()
        try:
            sent = received(files or [])
        except Exception as error:
            yield [error_html(sentence(error)), _HIDDEN, gr.skip()]
            return

        def work(task: Any, progress: Progress, cancel: threading.Event) -> Any:
            return _some(task.index(sent.pictures, progress=progress, cancel=cancel, store=sent.index(task.info.id)))

        yield from self._take(Own("upload", Runs(self._models, work), sent), before, current)

    def _folder(self, folder: str, before: Own | None, turns: Turns, request: gr.Request) -> Iterator[list[Any]]:
        current = turns.take()
        try:
            client = None if request.client is None else request.client.host
            path = check_folder(folder, self._local and from_this_machine(client, dict(request.headers)))
        except Exception as error:
            yield [error_html(sentence(error)), _HIDDEN, gr.skip()]
            return

        def work(task: Any, progress: Progress, cancel: threading.Event) -> Any:
            return _some(task.index(path, progress=progress, cancel=cancel))

        yield from self._take(Own("folder", Runs(self._models, work)), before, current)

    def _take(self, own: Own, before: Own | None, current: Callable[[], bool]) -> Iterator[list[Any]]:
        """Updates of (line, cancel, own) until it is indexed; what was brought before is let go."""
        if before is not None:
            before.stop()
        for update in self._follow(own.kind, own):
            if own.replaced:
                return
            # Kept even where another gallery has been chosen meanwhile: the person may come back to it.
            yield [*(update if current() else [gr.skip(), gr.skip()]), own]

    def _ended(self, indexing: Indexing, others: list[str]) -> str:
        try:
            gallery = indexing.gallery()
        except Exception as error:
            return error_html(sentence(error))
        return gallery_html(gallery, others)


def progress_html(done: int, total: int) -> str:
    """How far indexing has come."""
    said = f"Indexing: {done:,} of {total:,} pictures" if total else "Looking through the pictures…"
    bar = f'<progress max="{total}" value="{done}" aria-label="Pictures indexed"></progress>' if total else ""
    return f'<p class="heard">{said}</p>{bar}'


def gallery_html(gallery: Any, others: list[str]) -> str:
    """How many pictures can be searched, and in a fold-out what was passed over, with the reasons.

    Args:
        gallery: as a task's `index` returns it.
        others: names of files that are no pictures.
    """
    report = gallery.report
    count = "1 picture" if len(gallery) == 1 else f"{len(gallery):,} pictures"
    said = f"{count} can be searched."
    if report.cancelled:
        said = f"Cancelled: {count} can be searched by now; index again to go on from there."
    skipped = [(_below(path, gallery.folder), reason) for path, reason in report.skipped]
    skipped += [(name, "Neither a picture nor a zip.") for name in others]
    return f'<p class="heard">{said}</p>{_skipped(skipped)}'


def _skipped(skipped: list[tuple[str, str]]) -> str:
    if not skipped:
        return ""
    rows = "".join(f"<li><b>{escape(name)}</b> {escape(reason)}</li>" for name, reason in skipped[:_SHOWN_SKIPPED])
    more = f"<li>and {len(skipped) - _SHOWN_SKIPPED:,} more</li>" if len(skipped) > _SHOWN_SKIPPED else ""
    count = "1 file was" if len(skipped) == 1 else f"{len(skipped):,} files were"
    return f'<details class="skipped"><summary>{count} passed over</summary><ul>{rows}{more}</ul></details>'


def _below(path: Path, folder: Path) -> str:
    return str(path.relative_to(folder)) if path.is_relative_to(folder) else path.name


def _some(gallery: Any) -> Any:
    """The gallery, where there is anything in it to search. Raises UserError otherwise."""
    if len(gallery):
        return gallery
    if gallery.report.cancelled:
        raise UserError("Indexing was cancelled before the first picture: start it again, or choose another gallery.")
    path, reason = gallery.report.skipped[0]
    raise UserError(f"None of these pictures can be read; the first, “{path.name}”: {reason}")


def _cancel(own: Own | None) -> None:
    if own is not None:
        own.runs.indexing().cancel.set()


def _forgotten(own: Own | None) -> None:
    if own is not None:
        own.stop()


_HIDDEN = gr.update(visible=False)
