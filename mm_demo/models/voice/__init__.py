"""The voice model: emotion and sentiment from how something is said; importing it registers it with transformers."""

from transformers import AutoConfig, AutoFeatureExtractor, AutoModelForAudioClassification

from mm_demo.models.voice.configuration import EMOTIONS, SENTIMENT_OF, SENTIMENTS, VoiceConfig
from mm_demo.models.voice.features import VoiceFeatureExtractor
from mm_demo.models.voice.model import VoiceForEmotionClassification, VoiceOutput

AutoConfig.register(VoiceConfig.model_type, VoiceConfig, exist_ok=True)
AutoFeatureExtractor.register(VoiceConfig, VoiceFeatureExtractor, exist_ok=True)
AutoModelForAudioClassification.register(VoiceConfig, VoiceForEmotionClassification, exist_ok=True)

__all__ = [
    "EMOTIONS",
    "SENTIMENTS",
    "SENTIMENT_OF",
    "VoiceConfig",
    "VoiceFeatureExtractor",
    "VoiceForEmotionClassification",
    "VoiceOutput",
]
