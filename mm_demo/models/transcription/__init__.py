"""Speech to text: a Whisper where somebody has downloaded one, otherwise pocketsphinx, which carries its own model."""

from __future__ import annotations

from importlib.util import find_spec
from typing import cast

from mm_demo.errors import UserError
from mm_demo.models.transcription.family import Transcriber


def open_transcriber() -> Transcriber:
    """The best one on this machine, opened once; a model that was downloaded meanwhile is found.

    Raises:
        UserError: there is none.
    """
    from mm_demo.models.catalog import cards_for
    from mm_demo.models.hub.cache import local_folder
    from mm_demo.models.loading import open_model

    for card in cards_for("transcription"):
        if local_folder(card.id) is not None:
            try:
                return cast(Transcriber, open_model("transcription", card.id))
            except UserError:
                continue  # half a download: the other one still hears
    if find_spec("pocketsphinx") is None:
        raise UserError("Nothing here can write speech down: type the words, or install pocketsphinx.")
    from mm_demo.models.transcription.sphinx import SphinxTranscriber

    return SphinxTranscriber()


__all__ = ["Transcriber", "open_transcriber"]
