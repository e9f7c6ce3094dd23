"""Speech in, its sentiment out: from the voice, from the words, and which of the two decided."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from mm_demo.attention.methods import METHODS, Method, get_method
from mm_demo.attention.trace import AudioLayout, TextLayout, Trace
from mm_demo.errors import UserError
from mm_demo.evidence.probe import Part, Probe
from mm_demo.models.family import ModelInfo
from mm_demo.models.speech import RATE
from mm_demo.models.speech.encoders import Reading
from mm_demo.models.speech.family import MODALITIES, SENTIMENTS, Judged, Opinion, SentimentModel, SpeechModality
from mm_demo.models.speech.stretches import distinct
from mm_demo.models.transcription import open_transcriber
from mm_demo.tasks.acoustics import acoustics
from mm_demo.tasks.maps import signed_relevance
from mm_demo.tasks.methods import SPEECH_DEFAULT, MethodInfo
from mm_demo.tasks.ownership import own_result
from mm_demo.tasks.remarks import disagree, remark
from mm_demo.tasks.removals import choose_removal
from mm_demo.tasks.sentiment_probe import judged_input, sentiment_probe, shown_relevance
from mm_demo.tasks.sentiment_result import AudioMap, BandMap, FusionOpinion, SentimentResult, WordRelevance
from mm_demo.tasks.sound import Sound, Source, read_sound
from mm_demo.tasks.words import read_text

_FAMILIAR = 0.5


class SentimentTask:
    """Judges speech. One task serves many threads at once.

    Args:
        model: an opened fusion of voice and words, or a model of one of the two.
    """

    name = "sentiment"

    def __init__(self, model: SentimentModel) -> None:
        self._model = model
        self.strategies = model.strategies
        self.modalities = model.modalities
        self.methods = _offered()
        self.removals = model.removals

    @property
    def info(self) -> ModelInfo:
        """What is to be said of the model, as it runs now."""
        return self._model.info

    def __call__(
        self,
        audio: Source | None = None,
        text: str | None = None,
        transcribe: bool = True,
        method: str = "default",
        strategy: str | None = None,
    ) -> SentimentResult:
        """The sentiment of a recording, of words, or of both.

        Args:
            audio: a path, (rate, samples), an array of samples at 16 kHz, or a `Sound`; None for words alone.
            text: what was said; None to have it written down from the recording, "" for a voice without words.
            transcribe: whether to write down what was said where no text is given.
            method: name of an explanation method, "default" for the recommended one.
            strategy: name of a fusion strategy; None for the model's default.

        Raises:
            UserError: nothing was given, it can't be read, the model doesn't take it, or there is no such method or
                strategy.
        """
        _check(method)
        sound = None if audio is None else read_sound(audio)
        words = read_text(text)
        notes = list(sound.notes) if sound is not None else []
        transcriber = None
        if sound is not None and text is None and transcribe and "text" in self.modalities:
            words, transcriber, said = self._heard(sound)
            notes += said
        heard = None if sound is None or "audio" not in self.modalities else sound
        if sound is not None and heard is None and words is not None:
            notes.append("This model reads only the words; the voice was not judged.")
        elif words is not None and "text" not in self.modalities and sound is not None:
            notes.append("This model hears only the voice; the words were not judged.")
        judged = self._model.judge(
            None if heard is None else heard.samples,
            words if "text" in self.modalities or heard is None else None,
            strategy,
        )
        if "text" in judged.cut:
            notes.append("The words are longer than the model can read: only their beginning was judged.")
        if "audio" in judged.cut:
            notes.append("The recording is longer than the model can hear: only its beginning was judged.")
        result = self._result(judged, strategy, words, transcriber, notes)
        if sound is not None:
            judged_samples = None if heard is None else heard.samples
            result = replace(result, acoustics=acoustics(sound.samples), samples=judged_samples)
        return _explained(result, method)

    def explain(self, result: SentimentResult, method: str) -> SentimentResult:
        """The same answer with the maps of another method; the model does not run again.

        Raises:
            UserError: there is no such method, or the result is another model's.
        """
        own_result(self.info.id, result.model)
        _check(method)
        return _explained(result, method)

    def probe(self, result: SentimentResult, part: Part, removal: str = "default") -> Probe:
        """A sentiment that can be asked for again with stretches of the sound, or tokens of the words, missing.

        Args:
            result: of this task, with the map that is to be checked.
            part: "audio" for the stretches of `audio_map`, "text" for `text_tokens`.
            removal: one of `removals[part]`, "default" for the first.

        Raises:
            UserError: there is no such way of removing, the part was not judged, or the result is another model's.
        """
        own_result(self.info.id, result.model)
        return sentiment_probe(self._model, result, part, choose_removal(self.removals, part, removal))

    def randomised(self, result: SentimentResult, part: SpeechModality) -> Iterator[tuple[str, np.ndarray]]:
        """The map of the same sentiment as the model forgets what it has learned, layer by layer from the top.

        Args:
            result: of this task.
            part: which modality's encoder forgets, and whose map is given.

        Returns:
            What was randomised last, all above it being so too, and the relevance that a map then shows: (stretches,)
            of the sound or (tokens,) of the words, as in `audio_map` and `text_tokens`.

        Raises:
            UserError: the part was not judged, or the result is another model's.
        """
        own_result(self.info.id, result.model)
        sound, text = judged_input(result, part)
        for name, model in self._model.randomised(part):
            judged = model.judge(sound, text, result.strategy, result.answer)
            again = replace(result, trace=judged.trace, readings=dict(judged.readings))
            yield name, shown_relevance(_explained(again, result.method), part)

    def warm_up(self) -> None:
        """Pays what the first recording would: libraries import their parts when these are first used."""
        if "audio" in self.modalities:
            silence = np.zeros(RATE, dtype=np.float32)
            acoustics(silence)
            self._model.judge(silence, None)

    def transcribe(self, audio: Source) -> tuple[str, str]:
        """The words of a recording ("" where none were heard), and what heard them.

        Raises:
            UserError: the recording can't be read, or nothing on this machine writes down speech.
        """
        sound = read_sound(audio)
        transcriber = open_transcriber()
        return transcriber.transcribe(sound.samples), transcriber.name

    def _heard(self, sound: Sound) -> tuple[str | None, str | None, list[str]]:
        try:
            words, transcriber = self.transcribe(sound)
        except UserError as error:
            return None, None, [str(error)]
        if read_text(words) is None:
            return None, transcriber, ["No words were understood, so only the voice is judged: type what was said."]
        return words, transcriber, []

    def _result(
        self, judged: Judged, strategy: str | None, words: str | None, transcriber: str | None, notes: list[str]
    ) -> SentimentResult:
        chosen = strategy or next(iter(judged.opinions))
        opinion = judged.opinions[chosen]
        ranked = sorted(opinion.probabilities.items(), key=lambda entry: -entry[1])
        known = min(judged.familiarity.values(), default=1.0)
        return SentimentResult(
            answer=ranked[0][0],
            candidates=ranked,
            transcript=words,
            transcribed=transcriber is not None and words is not None,
            transcriber=transcriber,
            modality_weights=_by_name(opinion.weights),
            modality_shares=_by_name(judged.shares),
            unimodal={name: judged.unimodal.get(name) for name in MODALITIES},
            conflict=disagree(judged.unimodal),
            remark=remark(judged.unimodal, opinion.weights),
            text_tokens=[],
            audio_map=None,
            band_map=None,
            acoustics=None,
            emotions=judged.emotions,
            strategies=self._side_by_side(judged.opinions, chosen),
            familiar=known >= _FAMILIAR,
            familiarity=known,
            trace=judged.trace,
            method=SPEECH_DEFAULT,
            model=self.info.id,
            strategy=chosen if self.strategies else None,
            notes=notes,
            unknown_words=judged.unknown_words,
            readings=dict(judged.readings),
        )

    def _side_by_side(self, opinions: dict[str, Opinion], chosen: str) -> list[FusionOpinion]:
        ordered = sorted(self.strategies, key=lambda info: info.name != chosen)
        found = [(info, opinions[info.name]) for info in ordered]
        return [
            FusionOpinion(
                name=info.name,
                label=info.label,
                help=info.help,
                answer=max(SENTIMENTS, key=opinion.probabilities.__getitem__),
                probabilities=opinion.probabilities,
                weights=_by_name(opinion.weights),
                own_weights=opinion.own_weights,
            )
            for info, opinion in found
        ]


def _offered() -> tuple[MethodInfo, ...]:
    ordered = sorted(METHODS.values(), key=lambda m: (m.name != SPEECH_DEFAULT, m.rank))
    return tuple(MethodInfo(m.name, m.label, m.help, ()) for m in ordered)


def _check(method: str) -> None:
    if method != "default":
        get_method(method, inputs=True)


def _explained(result: SentimentResult, method: str) -> SentimentResult:
    chosen = get_method(SPEECH_DEFAULT if method == "default" else method, inputs=True)
    tokens: list[WordRelevance] = []
    sound, bands, looked = None, None, None
    for modality, reading in result.readings.items():
        relevance = _read(chosen, result.trace, modality, reading)
        if modality == "audio":
            sound, bands = _audio_map(result.trace, relevance), _band_map(result.trace)
            looked = _audio_map(result.trace, _read(METHODS["raw"], result.trace, modality, reading))
        else:
            tokens = _words(result, relevance.tolist())
    return replace(
        result, text_tokens=tokens, audio_map=sound, band_map=bands, attention_map=looked, method=chosen.name
    )


def _read(method: Method, trace: Trace, modality: SpeechModality, reading: Reading) -> np.ndarray:
    """(elements of the modality,): the mean over the rows that its answer is read from."""
    rows = method.rows(trace, reading.query, reading.elements)[modality]
    return rows.mean(0).double().cpu().numpy()


def _words(result: SentimentResult, relevance: list[float]) -> list[WordRelevance]:
    layout = result.trace.segments["text"].layout
    if not isinstance(layout, TextLayout):
        raise TypeError("the segment 'text' is no text")
    places = [(i, place) for i, place in enumerate(layout.offsets) if place is not None]
    signed = signed_relevance([relevance[i] for i, _ in places])
    unknown = set(result.unknown_words)
    return [
        WordRelevance(layout.text[start:end], start, end, value, _word_at(layout.text, start, end) not in unknown)
        for (_, (start, end)), value in zip(places, signed, strict=True)
    ]


def _word_at(text: str, start: int, end: int) -> str:
    """The whole word that a piece of one belongs to."""
    while start > 0 and text[start - 1].isalnum() and text[start].isalnum():
        start -= 1
    while end < len(text) and text[end].isalnum() and text[end - 1].isalnum():
        end += 1
    return text[start:end]


def _audio_map(trace: Trace, relevance: np.ndarray) -> AudioMap:
    """Stretches in order, each once: where several elements share a stretch their relevance is added."""
    segment = trace.segments["audio"]
    times, place = distinct(_times(trace))
    summed = np.zeros(len(times))
    np.add.at(summed, place, relevance[segment.leading :].clip(min=0))
    total = summed.sum()
    return AudioMap(times, summed / total if total > 0 else np.full(len(times), 1 / len(times)))


def _band_map(trace: Trace) -> BandMap | None:
    found = next((entry for entry in trace.inputs if entry.segment == "audio"), None)
    if found is None:
        return None
    bands = [i for i, channel in enumerate(found.channels) if channel.endswith(" Hz")]
    if not bands:
        return None
    products = found.products[:, bands].double().cpu().numpy().T
    largest = float(np.abs(products).max(initial=0.0))
    return BandMap(
        times=np.array(_times(trace)),
        hertz=np.array([float(found.channels[i].removesuffix(" Hz")) for i in bands]),
        relevance=products / largest if largest > 0 else products,
    )


def _times(trace: Trace) -> tuple[tuple[float, float], ...]:
    layout = trace.segments["audio"].layout
    if not isinstance(layout, AudioLayout):
        raise TypeError("the segment 'audio' is no sound")
    return layout.times


def _by_name(values: dict[SpeechModality, float]) -> dict[str, float]:
    return {name: float(values[name]) for name in MODALITIES}
