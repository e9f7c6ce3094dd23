"""The voice model: heard frames → convolutions → recurrent states → attention over time → emotion and sentiment."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional
from transformers import PreTrainedModel
from transformers.modeling_outputs import ModelOutput

from mm_demo.models.voice.configuration import VoiceConfig
from mm_demo.models.voice.hearing import Hearing
from mm_demo.models.voice.members import MemberGRU, MemberLinear
from mm_demo.models.voice.pooling import AttentionPooling

_KERNEL, _STRIDE = 5, 2


@dataclass
class VoiceOutput(ModelOutput):
    """What a `VoiceForEmotionClassification` returns.

    Attributes:
        loss: scalar, where labels were given.
        logits: (batch, emotions); their softmax is the mean of the members' probabilities.
        sentiment_logits: (batch, sentiments), likewise.
        hidden_states: one tensor (batch, steps, members * 2 * hidden_size), the recurrent states.
        pooled: (batch, members * hidden_size), the vector just before the two heads.
        attentions: (batch, members * heads, steps), rows sum to 1.
        member_logits: (batch, members, emotions).
        member_sentiment_logits: (batch, members, sentiments).
    """

    loss: Tensor | None = None
    logits: Tensor | None = None
    sentiment_logits: Tensor | None = None
    hidden_states: tuple[Tensor, ...] | None = None
    pooled: Tensor | None = None
    attentions: Tensor | None = None
    member_logits: Tensor | None = None
    member_sentiment_logits: Tensor | None = None


class VoiceForEmotionClassification(PreTrainedModel):
    """Seven emotions and three sentiments from `VoiceFeatureExtractor`'s features.

    Several small networks (members) stand side by side and see the same sound; their probabilities are averaged.
    """

    config_class = VoiceConfig
    base_model_prefix = "voice"
    main_input_name = "input_features"

    def __init__(self, config: VoiceConfig) -> None:
        super().__init__(config)
        members, width = config.members, config.hidden_size
        self.hearing = Hearing(config)
        padding = _KERNEL // 2
        self.first = nn.Conv1d(self.hearing.size, members * width, _KERNEL, _STRIDE, padding)
        self.second = nn.Conv1d(members * width, members * width, _KERNEL, _STRIDE, padding, groups=members)
        self.recurrent = MemberGRU(members, width, width)
        self.pooling = AttentionPooling(3 * width, members, config.heads, width)
        self.gather = MemberLinear(members, config.heads * 6 * width, width)
        self.emotions = MemberLinear(members, width, config.num_labels)
        self.sentiments = MemberLinear(members, width, len(config.sentiments))
        self.dropout = nn.Dropout(config.dropout)
        self.post_init()

    def _init_weights(self, module: nn.Module) -> None:
        """Every layer has initialised itself."""

    @property
    def step_seconds(self) -> float:
        """Time from one attention step to the next."""
        return float(_STRIDE**2 * self.config.hop_seconds)

    def steps(self, frames: int) -> int:
        """How many attention steps that many frames become."""
        return -(-frames // _STRIDE**2)

    def step_times(self, steps: int) -> tuple[tuple[float, float], ...]:
        """The (start, end) in seconds of each of the first `steps` attention steps; together they leave no gap."""
        middles = [step * self.step_seconds for step in range(steps)]
        return tuple((max(0.0, middle - self.step_seconds / 2), middle + self.step_seconds / 2) for middle in middles)

    def forward(
        self,
        input_features: Tensor,
        attention_mask: Tensor | None = None,
        labels: Tensor | None = None,
        sentiment_labels: Tensor | None = None,
    ) -> VoiceOutput:
        """Judge a batch of utterances.

        Args:
            input_features: (batch, frames, channels).
            attention_mask: bool (batch, frames); in every row the True ones come first. None: every frame is sound.
            labels: (batch,) indices of emotions.
            sentiment_labels: (batch,) indices of sentiments.
        """
        if attention_mask is None:
            attention_mask = torch.ones(input_features.shape[:2], dtype=torch.bool, device=input_features.device)
        mask = attention_mask.bool()
        heard = self.hearing(input_features, mask)
        local, mask = self._convolve(self.first, heard.transpose(1, 2), mask)
        local, mask = self._convolve(self.second, self._inward(local), mask)
        states = self.recurrent(self.dropout(local), mask)
        pooled, weights = self.pooling(self.dropout(torch.cat([states, local], -1)), mask)
        vector = functional.gelu(self.gather(pooled))
        member_logits = self.emotions(self.dropout(vector))
        member_sentiment_logits = self.sentiments(self.dropout(vector))
        loss = None
        for judged, truth in ((member_logits, labels), (member_sentiment_logits, sentiment_labels)):
            if truth is not None:
                of_head = functional.cross_entropy(judged.transpose(1, 2), truth[:, None].expand(judged.shape[:2]))
                loss = of_head if loss is None else loss + of_head
        return VoiceOutput(
            loss=loss,
            logits=_mean_of_members(member_logits),
            sentiment_logits=_mean_of_members(member_sentiment_logits),
            hidden_states=(states.flatten(2),),
            pooled=vector.flatten(1),
            attentions=weights.squeeze(2),
            member_logits=member_logits,
            member_sentiment_logits=member_sentiment_logits,
        )

    def _convolve(self, layer: nn.Conv1d, values: Tensor, mask: Tensor) -> tuple[Tensor, Tensor]:
        """(batch, channels, frames) to (batch, fewer frames, members, width), each step normalised, and their mask."""
        out = layer(values).transpose(1, 2).unflatten(2, (self.config.members, -1))
        mask = mask[:, ::_STRIDE]
        out = functional.gelu(functional.layer_norm(out, out.shape[-1:])) * mask[..., None, None]
        return out, mask

    def _inward(self, steps: Tensor) -> Tensor:
        """(batch, steps, members, width) as a convolution wants it: (batch, members * width, steps)."""
        return self.dropout(steps).flatten(2).transpose(1, 2)


def _mean_of_members(logits: Tensor) -> Tensor:
    """(batch, members, classes) to (batch, classes): the logarithm of the mean probability."""
    return torch.logsumexp(functional.log_softmax(logits, -1), 1) - torch.log(torch.tensor(float(logits.shape[1])))
