"""What BLIP's captioner and answerer share: eyes, vocabulary, and the names of the attention modules."""

from __future__ import annotations

from collections.abc import Callable

import torch
from PIL import Image
from torch import Tensor, nn
from transformers import BlipProcessor, BlipTextConfig, BlipVisionConfig
from transformers.models.blip.modeling_blip import BlipVisionModel
from transformers.models.blip.modeling_blip_text import BlipTextModel

from mm_demo.attention.recorder import Site
from mm_demo.attention.trace import ImageLayout, Segment
from mm_demo.errors import UserError
from mm_demo.models.familiarity import Familiarity
from mm_demo.models.family import Picture, PictureScore
from mm_demo.models.gradients import differentiable
from mm_demo.models.tokens import ReadText, TokenReader, check_vocabulary, whole


class BlipEyes:
    """The vision encoder with the processor's picture settings.

    Attributes:
        segment: the elements of its output.
        grid: (rows, cols) of the patches, and a patch's side in pixels.

    Raises:
        UserError: the processor makes pictures of another size than the encoder takes.
    """

    def __init__(self, model: BlipVisionModel, processor: BlipProcessor, familiarity: Familiarity | None) -> None:
        config: BlipVisionConfig = model.config
        made = processor.image_processor.size
        if (made["height"], made["width"]) != (config.image_size, config.image_size):
            raise UserError(
                f"This checkpoint is damaged: its processor makes pictures of {made['width']} × {made['height']} "
                f"pixels, but its model takes {config.image_size} × {config.image_size}; get it again."
            )
        self._model = model
        self._processor = processor.image_processor
        self._familiarity = familiarity
        side = config.image_size // config.patch_size
        self.grid = (side, side), config.patch_size
        self.segment = Segment(
            name="image",
            modality="image",
            labels=("picture", *(f"row {i // side + 1}, column {i % side + 1}" for i in range(side * side))),
            layout=ImageLayout(rows=side, cols=side),
            leading=1,
        )

    def pixels(self, image: Image.Image) -> Tensor:
        """An RGB picture as the encoder takes it, (3, height, width)."""
        weight = self._model.embeddings.patch_embedding.weight
        pixels: Tensor = self._processor(images=image, return_tensors="pt")["pixel_values"][0]
        return pixels.to(weight.device, weight.dtype)

    def states(self, pixels: Tensor) -> Tensor:
        """(n, elements, dim), the encoder's output for (n, 3, height, width)."""
        with torch.inference_mode():
            output: Tensor = self._model(pixels).last_hidden_state
        return output

    def score(self, image: Image.Image, of_states: Callable[[Tensor], Tensor]) -> PictureScore:
        """A differentiable score of the picture from one of the encoder's output, (n, elements, dim) → (n,)."""

        def states(pixels: Tensor) -> Tensor:
            with differentiable():
                output: Tensor = self._model(pixels).last_hidden_state
            return output

        return PictureScore(self.pixels(image), self.grid, self.segment.leading, states, of_states)

    def encode(self, image: Image.Image) -> Picture:
        """Run the vision encoder on an RGB picture."""
        pixels = self.pixels(image)[None]
        with torch.inference_mode():
            output = self._model(pixels, output_hidden_states=self._familiarity is not None)
        # A copy made outside inference mode is an ordinary tensor, which later passes may differentiate through.
        states = output.last_hidden_state.clone()
        if self._familiarity is None:
            return Picture(image, states, familiarity=1.0, familiar=True)
        with torch.inference_mode():
            score = self._familiarity.score([hidden[0] for hidden in output.hidden_states])
        return Picture(image, states, familiarity=score, familiar=score >= self._familiarity.threshold)


