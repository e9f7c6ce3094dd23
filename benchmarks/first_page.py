"""From the command to the first page: the app beside an empty Gradio app, in turn.

    python -m benchmarks.first_page [--rounds 7]

Each round starts both as fresh processes and waits for the page to be served. Printed are the median seconds, and the
median of the rounds' ratios with its range. A first round, which fills the disk cache, is left out.
"""

from __future__ import annotations

import argparse
import os
import socket
import statistics
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
EMPTY = """
import sys, gradio
with gradio.Blocks() as page:
    pass
page.launch(server_port=int(sys.argv[1]), quiet=True)
"""
_PATIENCE = 180.0


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def seconds_to_first_page(command: list[str], port: int) -> float:
    """Start a server, wait for its page, stop it.

    Raises:
        RuntimeError: the page did not come.
    """
    environment = {**os.environ, "GRADIO_ANALYTICS_ENABLED": "False", "HF_HUB_OFFLINE": "1"}
    start = time.perf_counter()
    server = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        while time.perf_counter() - start < _PATIENCE and server.poll() is None:
            try:
                with urllib.request.urlopen(f"http://127.0.0.1:{port}/", timeout=30) as page:
                    page.read()
                return time.perf_counter() - start
            except (urllib.error.URLError, ConnectionError):
                time.sleep(0.02)
        raise RuntimeError(f"no page from {command}")
    finally:
        server.terminate()
        server.wait()


def main() -> None:
    """Time both and print the ratio."""
    options = argparse.ArgumentParser(description="Seconds to the first page, beside an empty Gradio app.")
    options.add_argument("--rounds", type=int, default=7)
    rounds = options.parse_args().rounds
    ours, empty = [], []
    for turn in range(rounds + 1):
        for name in ("ours", "empty") if turn % 2 else ("empty", "ours"):
            port = _free_port()
            app = [sys.executable, "app.py", "--port", str(port)]
            bare = [sys.executable, "-c", EMPTY, str(port)]
            taken = seconds_to_first_page(app if name == "ours" else bare, port)
            if turn:
                (ours if name == "ours" else empty).append(taken)
    ratios = [a / b for a, b in zip(ours, empty, strict=True)]
    print(f"the app {statistics.median(ours):.2f} s, an empty Gradio app {statistics.median(empty):.2f} s")
    print(f"ratio {statistics.median(ratios):.2f} ({min(ratios):.2f} to {max(ratios):.2f}, {rounds} rounds)")


if __name__ == "__main__":
    main()
