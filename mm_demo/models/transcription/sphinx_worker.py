"""The process in which pocketsphinx listens: 16-bit samples at 16 kHz on standard input, words on standard output."""

from __future__ import annotations

import re
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from pocketsphinx import Decoder, get_model_path

# "so happy" was heard as an expletive in a classroom's example sentence; these are left out, so that the next likely
# word is heard in their place.
_NEVER_HEARD = re.compile(
    r"((mother)?fuck\S*|(bull|dip|horse)?shit(s|ty|head|hole|load|loads|storm|ting)?|cunts?|niggers?|fag(got)?s?|dicks?"
    r"|cocksucker|assholes?|slut(s|ty)?|whores?|bitch(es|ing|y)?)('s)?(\(\d\))? "
)


def main() -> None:
    sound = sys.stdin.buffer.read()
    with TemporaryDirectory() as folder:
        words = Path(folder) / "words.dict"
        known = Path(get_model_path("en-us/cmudict-en-us.dict")).read_text(encoding="utf-8")
        words.write_text("".join(line for line in known.splitlines(keepends=True) if not _NEVER_HEARD.match(line)))
        decoder = Decoder(samprate=16000.0, loglevel="FATAL", dict=str(words))
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
