"""`python -m mm_demo.training.fusion --data DIR`: fuses the two embedded encoders and saves one checkpoint."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from transformers import (
    AutoFeatureExtractor,
    AutoModelForAudioClassification,
    AutoModelForSequenceClassification,
    AutoTokenizer,
)

from mm_demo.models.catalog import WEIGHTS
from mm_demo.models.speech.architectures import open_encoder
from mm_demo.models.speech.fusion_model import SpeechFusionConfig, SpeechFusionModel
from mm_demo.training import emodb, sentences
from mm_demo.training.fusion import bank as banks
from mm_demo.training.fusion.pairs import Pairs, Trust
from mm_demo.training.loop import Schedule, fit

HELD_OUT_SPEAKERS = ("10", "14")
_SENTENCES_A_CLASS = 1_000
_VOICE_VERSIONS, _TEXT_VERSIONS = 12, 3


class _Fusing(nn.Module):
    """All strategies' losses on one batch of encoded pairs; only what lies above the encoders learns."""

    def __init__(self, model: SpeechFusionModel) -> None:
        super().__init__()
        self.model = model
        model.audio.requires_grad_(False)
        model.text.requires_grad_(False)

    def forward(self, labels: Tensor, **given: Tensor) -> dict[str, Tensor]:
        modalities = {
            name: self.model.modality(
                name,
                given[f"{name}_pooled"],
                given[f"{name}_states"],
                given[f"{name}_mask"],
                given[f"{name}_sentiment"],
            )
            for name in ("audio", "text")
        }
        targets = _targets(labels, given)
        losses = {
            name: nn.functional.cross_entropy(self.model(name, modalities).logits.float(), targets)
            for name in self.model.config.strategies
        }
        return {"loss": torch.stack(list(losses.values())).sum(), **losses}


def _targets(labels: Tensor, given: dict[str, Tensor]) -> Tensor:
    """(batch, 3): the pair's sentiment; where one modality is missing, what the other's own classifier says.

    Alone, an encoder knows best what it heard: the fusion then has nothing to add, and should not take anything away.
    """
    targets = nn.functional.one_hot(labels, 3).float()
    present = {name: given[f"{name}_mask"].any(1) for name in ("audio", "text")}
    for name, other in (("audio", "text"), ("text", "audio")):
        alone = (present[name] & ~present[other])[:, None]
        targets = torch.where(alone, given[f"{name}_sentiment"].float().softmax(-1), targets)
    return targets


def train(options: argparse.Namespace) -> None:
    """Encode the banks, train every strategy on them, and save the checkpoint with both processors."""
    torch.manual_seed(options.seed)
    audio = AutoModelForAudioClassification.from_pretrained(options.audio, dtype=torch.float32).eval()
    text = AutoModelForSequenceClassification.from_pretrained(options.text, dtype=torch.float32).eval()
    extractor, tokenizer = (
        AutoFeatureExtractor.from_pretrained(options.audio),
        AutoTokenizer.from_pretrained(options.text),
    )
    spoken = [u for u in emodb.read(options.data) if u.speaker not in HELD_OUT_SPEAKERS]
    written = _balanced(sentences.read_goemotions(options.data / "goemotions")["dev"], _SENTENCES_A_CLASS)
    folder = options.runs / "fusion"
    voices = banks.opened(
        folder / "voices.safetensors",
        lambda: banks.voices(open_encoder(audio, extractor), spoken, _VOICE_VERSIONS, options.seed),
    )
    texts = banks.opened(
        folder / "sentences.safetensors",
        lambda: banks.sentences(open_encoder(text, tokenizer), written, _TEXT_VERSIONS, options.seed),
    )
    config = SpeechFusionConfig(
        audio.config,
        text.config,
        audio_shape=(voices.pooled.shape[-1], voices.states.shape[-1]),
        text_shape=(texts.pooled.shape[-1], texts.states.shape[-1]),
    )
    model = SpeechFusionModel(config)
    model.audio.load_state_dict(audio.state_dict())
    model.text.load_state_dict(text.state_dict())
    pairs = Pairs(voices, texts, Trust(audio=options.voice_error, text=0.0))
    schedule = Schedule(options.steps, options.batch, options.rate, options.seed)
    fit(_Fusing(model), pairs.collate, len(voices.truth), schedule, folder / "heads", options.device)
    save(model.cpu(), (extractor, tokenizer), options.out)


def save(model: SpeechFusionModel, processors: tuple[Any, ...], folder: Path) -> None:
    """Write the checkpoint in half precision, with what prepares its inputs; the model card stays."""
    model.half().save_pretrained(folder)
    for config in (model.config, model.config.audio_config, model.config.text_config):
        config.dtype = torch.float32  # half precision on disk only
        config.name_or_path = ""  # a folder of the machine that trained it
    model.config.save_pretrained(folder)
    for processor in processors:
        processor.save_pretrained(folder)


def _balanced(given: list[sentences.Sentence], most: int) -> list[sentences.Sentence]:
    """At most so many sentences of each sentiment, in their order."""
    kept: list[sentences.Sentence] = []
    for sentiment in sentences.SENTIMENTS:
        kept += [s for s in given if s.sentiment == sentiment][:most]
    return kept


def main() -> None:
    """The command line."""
    options = argparse.ArgumentParser(
        description="Train the fusion of voice and words on constructed pairs of EmoDB recordings (all speakers but "
        f"{' and '.join(HELD_OUT_SPEAKERS)}) and sentences of GoEmotions' dev split, which no encoder was trained on.",
        epilog=f"DIR holds emodb/: {emodb.WHERE}. {sentences.SOURCES}.",
        formatter_class=argparse.ArgumentDefaultsHelpFormatter,
    )
    options.add_argument("--data", type=Path, required=True, metavar="DIR", help="folder with emodb/ and goemotions/")
    options.add_argument("--audio", default=str(WEIGHTS / "voice-emodb"), help="checkpoint of the voice")
    options.add_argument("--text", default=str(WEIGHTS / "text-sentiment"), help="checkpoint of the words")
    options.add_argument("--out", type=Path, default=WEIGHTS / "speech-sentiment")
    options.add_argument("--runs", type=Path, default=Path("runs"), help="folder for encoded banks and checkpoints")
    options.add_argument(
        "--voice-error", type=float, default=0.2, help="how often the voice's own sentiment errs on a new speaker, 0…1"
    )
    options.add_argument("--steps", type=int, default=900)
    options.add_argument("--batch", type=int, default=128)
    options.add_argument("--rate", type=float, default=5e-4)
    options.add_argument("--seed", type=int, default=0)
    options.add_argument("--device", default=None, help="cpu, or a GPU by default where there is one")
    train(options.parse_args())


if __name__ == "__main__":
    main()
