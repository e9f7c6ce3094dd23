"""The two embedded BLIP checkpoints, caption and question answering, trained together on one vision tower.

    python -m mm_demo.training.blip

Training both at once costs little more than the questions alone: the tower sees each picture once for eight questions
and a caption. Each checkpoint is saved with its own copy of the tower and opens with the ordinary `from_pretrained`.
Starts from `mm_demo.training.vision`, which it runs first where that has not been done.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from random import Random

import numpy as np
import torch
from safetensors.torch import load_file
from torch import Tensor, nn
from torch.nn import functional
from transformers import (
    BlipConfig,
    BlipForConditionalGeneration,
    BlipForQuestionAnswering,
    BlipProcessor,
    BlipTextConfig,
    BlipVisionModel,
)

from mm_demo.scenes.captions import caption_of
from mm_demo.scenes.questions import questions_of
from mm_demo.scenes.wording import vary
from mm_demo.training import vision
from mm_demo.training.bank import SIDE, Bank, open_bank
from mm_demo.training.loop import Batch, Schedule, fit, parser, schedule_of
from mm_demo.training.texts import make_processor, pack, padded

SCHEDULE = Schedule(steps=3200, batch=48, rate=1e-3, seed=0)
POLISH = Schedule(steps=640, batch=48, rate=2.5e-4, seed=1)
QUESTIONS = 8
_HELPER = 0.2
"""Share of the patch heads' loss beside the questions'."""


@dataclass(frozen=True)
class Phase:
    """A stretch of the training.

    Attributes:
        folder: of its checkpoints, below the run's.
        schedule: how long and how fast.
        caption: share of the caption's loss beside the questions'.
        strangers: share of the questions with a made-up word among theirs.
    """

    folder: str
    schedule: Schedule
    caption: float
    strangers: float


def blip_config(processor: BlipProcessor) -> BlipConfig:
    """Both checkpoints' configuration."""
    tokenizer, tower = processor.tokenizer, vision.vision_config()
    text = BlipTextConfig(
        vocab_size=len(tokenizer),
        hidden_size=tower.hidden_size,
        encoder_hidden_size=tower.hidden_size,
        intermediate_size=tower.intermediate_size,
        projection_dim=tower.hidden_size,
        num_hidden_layers=3,
        num_attention_heads=tower.num_attention_heads,
        max_position_embeddings=64,
        pad_token_id=tokenizer.pad_token_id,
        bos_token_id=tokenizer.bos_token_id,
        eos_token_id=tokenizer.sep_token_id,
        sep_token_id=tokenizer.sep_token_id,
    )
    config = BlipConfig(
        text_config=text.to_dict(), vision_config=tower.to_dict(), projection_dim=tower.hidden_size,
        image_text_hidden_size=tower.hidden_size, initializer_range=0.02,
    )  # fmt: skip
    return config


class Speaking(nn.Module):
    """The two models over one tower, with the patch heads kept as a helper."""

    def __init__(self, config: BlipConfig, seen: Path) -> None:
        super().__init__()
        self.vqa = BlipForQuestionAnswering(config)
        self.caption = BlipForConditionalGeneration(config)
        self.vqa.vision_model = BlipVisionModel.from_pretrained(seen)
        self.caption.vision_model = self.vqa.vision_model
        self.caption_share = 0.5
        self.heads = vision.PatchHeads(config.vision_config.hidden_size)
        self.heads.load_state_dict(load_file(seen / "heads.safetensors"))

    def forward(
        self,
        pictures: Tensor,
        ids: Tensor,
        positions: Tensor,
        owner: Tensor,
        tokens_at: Tensor,
        mask: Tensor,
        answers: Tensor,
        captions: Tensor,
        **targets: Tensor,
    ) -> dict[str, Tensor]:
        """One step's losses.

        Args:
            pictures: (batch, 3, side, side) uint8.
            ids, positions, owner, tokens_at, mask: `texts.Packed` of the questions.
            answers: (batch * questions, length) [DEC] answer [SEP], 0 behind the end.
            captions: (batch, length) likewise.
            targets: of the patch heads.
        """
        image = self.vqa.vision_model(vision.normalised(pictures)).last_hidden_state
        questions = self.read(image, ids, positions, owner).flatten(0, 1)[tokens_at]
        answered = self.vqa.text_decoder(
            input_ids=answers[:, :-1], encoder_hidden_states=questions, encoder_attention_mask=mask
        ).logits
        described = self.caption.text_decoder(input_ids=captions[:, :-1], encoder_hidden_states=image).logits
        seen = self.heads(image[:, 1:], **targets)
        vqa_loss, caption_loss = _next_token_loss(answered, answers), _next_token_loss(described, captions)
        right = (answered.argmax(-1) == answers[:, 1:]) | (answers[:, 1:] == 0)
        return {
            "loss": vqa_loss + self.caption_share * caption_loss + _HELPER * seen["loss"],
            "vqa_loss": vqa_loss,
            "caption_loss": caption_loss,
            "answers_right": right.all(-1).float().mean(),
            "kind_accuracy": seen["kind_accuracy"],
        }

    def careful(self) -> list[nn.Parameter]:
        """The tower, which has learnt to see already."""
        return list(self.vqa.vision_model.parameters())

    def read(self, image: Tensor, ids: Tensor, positions: Tensor, owner: Tensor) -> Tensor:
        """(batch, length, width): states of packed questions, each attending to itself and to the picture alone."""
        apart = (owner[:, :, None] != owner[:, None, :])[:, None]
        states: Tensor = self.vqa.text_encoder(
            input_ids=ids,
            position_ids=positions,
            attention_mask=apart.to(image.dtype) * -1e4,
            encoder_hidden_states=image,
        ).last_hidden_state
        return states


