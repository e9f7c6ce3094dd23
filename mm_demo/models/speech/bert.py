"""The BERT family as a reader of sentiments: BERT, RoBERTa and DistilBERT with a classifier on the first token."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import ClassVar, Literal, Self

import numpy as np
import torch
from torch import Tensor
from transformers import (
    BertForSequenceClassification,
    DistilBertForSequenceClassification,
    PreTrainedModel,
    PreTrainedTokenizerFast,
    RobertaForSequenceClassification,
)
from transformers.models.bert.modeling_bert import BertSelfAttention
from transformers.models.distilbert.modeling_distilbert import DistilBertSelfAttention
from transformers.models.roberta.modeling_roberta import RobertaSelfAttention

import mm_demo.attention.registry  # noqa: F401  (makes REGISTRY_NAME known to transformers)
from mm_demo.attention.recorder import REGISTRY_NAME, Recorder, Site
from mm_demo.attention.trace import InputGradient, Segment, TextLayout
from mm_demo.models.gradients import differentiable
from mm_demo.models.speech.encoders import Encoded, Reading, Variants
from mm_demo.models.speech.forgetting import randomised_from
from mm_demo.models.speech.sentiments import group_labels, labels_in_order, sentiment_logits
from mm_demo.models.tokens import TokenReader, check_vocabulary

_VARIANTS = 32
"""Variants of a text that go through the network together."""
_ATTENTION = (BertSelfAttention, RobertaSelfAttention, DistilBertSelfAttention)


class BertTextEncoder:
    """A text classifier of the BERT family (Devlin et al. 2019; Liu et al. 2019; Sanh et al. 2019).

    Gradients are taken by the word embeddings, before positions are added. Of a text with more tokens than the model
    has positions, the first that fit are read.

    Args:
        model: one of `TEXT_MODELS`, in evaluation mode with frozen parameters. It computes attention through the
            registry from here on.
        tokenizer: the one saved with it.

    Raises:
        UserError: the tokenizer holds ids that the model does not, or the labels are no sentiments.
    """

    family: ClassVar[str] = "bert"

    def __init__(self, model: PreTrainedModel, tokenizer: PreTrainedTokenizerFast) -> None:
        config = model.config
        check_vocabulary(tokenizer, config.vocab_size)
        self.modality: Literal["audio", "text"] = "text"
        self.labels = labels_in_order(config.id2label)
        self.layers: int = config.num_hidden_layers
        self.heads: int = config.num_attention_heads
        self._grouping = group_labels(self.labels)
        model.set_attn_implementation(REGISTRY_NAME)
        self._classify = TEXT_MODELS[type(model)]
        self._reader = TokenReader(tokenizer)
        self._longest = min(_positions(model), tokenizer.model_max_length)
        stand_ins = {"mask": tokenizer.mask_token_id, "pad": tokenizer.pad_token_id}
        self._stand_ins: dict[str, int] = {way: id_ for way, id_ in stand_ins.items() if id_ is not None}
        self.removals = tuple(self._stand_ins)
        self._use(model)

    def _use(self, model: PreTrainedModel) -> None:
        self._model = model
        self._embeddings = model.get_input_embeddings()
        modules = [module for module in model.modules() if isinstance(module, _ATTENTION)]
        self._sites = [Site(module, i, "self", "text", "text") for i, module in enumerate(modules)]

    def encode(self, given: str) -> Encoded:
        """Encode a text with its attention recorded and differentiable."""
        read = self._reader.read(given, self._longest)
        recorder = Recorder(self._sites, differentiable=True)
        with recorder.hooked(), recorder.active(), differentiable():
            with torch.no_grad():
                leaf: Tensor = self._embeddings(torch.tensor([read.ids], device=self._embeddings.weight.device))
            leaf.requires_grad_()
            states, pooled, labels = self._classify(self._model, leaf, None)
            sentiment = sentiment_logits(labels, self._grouping.to(labels.device))

        def contribution(gradient: Tensor) -> InputGradient:
            products = (gradient * leaf.detach())[0].float().sum(-1, keepdim=True).cpu()
            return InputGradient("text", ("embedding",), products)

        return Encoded(
            states=states,
            pooled=pooled,
            labels=labels,
            sentiment=sentiment,
            segments={"text": Segment("text", "text", tuple(read.labels), TextLayout(given, tuple(read.ranges)))},
            reading=Reading("text", slice(0, 1)),
            taken=recorder.take(),
            leaf=leaf,
            contribution=contribution,
            unknown_words=read.unknown_words,
            familiarity=1 - min(1.0, len(read.unknown_words) / max(1, len(set(given.split())))),
            cut=read.cut,
        )

    def at_once(self, given: str) -> int:
        """How many variants of a text may go through it together."""
        return _VARIANTS

    def vary(self, given: str, kept: np.ndarray, removal: str) -> Variants:
        """As `Encoder.vary`: tokens become the mask token, or padding, which nothing looks at."""
        read = self._reader.read(given, self._longest)
        gone = np.zeros((len(kept), len(read.ids)), bool)
        gone[:, [i for i, place in enumerate(read.ranges) if place is not None]] = ~kept
        ids = torch.from_numpy(np.where(gone, self._stand_ins[removal], read.ids)).to(self._embeddings.weight.device)
        seen = torch.ones_like(ids, dtype=torch.bool)
        if removal == "pad":
            seen = torch.from_numpy(~gone).to(ids.device)
        with torch.no_grad():
            states, pooled, labels = self._classify(self._model, self._embeddings(ids), seen.long())
        return Variants(states, pooled, sentiment_logits(labels, self._grouping.to(labels.device)), seen)

    def randomised(self) -> Iterator[tuple[str, Self]]:
        """As `Encoder.randomised`."""
        return randomised_from(self, self._model, type(self)._use)


_Classified = tuple[Tensor, Tensor, Tensor]
"""States (n, length, dim), what the last linear layer reads (n, dim), logits (n, labels)."""


def _bert(model: BertForSequenceClassification, embedded: Tensor, seen: Tensor | None) -> _Classified:
    output = model.bert(inputs_embeds=embedded, attention_mask=seen)
    return output.last_hidden_state, output.pooler_output, model.classifier(output.pooler_output)


def _roberta(model: RobertaForSequenceClassification, embedded: Tensor, seen: Tensor | None) -> _Classified:
    states = model.roberta(inputs_embeds=embedded, attention_mask=seen).last_hidden_state
    pooled = model.classifier.dense(states[:, 0]).tanh()
    return states, pooled, model.classifier.out_proj(pooled)


def _distilbert(model: DistilBertForSequenceClassification, embedded: Tensor, seen: Tensor | None) -> _Classified:
    states = model.distilbert(inputs_embeds=embedded, attention_mask=seen).last_hidden_state
    pooled = model.pre_classifier(states[:, 0]).relu()
    return states, pooled, model.classifier(pooled)


TEXT_MODELS: dict[type[PreTrainedModel], Callable[[PreTrainedModel, Tensor, Tensor | None], _Classified]] = {
    BertForSequenceClassification: _bert,
    RobertaForSequenceClassification: _roberta,
    DistilBertForSequenceClassification: _distilbert,
}
"""The classes that can be read, and how each gets from word embeddings (n, length, dim), and which of them may
be looked at (n, length), all where None, to its logits."""


def _positions(model: PreTrainedModel) -> int:
    positions: int = model.config.max_position_embeddings
    if isinstance(model, RobertaForSequenceClassification):
        # Its positions start behind the padding token's id.
        return positions - model.config.pad_token_id - 1
    return positions
