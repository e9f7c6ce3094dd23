"""The page: header, one tab a task, and the status of the models; and how it is started."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any

os.environ["GRADIO_ANALYTICS_ENABLED"] = "False"  # Read when gradio is imported: nothing leaves this machine.

import gradio as gr

from mm_demo.errors import UserError
from mm_demo.ui.caption_tab import CaptionTab
from mm_demo.ui.endpoints import add_endpoints
from mm_demo.ui.hub.naming import MODELS_TAB
from mm_demo.ui.hub.tab import ModelsTab
from mm_demo.ui.lab.tab import FusionLabTab
from mm_demo.ui.models import Models
from mm_demo.ui.pickers import filled
from mm_demo.ui.retrieval.match_view import method_filled
from mm_demo.ui.retrieval.own_gallery import is_loopback
from mm_demo.ui.retrieval.tab import SearchTab
from mm_demo.ui.speech.pickers import speech_filled
from mm_demo.ui.speech.tab import SpeechTab
from mm_demo.ui.status import settled, status_line
from mm_demo.ui.theme import CSS, theme
from mm_demo.ui.vqa_tab import VqaTab

TITLE = "See what a multimodal model looked at"

_HEAD = f"""<header class="page-head"><h1>{TITLE}</h1>
<p>Give it a picture: it says what it sees, or answers a question, and shows where each word came from.
Speak to it: it says how that sounds, and whether your voice or your words decided. Search pictures by words or by a
picture: it shows which words met which part.</p></header>"""

_KEPT_SECONDS = 3600
"""After how long pictures that people gave and files that they were offered are deleted from the disk."""
_QUIET: dict[str, Any] = {"show_progress": "hidden", "api_visibility": "private"}
_AT_ONCE = 8
"""How many requests of one kind run at the same time; more wait their turn."""


def build(models: Models, local: bool = False) -> gr.Blocks:
    """The whole page over these models, which may still be loading.

    Args:
        models: what to serve.
        local: whether the page is for this machine's own user, who may have folders of it searched.
    """
    with gr.Blocks(
        title=TITLE, analytics_enabled=False, fill_width=True, delete_cache=(_KEPT_SECONDS, _KEPT_SECONDS)
    ) as page:
        gr.HTML(_HEAD)
        line = gr.HTML(status_line(models), elem_id="status")
        session = gr.State(None, delete_callback=models.forget)
        with gr.Tabs() as tabs:
            with gr.Tab("Caption", id="caption") as caption_tab:
                caption = CaptionTab(models, line)
            with gr.Tab("Ask a question", id="vqa") as vqa_tab:
                vqa = VqaTab(models, line)
            with gr.Tab("Speech", id="sentiment") as speech_tab:
                speech = SpeechTab(models, line)
            with gr.Tab("Search", id="retrieval") as search_tab:
                search = SearchTab(models, local, line)
            with gr.Tab("Fusion lab", id="lab") as lab_tab:
                FusionLabTab(lab_tab, local)
            with gr.Tab(MODELS_TAB, id="models"):
                choosers = {
                    "caption": caption.model,
                    "vqa": vqa.model,
                    "sentiment": speech.model,
                    "retrieval": search.model,
                }
                hub = ModelsTab(models, choosers, local)
        search.begin(search_tab)
        hub.follow(tabs)
        for tab, chooser in zip((caption_tab, vqa_tab, speech_tab, search_tab), choosers.values(), strict=True):
            tab.select(chooser.filled, None, chooser.list, queue=False, **_QUIET)
        add_endpoints(models)
        pickers: dict[str, tuple[list[Any], Callable[[Any], list[Any]]]] = {
            "caption": (caption.pickers.inputs, filled),
            "vqa": (vqa.pickers.inputs, filled),
            "sentiment": (speech.pickers.inputs, speech_filled),
            "retrieval": (search.pickers, method_filled),
        }

        def refresh() -> list[Any]:
            updates: list[Any] = [status_line(models), gr.Timer(active=not settled(models))]
            for name, (inputs, fill) in pickers.items():
                task = models.ready(name)
                updates += fill(task) if task is not None else [gr.skip()] * len(inputs)
            return [*updates, *(chooser.filled() for chooser in choosers.values())]

        timer = gr.Timer(1.0)
        gr.on(
            [page.load, timer.tick],
            refresh,
            None,
            [
                *(line, timer),
                *(component for inputs, _ in pickers.values() for component in inputs),
                *(chooser.list for chooser in choosers.values()),
            ],
            queue=False,
            **_QUIET,
        )
        page.load(_name_of, None, session, queue=False, **_QUIET)
    page.queue(default_concurrency_limit=_AT_ONCE)
    return page


def _name_of(request: gr.Request) -> str | None:
    return request.session_hash


def launch(
    models: Models, host: str = "127.0.0.1", port: int | None = 7860, share: bool = False, **more: Any
) -> gr.Blocks:
    """Serves the page, then starts to load the models behind it; returns once the page is up.

    Args:
        models: what to serve.
        host: address to listen on.
        port: port to listen on, None for any free one.
        share: whether to ask Gradio for a public link.
        more: further arguments of `gr.Blocks.launch`.

    Raises:
        UserError: it can't listen there.
    """
    page = build(models, local=is_loopback(host) and not share and "SPACE_ID" not in os.environ)
    try:
        page.launch(
            server_name=host,
            server_port=port,
            share=share,
            theme=theme(),
            css=CSS,
            footer_links=["api"],
            prevent_thread_lock=True,
            show_error=True,
            max_file_size="50mb",
            **more,
        )
    except (OSError, OverflowError) as error:
        raise UserError(f"The app can't listen on {host}:{port}: choose another --port or --host.") from error
    models.start()
    return page
