"""A chat model that is shown a picture and told or asked one thing about it: what captioner and answerer share."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

import torch
from torch import Tensor, nn
from transformers import PreTrainedModel

import mm_demo.attention.registry  # noqa: F401  (makes REGISTRY_NAME known to transformers)
from mm_demo.attention.recorder import REGISTRY_NAME, Recorder
from mm_demo.models.chat.decoder import Beginning, Decoder, RecentBeginnings
from mm_demo.models.chat.eyes import ChatEyes
from mm_demo.models.chat.network import ChatPicture, Network
from mm_demo.models.chat.prompt import Prompt, PromptBuilder
from mm_demo.models.chat.vocabulary import ChatVocabulary
from mm_demo.models.gradients import differentiable
from mm_demo.models.recent import RecentPictures

Describe = Callable[[Any, Any], Network]
"""From an opened model and its processor to its description."""


class Speaker:
    """What a checkpoint can say and how it is told, whatever its weights.

    Args:
        model: in evaluation mode, with frozen parameters; its decoder is made to report to recorders.
        processor: the one saved with it.
        describe: the architecture.
        instruction: what the model is told: of the picture, or after what a person types.
        typed: whether a person types anything.

    Raises:
        UserError: the parts of the checkpoint don't fit together, or it can't be instructed.
    """

    def __init__(
        self, model: PreTrainedModel, processor: Any, describe: Describe, instruction: str, *, typed: bool
    ) -> None:
        # Only the decoder: the tower's attention is nobody's to see, and keeps its fastest kernel.
        model.set_attn_implementation({"text_config": REGISTRY_NAME})
        text = model.config.text_config
        network = describe(model, processor)
        self.vocabulary = ChatVocabulary(processor.tokenizer, model.generation_config, text.vocab_size)
        self.builder = PromptBuilder(processor, self.vocabulary, network.image_token, instruction, typed=typed)
        self.positions: int = text.max_position_embeddings


class Conversation:
    """One model's weights at work.

    Attributes:
        network: the architecture's description.
        decoder: its decoder.
        eyes: its tower.
        look: encodes a picture, or takes it from the last ones.

    Args:
        network: of an opened model.
        speaker: of its checkpoint.
    """

    def __init__(self, network: Network, speaker: Speaker) -> None:
        self.network = network
        self.decoder = Decoder(network)
        self.eyes = ChatEyes(network)
        self.look = RecentPictures(self.eyes.encode)
        self._speaker = speaker
        self._recent = RecentBeginnings()

    def prompt(self, picture: ChatPicture) -> Prompt:
        """The prompt about a picture."""
        return self._speaker.builder.build(picture.view)

    def begin(self, picture: ChatPicture, features: Tensor, visible: Tensor | None = None) -> Beginning:
        """The beginning of the prompt about a picture, with other features in the place of its own.

        Args:
            picture: whose size it is.
            features: (n, image tokens, dim).
            visible: (image tokens,) bool, False where nothing may look; None for all.
        """
        prompt, device = self.prompt(picture), features.device
        ids = torch.tensor(prompt.before, device=device)
        places = torch.tensor(prompt.places, device=device)
        mask = None
        if visible is not None:
            mask = torch.ones((len(features), len(ids)), dtype=torch.bool, device=device)
            mask[:, places] = visible.to(device)
        positions = self.network.positions(ids[None], picture.view)
        return self.decoder.begin(ids, places, features, positions, mask)

    def changed(self, picture: ChatPicture, features: Tensor, visible: Tensor | None) -> Beginning:
        """As `begin`, without a graph."""
        with torch.inference_mode(False), torch.no_grad():
            return self.begin(picture, features, visible)

    def whole(self, picture: ChatPicture) -> Beginning:
        """The beginning of the prompt about a picture, or one of the last ones."""
        return self._recent(picture, lambda: self.changed(picture, picture.states, None))

    def logits(self, beginning: Beginning, ids: Tensor, keep: int, visible: Tensor | None = None) -> Tensor:
        """(n, keep, vocabulary) of what follows after each of the last tokens of a text.

        Args:
            beginning: of the prompt, of n rows or of one for all alike.
            ids: (n, length), what comes after it.
            visible: (n, length) bool, False where nothing may look; None for all.
            keep: how many.
        """
        count = len(ids)
        mask = None
        if visible is not None or beginning.visible is not None:
            before = torch.ones((1, beginning.length), dtype=torch.bool, device=ids.device)
            before = before if beginning.visible is None else beginning.visible
            own = torch.ones_like(ids, dtype=torch.bool) if visible is None else visible.to(ids.device)
            mask = torch.cat([before.expand(count, -1), own], dim=1)
        return self.decoder.read(
            self.decoder.embed(ids), beginning.cache(count), beginning.shift, visible=mask, keep=keep
        )

    def traced(self, beginning: Beginning, ids: Sequence[int], keep: int, recorder: Recorder) -> Tensor:
        """Logits (keep, vocabulary) as in `logits`, of one text, with the recorder's weights in their graph."""
        with recorder.active(), differentiable():
            read = torch.tensor([list(ids)], device=self.decoder.device)
            # The parameters are frozen: with a plain forward, no attention weight would be part of a graph.
            embeds = self.decoder.embed(read).detach().requires_grad_()
            return self.decoder.read(embeds, beginning.cache(), beginning.shift, keep=keep)[0]

    def chances(self, logits: Tensor) -> Tensor:
        """Log-probabilities (…, vocabulary); all tokens that end a text count as the first of them."""
        found = logits.float().log_softmax(-1)
        first, *others = self._speaker.vocabulary.ends
        if others:
            ends = found[..., [first, *others]].logsumexp(-1)
            found[..., others] = float("-inf")
            found[..., first] = ends
        return found

    def stages(self) -> Iterator[tuple[str, Iterable[nn.Module]]]:
        """What to randomise, top to bottom: label and modules."""
        network = self.network
        layers, patches = list(network.stack.layers), list(network.vision_layers)
        yield "decoder, upper half", [network.stack.norm, *layers[len(layers) // 2 :]]
        yield "decoder", [network.stack, network.head]
        yield "+ connector", [network.connector]
        yield "+ vision tower, upper half", patches[len(patches) // 2 :]
        yield "+ vision tower: everything", [network.vision]
