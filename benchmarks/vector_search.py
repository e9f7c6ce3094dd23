"""Embedded vector databases beside FAISS: building, memory, latency, recall, filtering, in one interleaved run.

    python -m benchmarks.vector_search [--rows 10000] [--dimensions 512] [--queries 200] [--engines A,B]

Needs beside the app's own requirements, for those named in --engines: faiss-cpu, qdrant-client, qdrant-edge-py,
chromadb, milvus-lite with pymilvus. Every engine builds in a process of its own; then each is opened by a fresh process
(that is the start a user waits for), and every query goes to all of them before the next one, in turning order. The
ratio of latencies is the median over queries of one engine's seconds over FAISS flat's for the same query. On a busy
machine even the ratio is unfair to engines that hand a query from thread to thread; processor time is not.

The vectors are what an encoder of pictures makes: unit length, in clusters of uneven size, in fewer directions than
they have dimensions. The filter keeps about one row in ten.
"""

from __future__ import annotations

import argparse
import importlib
import json
import multiprocessing
import os
import resource
import shutil
import statistics
import tempfile
import time
from collections.abc import Iterator
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.vector_engines import ENGINES, K

FILTERED_SHARE = 0.1
THREADS = "OMP_NUM_THREADS", "LANCE_CPU_THREADS", "RAYON_NUM_THREADS"


def made(rows: int, dimensions: int, seed: int, batch: int = 50_000) -> Iterator[np.ndarray]:
    """Unit vectors in uneven clusters, in a quarter of the directions, with a little noise in all; by batches."""
    world = np.random.default_rng(0)
    inner = dimensions // 4
    centres = world.standard_normal((1000, inner)).astype(np.float32)
    weights = world.dirichlet(np.full(1000, 0.5))
    spread = world.standard_normal((inner, dimensions)).astype(np.float32) / np.sqrt(inner)
    draw = np.random.default_rng(seed)
    for start in range(0, rows, batch):
        n = min(batch, rows - start)
        latent = centres[draw.choice(1000, n, p=weights)] + draw.standard_normal((n, inner), dtype=np.float32)
        vectors = latent @ spread + 0.1 * draw.standard_normal((n, dimensions), dtype=np.float32)
        yield vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


def _peak() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def _now() -> float:
    """Memory of this process that is its own, MB: mapped files, which the system can take back, are not counted."""
    fields = dict(line.split(":") for line in Path("/proc/self/status").read_text().splitlines() if ":" in line)
    return float(fields["RssAnon"].split()[0]) / 1024


def _build(name: str, data: Path, folder: Path, pipe: Connection) -> None:
    engine = ENGINES[name]()
    importlib.import_module(engine.module)
    vectors, sizes = np.load(data / "vectors.npy", mmap_mode="r"), np.load(data / "sizes.npy")
    imported, idle, before = time.perf_counter(), time.process_time(), _now()
    engine.build(folder, vectors, sizes)
    took, worked = time.perf_counter() - imported, time.process_time() - idle
    pipe.send({"build": took, "build_cpu": worked, "build_mb": _peak() - before})


def _serve(name: str, folder: Path, pipe: Connection) -> None:
    """Open, answer queries until None comes."""
    engine, before, start = ENGINES[name](), _now(), time.perf_counter()
    importlib.import_module(engine.module)
    imported = time.perf_counter()
    engine.open(folder)
    opened = time.perf_counter()
    query = pipe.recv()[0]
    engine.search(query, None)
    first = time.perf_counter() - opened
    pipe.send({"import": imported - start, "open": opened - imported, "first": first})
    while (asked := pipe.recv()) is not None:
        begin, idle = time.perf_counter(), time.process_time()
        found = engine.search(*asked)
        pipe.send((time.perf_counter() - begin, time.process_time() - idle, found))
    pipe.send(_now() - before)


def _exact(data: Path, queries: np.ndarray, below: int | None) -> list[set[int]]:
    """The true K best of every query, by brute force over batches."""
    vectors, sizes = np.load(data / "vectors.npy", mmap_mode="r"), np.load(data / "sizes.npy")
    scores = np.concatenate([queries @ vectors[i : i + 50_000].T for i in range(0, len(vectors), 50_000)], axis=1)
    if below is not None:
        scores[:, sizes >= below] = -np.inf
    return [set(row.tolist()) for row in np.argpartition(-scores, K, axis=1)[:, :K]]