def _next_token_loss(logits: Tensor, ids: Tensor) -> Tensor:
    return functional.cross_entropy(logits.float().flatten(0, 1), ids[:, 1:].flatten(), ignore_index=0)


class Collate:
    """Makes a batch of pictures with fresh questions and a fresh caption each."""

    def __init__(self, bank: Bank, processor: BlipProcessor, strangers: float) -> None:
        self.bank, self.tokenizer, self.strangers = bank, processor.tokenizer, strangers

    def __call__(self, items: list[tuple[int, int]]) -> Batch:
        """`items`: [(scene index, seed of its draw)]."""
        questions, answers, captions, mirrored = [], [], [], []
        for index, draw in items:
            rng = Random(draw)
            mirrored.append(rng.random() < 0.5)
            objects = self.bank.objects(index, mirrored[-1])
            asked = questions_of(objects, rng, QUESTIONS)
            questions += [vary(q.text, rng, strangers=self.strangers) for q in asked]
            answers += [q.answer for q in asked]
            captions.append(caption_of(objects, rng))
        indices, flips = [index for index, _ in items], np.array(mirrored)
        encoded = self.tokenizer(questions)["input_ids"]
        packed = pack([encoded[i : i + QUESTIONS] for i in range(0, len(encoded), QUESTIONS)])
        return {
            "pictures": vision.pixels_of(self.bank, indices, flips),
            **vars(packed),
            "answers": self._spoken(answers),
            "captions": self._spoken(captions),
            **vision.patch_targets(self.bank, indices, flips),
        }

    def _spoken(self, texts: list[str]) -> Tensor:
        start = self.tokenizer.bos_token_id
        return padded([[start, *ids[1:]] for ids in self.tokenizer(texts)["input_ids"]])


def main() -> None:
    """The command line."""
    options = parser("Train the embedded caption and question-answering checkpoints.", SCHEDULE, "blip").parse_args()
    schedule = schedule_of(options)
    seen = options.runs / "vision" / "final"
    if not (seen / "model.safetensors").exists():
        vision.train(options.runs, options.scenes, options.workers, vision.SCHEDULE, options.device)
    bank = open_bank(options.runs / "bank", options.scenes, options.workers)
    folder = options.runs / options.run
    processor = make_processor(folder, SIDE, vision.MEAN, vision.STD)
    torch.manual_seed(options.seed)
    model = Speaking(blip_config(processor), seen)
    for phase in (Phase("", schedule, 0.5, 0.0), Phase("polish", POLISH, 1.0, 0.2)):
        model.caption_share = phase.caption
        collate = Collate(bank, processor, phase.strangers)
        fit(model, collate, len(bank), phase.schedule, folder / phase.folder, options.device)
    for name, part in (("blip-vqa-scenes", model.vqa), ("blip-caption-scenes", model.caption)):
        part.half().save_pretrained(folder / name)
        processor.save_pretrained(folder / name)


if __name__ == "__main__":
    main()
