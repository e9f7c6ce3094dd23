"""The BERT family as a reader of sentiments: BERT, RoBERTa and DistilBERT with a classifier on the first token."""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar, Literal

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
from mm_demo.errors import UserError
from mm_demo.models.gradients import differentiable
from mm_demo.models.speech.encoders import Encoded, Reading
from mm_demo.models.speech.sentiments import group_labels, labels_in_order, sentiment_logits
from mm_demo.models.tokens import TokenReader

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
        if len(tokenizer) > config.vocab_size:
            raise UserError(
                f"This checkpoint is damaged: its tokenizer knows {len(tokenizer)} tokens, "
                f"its model {config.vocab_size}; get it again."
            )
        self.modality: Literal["audio", "text"] = "text"
        self.labels = labels_in_order(config.id2label)
        self.layers: int = config.num_hidden_layers
        self.heads: int = config.num_attention_heads
        self._grouping = group_labels(self.labels)
        model.set_attn_implementation(REGISTRY_NAME)
        self._model = model
        self._classify = TEXT_MODELS[type(model)]
        self._embeddings = model.get_input_embeddings()
        self._reader = TokenReader(tokenizer)
        self._longest = min(_positions(model), tokenizer.model_max_length)
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
            states, pooled, labels = self._classify(self._model, leaf)
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


_Classified = tuple[Tensor, Tensor, Tensor]
"""States (1, length, dim), what the last linear layer reads (1, dim), logits (1, labels)."""


def _bert(model: BertForSequenceClassification, embedded: Tensor) -> _Classified:
    output = model.bert(inputs_embeds=embedded)
    return output.last_hidden_state, output.pooler_output, model.classifier(output.pooler_output)


def _roberta(model: RobertaForSequenceClassification, embedded: Tensor) -> _Classified:
    states = model.roberta(inputs_embeds=embedded).last_hidden_state
    pooled = model.classifier.dense(states[:, 0]).tanh()
    return states, pooled, model.classifier.out_proj(pooled)


def _distilbert(model: DistilBertForSequenceClassification, embedded: Tensor) -> _Classified:
    states = model.distilbert(inputs_embeds=embedded).last_hidden_state
    pooled = model.pre_classifier(states[:, 0]).relu()
    return states, pooled, model.classifier(pooled)


TEXT_MODELS: dict[type[PreTrainedModel], Callable[[PreTrainedModel, Tensor], _Classified]] = {
    BertForSequenceClassification: _bert,
    RobertaForSequenceClassification: _roberta,
    DistilBertForSequenceClassification: _distilbert,
}
"""The classes that can be read, and how each gets from word embeddings (1, length, dim) to its logits."""


def _positions(model: PreTrainedModel) -> int:
    positions: int = model.config.max_position_embeddings
    if isinstance(model, RobertaForSequenceClassification):
        # Its positions start behind the padding token's id.
        return positions - model.config.pad_token_id - 1
    return positions
