"""The command line: trains one of the two embedded CLIP checkpoints.

    python -m mm_demo.training.clip --loss contrastive
    python -m mm_demo.training.clip --loss triplet

Both start from the same weights and see the same pictures and texts; only the loss differs.
"""

from __future__ import annotations

from typing import Literal

import torch
from torch import Tensor, nn
from torch.nn import functional
from transformers import CLIPModel

from mm_demo.alignment.losses import contrastive_loss, triplet_loss
from mm_demo.training import vision
from mm_demo.training.bank import SIDE, open_bank
from mm_demo.training.clip.batches import Collate
from mm_demo.training.clip.processor import LONGEST, known_words, make_processor
from mm_demo.training.clip.towers import make_model
from mm_demo.training.loop import Schedule, fit, parser, schedule_of

SCHEDULE = Schedule(steps=1200, batch=160, rate=8e-4, seed=0)
MARGIN = 0.2
_HELPER = 0.1
_HOTTEST = 100.0
"""CLIP's bound on 1 / temperature."""

Loss = Literal["contrastive", "triplet"]


class Aligning(nn.Module):
    """The model with its loss, and patch heads that keep it seeing what stands where."""

    def __init__(self, clip: CLIPModel, loss: Loss) -> None:
        super().__init__()
        self.clip, self.loss = clip, loss
        self.heads = vision.PatchHeads(clip.config.vision_config.hidden_size)

    def forward(
        self, pictures: Tensor, ids: Tensor, mask: Tensor, matches: Tensor, negatives: Tensor, **targets: Tensor
    ) -> dict[str, Tensor]:
        """One step's losses.

        Args:
            pictures: (batch, 3, side, side) uint8.
            ids, mask: (texts, length) token ids, and 1 where there is one.
            matches, negatives: (batch, texts) bool, as in `contrastive_loss`.
            targets: of the patch heads.
        """
        seen = self.clip.vision_model(vision.normalised(pictures))
        read = self.clip.text_model(ids, attention_mask=mask)
        image = functional.normalize(self.clip.visual_projection(seen.pooler_output).float(), dim=-1)
        text = functional.normalize(self.clip.text_projection(read.pooler_output).float(), dim=-1)
        with torch.autocast(image.device.type, enabled=False):
            cosines = image @ text.T
        if self.loss == "contrastive":
            scale = self.clip.logit_scale.exp().clamp(max=_HOTTEST)
            aligned = contrastive_loss(cosines, scale, matches, negatives)
        else:
            # Among texts that are false by one word, the hardest negative alone pulled everything to one place.
            aligned = triplet_loss(cosines, MARGIN, matches, negatives, hardest=False)
        patches = self.heads(seen.last_hidden_state[:, 1:], **targets)
        with torch.no_grad():
            by_text = cosines.masked_fill(~(matches | negatives), -2).argmax(0)
            own = matches.any(0)
            right = matches.float().argmax(0)[own] == by_text[own]
        return {
            "loss": aligned + _HELPER * patches["loss"],
            "aligned": aligned,
            "found": right.float().mean(),
            "kind_accuracy": patches["kind_accuracy"],
            "scale": self.clip.logit_scale.exp(),
        }

    def careful(self) -> list[nn.Parameter]:
        """The vision tower, which has learnt to see already."""
        return list(self.clip.vision_model.parameters())


def main() -> None:
    """The command line."""
    options = parser("Train an embedded CLIP checkpoint on the generated picture world.", SCHEDULE, "clip")
    options.add_argument("--loss", choices=("contrastive", "triplet"), default="contrastive")
    asked = options.parse_args()
    bank = open_bank(asked.runs / "bank", asked.scenes, asked.workers)
    processor = make_processor(SIDE, vision.MEAN, vision.STD)
    tokenizer = processor.tokenizer
    torch.manual_seed(asked.seed)
    model = make_model(len(tokenizer), tokenizer.bos_token_id, tokenizer.eos_token_id)
    aligning = Aligning(model, asked.loss)
    folder = asked.runs / asked.run / asked.loss
    fit(aligning, Collate(bank, tokenizer, LONGEST), len(bank), schedule_of(asked), folder, asked.device)
    final = folder / f"clip-{asked.loss}-scenes"
    model.config.known_words = known_words()
    model.half().save_pretrained(final)
    processor.save_pretrained(final)


if __name__ == "__main__":
    main()
