"""The app's API: what programs call, apart from the page. Inputs and outputs are those of the command line."""

from __future__ import annotations

from typing import Any

import gradio as gr

from mm_demo.errors import UserError
from mm_demo.tasks.inputs import read_image, read_question
from mm_demo.ui.hub.naming import read_model
from mm_demo.ui.lab.endpoint import FUSIONS_AT_ONCE, MOST_SEEDS, PRESETS, fusion
from mm_demo.ui.models import Models
from mm_demo.ui.picture_input import PictureInput
from mm_demo.ui.search_endpoint import MOST_HITS, search
from mm_demo.ui.sentences import sentence

_CAPTION = (
    "Captions a picture. Returns caption, tokens (token, probability 0…1, map: rows of relevances that sum to 1), "
    "familiar (whether the picture is of the kind that the model knows) and familiarity (0…1)."
)
_VQA = (
    "Answers a question about a picture. Returns answer, candidates (answer, probability 0…1, best first), "
    "modality_shares (image and text, summing to 1), question_tokens (token, relevance −1…1), image_map (rows of "
    "relevances that sum to 1), familiar, familiarity (0…1) and unknown_words."
)
_SENTIMENT = (
    "Judges the sentiment of speech, of words, or of both; words that are not given are made out from the speech. "
    "Returns sentiment, candidates (sentiment, probability 0…1, best first), transcript, modality_weights and "
    "modality_shares (audio and text, summing to 1), unimodal (each one's own probabilities), conflict, remark, "
    "text_tokens (token, relevance −1…1), audio_map (times, relevance), emotions, strategies, familiar, familiarity "
    "(0…1), unknown_words and notes."
)
_SEARCH = (
    "Finds pictures by words, by a picture, or by both (the weighted sum of the two), in the app's own gallery or in a "
    "zip of pictures. Returns hits (file in the gallery, score −1…1, best first), skipped (file and reason of pictures "
    "that can't be read), unknown_words, notes, familiar and familiarity (0…1, of the picture that is looked for)."
)
_FUSION = (
    "Trains fusion strategies side by side on generated data or on a person's own, and measures them. Returns rows and "
    "controls (accuracy, macro_f1, macro_recall: mean 0…1, ci95 [low, high], seeds; parameters, train_seconds, "
    "latency_ms, emap, weights, robustness, verdict), significance (p of every pair), information (bits) and chance "
    "(0…1)."
)


def add_endpoints(models: Models) -> None:
    """Adds the five endpoints to the Blocks that is being built; they show nothing on the page."""

    def caption(image: str | None, model: str = "") -> dict[str, Any]:
        try:
            return models.get("caption", read_model(model, "caption"))(read_image(image)).to_json()
        except Exception as error:
            raise gr.Error(sentence(error), print_exception=False) from error

    def vqa(image: str | None, question: str, model: str = "") -> dict[str, Any]:
        try:
            return models.get("vqa", read_model(model, "vqa"))(read_image(image), read_question(question)).to_json()
        except Exception as error:
            raise gr.Error(sentence(error), print_exception=False) from error

    def sentiment(audio: str | None, text: str = "", model: str = "") -> dict[str, Any]:
        try:
            task = models.get("sentiment", read_model(model, "sentiment"))
            return task(audio, text if text.strip() else None).to_json()
        except Exception as error:
            raise gr.Error(sentence(error), print_exception=False) from error

    def find(
        gallery: str | None = None,
        query: str = "",
        image: str | None = None,
        text_share: float = 0.5,
        k: float = 10,
        model: str = "",
    ) -> dict[str, Any]:
        try:
            if not (k == int(k) and 1 <= k <= MOST_HITS):
                raise UserError(f"There can't be {k} hits: ask for 1 to {MOST_HITS:,}.")
            task = models.get("retrieval", read_model(model, "retrieval"))
            return search(task, gallery, query, image, text_share, int(k))
        except Exception as error:
            raise gr.Error(sentence(error), print_exception=False) from error

    def compare(
        data: str = "synergy", file: str | None = None, strategies: str = "", seeds: float = 3
    ) -> dict[str, Any]:
        try:
            return fusion(data, file, strategies, seeds)
        except Exception as error:
            raise gr.Error(sentence(error), print_exception=False) from error

    with gr.Group(visible=False):
        image = PictureInput(type="filepath", label="Picture: a path, a URL or gradio_client.handle_file(...)")
        question = gr.Textbox(label="Question: at most 500 characters")
        model = gr.Textbox("", label="Model: the id of one on the app's machine; empty for the app's own choice")
        answer = gr.JSON(label="Answer: the command line's JSON object")
        gr.Button().click(
            caption,
            [image, model],
            answer,
            api_name="caption",
            api_description=_CAPTION,
        )
        gr.Button().click(
            vqa,
            [image, question, model],
            answer,
            api_name="vqa",
            api_description=_VQA,
        )
        audio = gr.Audio(type="filepath", label="Speech: a path, a URL or gradio_client.handle_file(...); or None")
        words = gr.Textbox(label="Words: what was said; empty to have them made out from the speech")
        gr.Button().click(
            sentiment,
            [audio, words, model],
            answer,
            api_name="sentiment",
            api_description=_SENTIMENT,
        )
        gallery = gr.File(type="filepath", label="Gallery: a zip of pictures; None for the app's own generated scenes")
        query = gr.Textbox("", label="Query: words; empty to look for the picture alone")
        wanted = PictureInput(type="filepath", label="Picture to look for, alone or beside the words; or None")
        share = gr.Number(0.5, label="The words' share where both are given, 0…1")
        hits = gr.Number(10, label=f"How many hits, 1…{MOST_HITS}")
        gr.Button().click(
            find,
            [gallery, query, wanted, share, hits, model],
            answer,
            api_name="search",
            api_description=_SEARCH,
        )
        data = gr.Textbox("synergy", label=f"Data: {', '.join(PRESETS)}")
        own = gr.File(type="filepath", label="Your own .npz in place of the data named; None for that")
        strategies = gr.Textbox("", label="Strategies, separated by commas; empty for all")
        seeds = gr.Number(3, label=f"Seeds: models of each strategy, 1…{MOST_SEEDS}")
        gr.Button().click(
            compare,
            [data, own, strategies, seeds],
            answer,
            api_name="fusion",
            api_description=_FUSION,
            concurrency_limit=FUSIONS_AT_ONCE,
        )