class BlipVocabulary:
    """Text to ids and back, safe to share between threads.

    Attributes:
        start: id that a text to be written begins with.
        end: id that ends it.
        longest: most positions.
        stand_ins: name of a way to remove a token → id that takes its place; the one to prefer first.

    Raises:
        UserError: the tokenizer holds ids that the model does not.
    """

    def __init__(self, processor: BlipProcessor, config: BlipTextConfig) -> None:
        check_vocabulary(processor.tokenizer, config.vocab_size)
        self._tokenizer = processor.tokenizer
        self._reader = TokenReader(processor.tokenizer)
        self.start: int = config.bos_token_id
        self.end: int = config.sep_token_id
        self.longest: int = config.max_position_embeddings
        stand_ins = {"mask": processor.tokenizer.mask_token_id, "pad": config.pad_token_id}
        self.stand_ins: dict[str, int] = {way: i for way, i in stand_ins.items() if i is not None}

    def encode(self, text: str) -> ReadText:
        """The tokens of a text with [CLS] and [SEP] around it.

        Raises:
            UserError: more tokens than the model has positions for.
        """
        return whole(self._reader.read(text), self.longest)

    def read(self, token_id: int) -> tuple[str, bool]:
        """One generated token as a person reads it, and whether it continues the word before it."""
        piece = self._tokenizer.convert_ids_to_tokens(token_id)
        if piece is None:
            return f"[{token_id}]", False
        return piece.removeprefix("##"), piece.startswith("##") and len(piece) > 2

    def decode(self, ids: list[int]) -> str:
        """The text of generated ids, special tokens left out."""
        return str(self._tokenizer.decode(ids, skip_special_tokens=True)).strip()


def attention_sites(stack: BlipTextModel, own: str, other: str) -> list[Site]:
    """The self- and cross-attention of every layer of a text stack that reads segment `own` and looks at `other`."""
    sites = []
    for index, layer in enumerate(stack.encoder.layer):
        sites.append(Site(layer.attention.self, index, "self", own, own))
        sites.append(Site(layer.crossattention.self, index, "cross", own, other))
    return sites


def obey_masks(stack: BlipTextModel) -> None:
    """Have cross-attention use the mask it is given, which transformers 5 hands down to it and then forgets."""
    for layer in stack.encoder.layer:
        layer.crossattention.self.register_forward_pre_hook(_hand_on, with_kwargs=True)


def mask_of(visible: Tensor | None, like: Tensor) -> Tensor | None:
    """(n, elements) bool as what is added to cross-attention's scores, (n, 1, 1, elements).

    With all four dimensions it may have more rows than the states that it masks, when all look at the same.
    """
    if visible is None:
        return None
    mask = torch.zeros(visible.shape, dtype=like.dtype, device=like.device)
    return mask.masked_fill(~visible.to(like.device), torch.finfo(like.dtype).min)[:, None, None]


def embed(stack: BlipTextModel, ids: Tensor) -> Tensor:
    """The stack's input for these ids, (batch, length, dim), as a leaf that gradients start from.

    The parameters are frozen: with a plain forward, no attention weight would be part of a graph.
    """
    with torch.no_grad():
        embedded: Tensor = stack.embeddings(input_ids=ids)
    return embedded.requires_grad_()


def _hand_on(
    _module: nn.Module, arguments: tuple[object, ...], named: dict[str, object]
) -> tuple[tuple[object, ...], dict[str, object]]:
    if named.get("encoder_attention_mask") is None:
        named = named | {"encoder_attention_mask": named.get("attention_mask")}
    return arguments, named


def limit_of(generation_max_length: int | None, positions: int, otherwise: int) -> int:
    """How many tokens to write at most: the checkpoint's own limit (which counts the start token), else a default."""
    own = otherwise if generation_max_length is None else generation_max_length - 1
    return max(1, min(own, positions))


def most_likely(probabilities: Tensor, count: int) -> list[tuple[int, float]]:
    """[(id, probability)] of the `count` most likely tokens, from (vocabulary,)."""
    top = probabilities.topk(min(count, len(probabilities)))
    return [(int(i), min(float(p), 1.0)) for i, p in zip(top.indices.tolist(), top.values.tolist(), strict=True)]
