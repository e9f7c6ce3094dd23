"""The process in which pocketsphinx listens: 16-bit samples at 16 kHz on standard input, words on standard output."""

from __future__ import annotations

import sys

from pocketsphinx import Decoder


def main() -> None:
    sound = sys.stdin.buffer.read()
    decoder = Decoder(samprate=16000.0, loglevel="FATAL")
    # A first pass that only listens for one word learns the recording's level in a twentieth of the time; from the
    # default level the first words of a recording are mostly lost.
    decoder.add_keyphrase("level", "sentiment")
    decoder.activate_search("level")
    _listen(decoder, sound)
    decoder.activate_search("_default")
    sys.stdout.buffer.write(_listen(decoder, sound).encode("utf-8"))


def _listen(decoder: Decoder, sound: bytes) -> str:
    decoder.start_utt()
    decoder.process_raw(sound)
    decoder.end_utt()
    heard = decoder.hyp()
    return "" if heard is None else str(heard.hypstr)


if __name__ == "__main__":
    main()
