"""Sound of every kind people hand in: the right samples, a note, or one sentence."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tracemalloc
from pathlib import Path

import numpy as np
import pytest
import soundfile

from mm_demo.errors import UserError
from mm_demo.tasks import sound_files
from mm_demo.tasks.sound import SECONDS_LIMIT, Sound, read_sound

RATE = 16_000
needs_ffmpeg = pytest.mark.skipif(shutil.which("ffmpeg") is None, reason="ffmpeg is not installed")


def tone(seconds: float = 1.0, rate: int = RATE, hertz: float = 440.0, level: float = 0.5) -> np.ndarray:
    return level * np.sin(2 * np.pi * hertz * np.arange(round(seconds * rate)) / rate)


def refused(source: object, **options: int) -> str:
    """The sentence with which a sound is refused: one line, ending in a full stop."""
    with pytest.raises(UserError) as caught:
        read_sound(source, **options)  # type: ignore[arg-type]
    sentence = str(caught.value)
    assert "\n" not in sentence and sentence.endswith(".") and len(sentence) < 200
    return sentence


def note(sound: Sound) -> str:
    """The one thing that must be said of a sound."""
    assert len(sound.notes) == 1, sound.notes
    assert sound.notes[0].endswith(".") and "\n" not in sound.notes[0]
    return sound.notes[0]


def is_tone(sound: Sound, hertz: float = 440.0, level: float = 0.5) -> bool:
    """Compares with the same tone drawn at 16 kHz, away from the ends."""
    assert sound.samples.dtype == np.float32 and sound.samples.ndim == 1
    assert sound.seconds == len(sound.samples) / RATE
    middle = slice(len(sound.samples) // 4, 3 * len(sound.samples) // 4)
    return bool(np.abs(sound.samples - tone(sound.seconds, RATE, hertz, level))[middle].max() < 0.01)


@pytest.mark.parametrize("rate", [8_000, 11_025, 16_000, 22_050, 44_100, 48_000, 96_000, 192_000])
def test_rates(rate: int) -> None:
    sound = read_sound((rate, tone(rate=rate)))
    assert is_tone(sound) and sound.seconds == pytest.approx(1, abs=1e-3) and sound.notes == ()
    assert np.array_equal(sound.samples, read_sound(tone(rate=rate), rate).samples)


@pytest.mark.parametrize("subtype", ["PCM_U8", "PCM_16", "PCM_24", "PCM_32", "FLOAT", "DOUBLE", "ULAW", "IMA_ADPCM"])
def test_wav_of_every_width(tmp_path: Path, subtype: str) -> None:
    soundfile.write(tmp_path / "a.wav", tone(), RATE, subtype=subtype)
    sound = read_sound(tmp_path / "a.wav")
    middle = sound.samples[4000:12000]
    assert np.corrcoef(middle, tone()[4000:12000])[0, 1] > 0.99 and sound.notes == ()
    assert np.abs(middle).max() == pytest.approx(0.5, abs=0.03)


@pytest.mark.parametrize("suffix", ["flac", "mp3", "ogg", "aiff"])
def test_formats(tmp_path: Path, suffix: str) -> None:
    soundfile.write(tmp_path / f"a.{suffix}", tone(2, 44_100), 44_100)
    sound = read_sound(str(tmp_path / f"a.{suffix}"))
    spectrum = np.abs(np.fft.rfft(sound.samples[8000:24000]))
    assert spectrum.argmax() == 440 and sound.seconds == pytest.approx(2, abs=0.1)


@needs_ffmpeg
@pytest.mark.parametrize("suffix", ["m4a", "webm", "mp4", "aac"])
def test_formats_of_phones_and_browsers(tmp_path: Path, suffix: str) -> None:
    soundfile.write(tmp_path / "a.wav", tone(2, 44_100), 44_100)
    picture = ["-f", "lavfi", "-i", "color=s=32x32:d=2", "-shortest"] if suffix == "mp4" else []
    make = ["ffmpeg", "-nostdin", "-v", "error", "-i", str(tmp_path / "a.wav"), *picture, str(tmp_path / f"a.{suffix}")]
    subprocess.run(make, check=True)
    sound = read_sound(tmp_path / f"a.{suffix}")
    assert np.abs(np.fft.rfft(sound.samples[8000:24000])).argmax() == 440
    assert sound.seconds == pytest.approx(2, abs=0.15) and sound.notes == ()


@needs_ffmpeg
def test_a_film_without_sound_and_a_damaged_one(tmp_path: Path) -> None:
    make = ["ffmpeg", "-nostdin", "-v", "error", "-f", "lavfi", "-i", "color=s=32x32:d=1", str(tmp_path / "a.mp4")]
    subprocess.run(make, check=True)
    assert "holds no sound" in refused(tmp_path / "a.mp4")
    (tmp_path / "b.m4a").write_bytes((tmp_path / "a.mp4").read_bytes()[:200])
    assert "holds no sound" in refused(tmp_path / "b.m4a")


@needs_ffmpeg
def test_a_playlist_in_disguise_opens_no_other_file(tmp_path: Path) -> None:
    soundfile.write(tmp_path / "secret.wav", tone(2), RATE)
    playlist = f"#EXTM3U\n#EXT-X-TARGETDURATION:2\n#EXTINF:2,\n{tmp_path / 'secret.wav'}\n#EXT-X-ENDLIST\n"
    for name, start in {"a.m4a": "", "b.m3u8": "", "c.m4a": "    ftypM4A \n"}.items():
        (tmp_path / name).write_text(start + playlist)
        refused(tmp_path / name)


def test_without_ffmpeg_the_person_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "a.m4a").write_bytes(b"\0\0\0\x1cftypM4A ")
    monkeypatch.setattr(sound_files.shutil, "which", lambda name: None)
    assert "install it, or save as WAV" in refused(tmp_path / "a.m4a")


@pytest.mark.parametrize(
    ("scale", "dtype"),
    [(127, np.int8), (32767, np.int16), (2**31 - 1, np.int32), (1, np.float16), (1, np.float64), (32767, ">i2")],
)
def test_types_of_arrays(scale: float, dtype: str) -> None:
    assert is_tone(read_sound((np.round(tone() * scale) if scale > 1 else tone()).astype(dtype)))


def test_unsigned_arrays_have_their_middle_at_zero() -> None:
    assert is_tone(read_sound(np.round(tone() * 127 + 128).astype(np.uint8)))
    assert is_tone(read_sound(np.round(tone() * 32767 + 32768).astype(np.uint16)))


@pytest.mark.parametrize("channels", [1, 2, 6, 8])
def test_channels_are_averaged(tmp_path: Path, channels: int) -> None:
    tones = np.stack([tone(level=0.1 * (i + 1)) for i in range(channels)], axis=1)
    level = 0.1 * (channels + 1) / 2
    assert is_tone(read_sound(tones), level=level)
    assert is_tone(read_sound(tones.T), level=level)
    soundfile.write(tmp_path / "a.wav", tones, RATE)
    assert is_tone(read_sound(tmp_path / "a.wav"), level=level)


def test_channels_that_cancel_each_other_are_heard() -> None:
    sound = read_sound(np.stack([tone(), -tone()], axis=1))
    assert is_tone(sound) and sound.notes == ()


def test_a_long_array_is_cut_visibly() -> None:
    sound = read_sound(np.broadcast_to(np.float32(0.5), (100_000_000,)), rate=192_000)
    assert (sound.samples.shape, sound.seconds) == ((SECONDS_LIMIT * RATE,), 60)
    assert sound.notes[0] == "The recording lasts 8 min 40 s: only its first 60 seconds are judged."


def test_of_an_hour_only_a_minute_is_read(tmp_path: Path) -> None:
    with soundfile.SoundFile(tmp_path / "hour.wav", "w", 8_000, 1, "PCM_16") as file:
        minute = np.concatenate([tone(1, 8_000), np.zeros(59 * 8_000)])
        for _ in range(62):
            file.write(minute)
    tracemalloc.start()
    sound = read_sound(tmp_path / "hour.wav")
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert sound.seconds == 60 and len(sound.samples) == 60 * RATE
    assert note(sound) == "The recording lasts 1 h 2 min: only its first 60 seconds are judged."
    assert peak < 30e6, "the hour itself would take 120 MB as float32"


def test_exactly_the_limit_is_not_cut() -> None:
    assert read_sound(tone(60, 8_000), 8_000).notes == ()
    assert "1 min 0 s" in note(read_sound(tone(60.01, 8_000), 8_000))


@pytest.mark.parametrize(
    ("seconds", "part"), [(1 / RATE, "less than 0.01 seconds"), (0.1, "only 0.10 seconds"), (0.29, "only 0.29")]
)
def test_too_short(tmp_path: Path, seconds: float, part: str) -> None:
    soundfile.write(tmp_path / "a.wav", tone(seconds), RATE)
    for source in (tone(seconds), tmp_path / "a.wav"):
        assert part in refused(source) and "at least 0.3 seconds" in refused(source)


@pytest.mark.parametrize("level", [0.0, 1e-4])
def test_silence_is_judged_with_a_warning(level: float) -> None:
    assert "nearly silent" in note(read_sound(tone(level=level)))
    assert "nearly silent" in note(read_sound(tone(level=level) + 0.2)), "a constant offset is no sound"


def test_clipping_is_noticed() -> None:
    loud = tone(level=2.0).clip(-1, 1)
    assert "clipped" in note(read_sound(loud))
    assert "clipped" in note(read_sound((loud * 32767).astype(np.int16)))
    assert "clipped" in note(read_sound(np.stack([loud, tone(level=0.1)], axis=1))), "in one channel"
    assert read_sound(tone(level=0.98)).notes == () and read_sound((tone() * 65534).astype(np.int16)).notes == ()


def test_beyond_full_scale_is_scaled_down() -> None:
    sound = read_sound(tone(level=20_000))
    assert is_tone(sound, level=1.0) and "beyond full scale" in note(sound)
    a_little = read_sound(tone(level=1.1))
    assert is_tone(a_little, level=1.0) and a_little.notes == ()


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf, 1e300])
def test_samples_that_are_no_numbers(tmp_path: Path, bad: float, recwarn: pytest.WarningsRecorder) -> None:
    wave = tone()
    wave[:1600] = bad
    soundfile.write(tmp_path / "a.wav", wave, RATE, subtype="DOUBLE")
    for source in (wave, tmp_path / "a.wav"):
        sound = read_sound(source)
        assert is_tone(sound) and (sound.samples[:1600] == 0).all()
        assert "10 % are no numbers" in note(sound)
    assert "no numbers" in refused(np.full(RATE, bad))
    assert len(recwarn) == 0


@pytest.mark.parametrize("suffix", ["mp3", "flac"])
def test_a_truncated_file_gives_what_is_left(tmp_path: Path, suffix: str) -> None:
    whole = tone(4) + np.random.default_rng(0).normal(0, 0.1, 4 * RATE)
    soundfile.write(tmp_path / f"a.{suffix}", whole, RATE)
    data = (tmp_path / f"a.{suffix}").read_bytes()
    (tmp_path / f"b.{suffix}").write_bytes(data[: len(data) * 3 // 4])
    sound = read_sound(tmp_path / f"b.{suffix}")
    assert 2 < sound.seconds < 3.2 and f"only the {sound.seconds:.1f} seconds" in note(sound)
    assert np.abs(np.fft.rfft(sound.samples[:RATE])).argmax() == 440


@pytest.mark.parametrize("suffix", ["wav", "mp3", "flac", "ogg"])
def test_garbled_files_never_escape_as_another_error(tmp_path: Path, suffix: str) -> None:
    soundfile.write(tmp_path / f"a.{suffix}", tone(0.5), RATE)
    whole, random = (tmp_path / f"a.{suffix}").read_bytes(), np.random.default_rng(1)
    for i in range(25):
        data = bytearray(whole[: random.integers(1, len(whole))] if i % 2 else whole)
        for place in random.integers(0, min(len(data), 200), 4):
            data[place] = random.integers(0, 256)
        (tmp_path / "b").write_bytes(data)
        try:
            assert np.isfinite(read_sound(tmp_path / "b").samples).all()
        except UserError as error:
            assert "\n" not in str(error)


@pytest.mark.parametrize("name", ["a.wav", "a.raw", "a.mp3", "line\nbreak 🎤.wav"])
def test_a_text_by_another_name(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_text("not a recording at all, " * 50)
    assert "not a recording" in refused(tmp_path / name)


def test_an_odd_name_is_no_obstacle(tmp_path: Path) -> None:
    names = ["line\nbreak 🎤.wav", "-i.wav", *([os.fsdecode(b"\xff.wav")] if sys.platform == "linux" else [])]
    for name in names:
        soundfile.write((tmp_path / "a.wav").open("wb"), tone(), RATE, format="WAV")
        assert is_tone(read_sound((tmp_path / "a.wav").rename(tmp_path / name)))


def test_empty_folder_missing(tmp_path: Path) -> None:
    (tmp_path / "empty.wav").touch()
    assert "empty" in refused(tmp_path / "empty.wav")
    soundfile.write(tmp_path / "header.wav", np.zeros(0), RATE)
    assert "no sound" in refused(tmp_path / "header.wav")
    assert "folder" in refused(tmp_path)
    assert "no file" in refused(tmp_path / "none.wav")
    assert "no file" in refused("https://example.org/a.wav")


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="named pipes are POSIX only")
def test_a_pipe_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    assert "ordinary file" in refused(tmp_path / "pipe")


@pytest.mark.parametrize("source", [None, "", 7, b"RIFF", ["a.wav"], "a\0b", "x" * 5000, (1, 2, 3), (RATE, [0.0])])
def test_things_that_are_no_sound(source: object) -> None:
    assert refused(source)


@pytest.mark.parametrize(
    "array",
    [
        np.zeros(0),
        np.zeros((0, 2)),
        np.zeros((2, 3, 4)),
        np.float32(1.0).reshape(()),
        np.zeros(RATE, complex),
        np.zeros(RATE, bool),
        np.zeros(RATE, np.int64),
        np.full(RATE, "a"),
    ],
    ids=lambda a: f"{a.dtype}{a.shape}",
)
def test_arrays_that_are_no_sound(array: np.ndarray) -> None:
    assert refused(array)


@pytest.mark.parametrize("rate", [0, -1, 100, 10**9, "16000", 16000.5, None])
def test_rates_that_are_none(rate: object) -> None:
    assert "samples a second" in refused((rate, tone()))


def test_the_callers_array_is_left_alone_and_a_sound_passes() -> None:
    mine = tone(level=3.0).astype(np.float32)
    before = mine.copy()
    sound = read_sound(mine)
    assert np.array_equal(mine, before) and read_sound(sound) is sound
    quiet = tone().astype(np.float32)
    assert not np.shares_memory(read_sound(quiet).samples, quiet)
