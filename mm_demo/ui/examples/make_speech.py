"""Speaks the example recordings with espeak-ng: `python -m mm_demo.ui.examples.make_speech`."""

from __future__ import annotations

import json
import subprocess
import tempfile
from pathlib import Path

import soundfile

FOLDER = Path(__file__).parent
SPOKEN = (
    ("I am so happy with this wonderful day", "glad words, lively voice", ["-s", "165", "-p", "70", "-a", "150"]),
    ("I hate this. It is terrible", "angry words, pressed voice", ["-s", "175", "-p", "35", "-a", "190"]),
    ("The meeting is at three o'clock", "plain words, plain voice", ["-s", "150", "-p", "45", "-a", "110"]),
    ("This is the best present I ever got", "glad words, tired flat voice", ["-s", "95", "-p", "8", "-a", "55"]),
)
"""What is said, what it is an example of, and espeak-ng's speed, pitch and loudness."""


def main() -> None:
    notes = {}
    for number, (words, shows, voice) in enumerate(SPOKEN, start=1):
        name = f"speech-{number}.ogg"
        with tempfile.TemporaryDirectory() as folder:
            spoken = Path(folder) / "spoken.wav"
            subprocess.run(["espeak-ng", "-v", "en-us", *voice, "-w", str(spoken), words], check=True)
            samples, rate = soundfile.read(spoken)
        soundfile.write(FOLDER / name, samples, rate, format="OGG", subtype="VORBIS")
        notes[name] = {"shows": shows, "words": words}
    (FOLDER / "speech.json").write_text(json.dumps(notes, indent=1) + "\n")


if __name__ == "__main__":
    main()