def main() -> None:
    """Measure and print a table in Markdown, and the figures as one line of JSON."""
    parser = argparse.ArgumentParser(description="Embedded vector databases beside FAISS, interleaved.")
    parser.add_argument("--rows", type=int, default=10_000)
    parser.add_argument("--dimensions", type=int, default=512)
    parser.add_argument("--queries", type=int, default=200)
    parser.add_argument("--engines", default=",".join(ENGINES), help=f"which of {', '.join(ENGINES)}")
    parser.add_argument("--threads", type=int, default=1, help="of each engine, where it can be told (default: 1)")
    options = parser.parse_args()
    os.environ.update({name: str(options.threads) for name in THREADS})
    names = options.engines.split(",")
    data = Path(tempfile.mkdtemp(prefix="vector-search-"))
    try:
        _prepare(data, options.rows, options.dimensions)
        queries = np.concatenate(list(made(options.queries, options.dimensions, seed=2)))
        print(json.dumps(_measure(names, data, queries)))
    finally:
        shutil.rmtree(data)


def _prepare(data: Path, rows: int, dimensions: int) -> None:
    shape = (rows, dimensions)
    vectors = np.lib.format.open_memmap(data / "vectors.npy", mode="w+", dtype=np.float32, shape=shape)
    start = 0
    for part in made(rows, dimensions, seed=1):
        vectors[start : start + len(part)] = part
        start += len(part)
    np.save(data / "sizes.npy", np.random.default_rng(3).integers(0, 1_000_000, rows))


def _measure(names: list[str], data: Path, queries: np.ndarray) -> dict[str, dict[str, float]]:
    spawn = multiprocessing.get_context("spawn")
    figures: dict[str, dict[str, float]] = {}
    workers: dict[str, tuple[Any, Connection]] = {}
    for name in names:
        folder = data / name
        folder.mkdir()
        mine, theirs = spawn.Pipe()
        builder = spawn.Process(target=_build, args=(name, data, folder, theirs))
        builder.start()
        figures[name] = mine.recv()
        builder.join()
        figures[name]["disk_mb"] = sum(p.stat().st_size for p in folder.rglob("*") if p.is_file()) / 1e6
        server = spawn.Process(target=_serve, args=(name, folder, theirs))
        server.start()
        mine.send((queries[0], None))
        figures[name].update(mine.recv())
        workers[name] = (server, mine)
    below = int(1_000_000 * FILTERED_SHARE)
    for label, limit in ("", None), ("filtered_", below):
        truth, right = _exact(data, queries, limit), dict.fromkeys(names, 0)
        seconds: dict[str, list[float]] = {name: [] for name in names}
        worked: dict[str, list[float]] = {name: [] for name in names}
        for turn, query in enumerate(queries):
            for name in names[turn % len(names) :] + names[: turn % len(names)]:
                workers[name][1].send((query, limit))
                took, work, found = workers[name][1].recv()
                seconds[name].append(took)
                worked[name].append(work)
                right[name] += len(truth[turn].intersection(found))
        for name in names:
            ratios = [a / b for a, b in zip(seconds[name], seconds[names[0]])]
            p50, p99 = np.percentile(np.array(seconds[name]) * 1000, (50, 99))
            figures[name] |= {f"{label}p50_ms": p50, f"{label}p99_ms": p99}
            figures[name] |= {f"{label}ratio": statistics.median(ratios)}
            figures[name] |= {f"{label}cpu_ms": statistics.median(worked[name]) * 1000}
            figures[name] |= {f"{label}recall": right[name] / K / len(queries)}
    for name, (server, pipe) in workers.items():
        pipe.send(None)
        figures[name]["serve_mb"] = pipe.recv()
        server.join()
    _table(figures)
    return figures


def _table(figures: dict[str, dict[str, float]]) -> None:
    columns = {
        "import": "import, s",
        "open": "open, s",
        "first": "first, ms",
        "build": "build, s",
        "build_cpu": "build, CPU s",
        "build_mb": "build, MB",
        "serve_mb": "serving, MB",
        "disk_mb": "disk, MB",
        "cpu_ms": "CPU, ms",
        "p50_ms": "p50, ms",
        "p99_ms": "p99, ms",
        "ratio": "ratio",
        "recall": "recall@10",
        "filtered_cpu_ms": "filtered CPU",
        "filtered_p50_ms": "filtered p50",
        "filtered_p99_ms": "filtered p99",
        "filtered_ratio": "filtered ratio",
        "filtered_recall": "filtered recall",
    }
    print("| | " + " | ".join(columns.values()) + " |\n|" + " --- |" * (len(columns) + 1))
    for name, row in figures.items():
        row = row | {"first": row["first"] * 1000}
        print(f"| {name} | " + " | ".join(f"{row[key]:.3g}" for key in columns) + " |")


if __name__ == "__main__":
    main()
