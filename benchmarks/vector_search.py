"""Embedded vector databases beside FAISS: building, memory, latency, recall, filtering, in one interleaved run.

    python -m benchmarks.vector_search [--rows 10000] [--dimensions 512] [--queries 200] [--engines A,B]

Needs beside the app's own requirements, for those named in --engines: faiss-cpu, qdrant-client, qdrant-edge-py,
chromadb, milvus-lite with pymilvus. Every engine builds in a process of its own; then each is opened by a fresh process
(that is the start a user waits for), and every query goes to all of them before the next one, in turning order. The
ratio of latencies is the median over queries of one engine's seconds over FAISS flat's for the same query.

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
from typing import Any, Protocol

import numpy as np

K = 10
CHUNK = 2000
FILTERED_SHARE = 0.1
THREADS = "OMP_NUM_THREADS", "LANCE_CPU_THREADS", "RAYON_NUM_THREADS"


class Engine(Protocol):
    """One way to keep vectors in a folder and search them by inner product."""

    module: str

    def build(self, folder: Path, vectors: np.ndarray, sizes: np.ndarray) -> None:
        """Store the rows and index them; everything is on disk when it returns."""

    def open(self, folder: Path) -> None:
        """Be ready to search what `build` left."""

    def search(self, query: np.ndarray, below: int | None) -> list[int]:
        """The K best rows' numbers, best first, of all or of those with a size under `below`."""


class FaissFlat:
    """Exact search over everything in memory."""

    module = "faiss"
    index: Any = None

    def build(self, folder: Path, vectors: np.ndarray, sizes: np.ndarray) -> None:
        import faiss

        index = self.make(faiss, vectors.shape[1])
        for start in range(0, len(vectors), CHUNK):
            index.add(np.ascontiguousarray(vectors[start : start + CHUNK]))
        faiss.write_index(index, str(folder / "index"))
        np.save(folder / "sizes.npy", sizes)

    def make(self, faiss: Any, dimensions: int) -> Any:
        return faiss.IndexFlatIP(dimensions)

    def open(self, folder: Path) -> None:
        import faiss

        self.index = faiss.read_index(str(folder / "index"))
        self.sizes = np.load(folder / "sizes.npy")

    def parameters(self, faiss: Any, selector: Any) -> Any:
        return faiss.SearchParameters(sel=selector)

    def search(self, query: np.ndarray, below: int | None) -> list[int]:
        import faiss

        keep = None if below is None else faiss.IDSelectorBatch(np.flatnonzero(self.sizes < below))
        return self.index.search(query[None], K, params=self.parameters(faiss, keep))[1][0].tolist()


class FaissHnsw(FaissFlat):
    """Approximate search along a graph in memory."""

    def make(self, faiss: Any, dimensions: int) -> Any:
        index = faiss.IndexHNSWFlat(dimensions, 16, faiss.METRIC_INNER_PRODUCT)
        index.hnsw.efConstruction = 100
        return index

    def parameters(self, faiss: Any, selector: Any) -> Any:
        return faiss.SearchParametersHNSW(sel=selector, efSearch=64)


class LanceFlat:
    """Columns on disk, scanned."""

    module = "lancedb"

    def build(self, folder: Path, vectors: np.ndarray, sizes: np.ndarray) -> None:
        import lancedb
        import pyarrow

        def batches() -> Iterator[Any]:
            for start in range(0, len(vectors), CHUNK):
                part = pyarrow.array(np.asarray(vectors[start : start + CHUNK]).ravel())
                fixed = pyarrow.FixedSizeListArray.from_arrays(part, vectors.shape[1])
                number = np.arange(start, start + len(fixed))
                yield pyarrow.record_batch([number, sizes[number], fixed], names=["number", "size", "vector"])

        table = lancedb.connect(folder).create_table("rows", data=pyarrow.Table.from_batches(list(batches())))
        self.index(table)

    def index(self, table: Any) -> None:
        """Nothing to build."""

    def open(self, folder: Path) -> None:
        import lancedb

        self.table = lancedb.connect(folder).open_table("rows")

    def search(self, query: np.ndarray, below: int | None) -> list[int]:
        found = self.table.search(query, vector_column_name="vector").distance_type("dot").select(["number"]).limit(K)
        found = self.tuned(found)
        return (found if below is None else found.where(f"size < {below}")).to_arrow()["number"].to_pylist()

    def tuned(self, found: Any) -> Any:
        return found


class LanceHnsw(LanceFlat):
    """Its graphs over quantised vectors, the best candidates weighed again in full."""

    def index(self, table: Any) -> None:
        from lancedb.index import IvfHnswSq

        parts = max(1, table.count_rows() // 100_000)
        graph = IvfHnswSq(distance_type="dot", num_partitions=parts, m=16, ef_construction=100)
        table.create_index("vector", config=graph)

    def tuned(self, found: Any) -> Any:
        return found.nprobes(4).ef(64).refine_factor(3)


class LancePq(LanceFlat):
    """Its inverted lists over product-quantised vectors, the best candidates weighed again in full."""

    def index(self, table: Any) -> None:
        from lancedb.index import IvfPq

        table.create_index("vector", config=IvfPq(distance_type="dot"))

    def tuned(self, found: Any) -> Any:
        return found.nprobes(20).refine_factor(5)


class QdrantLocal:
    """The client's local mode: SQLite, and NumPy over everything in memory."""

    module = "qdrant_client"

    def build(self, folder: Path, vectors: np.ndarray, sizes: np.ndarray) -> None:
        from qdrant_client import QdrantClient, models

        client = QdrantClient(path=str(folder))
        shape = models.VectorParams(size=vectors.shape[1], distance=models.Distance.DOT)
        client.create_collection("rows", vectors_config=shape)
        for start in range(0, len(vectors), CHUNK):
            ids = list(range(start, min(start + CHUNK, len(vectors))))
            payloads: list[dict[str, Any]] = [{"size": int(sizes[row])} for row in ids]
            client.upsert("rows", models.Batch(ids=list(ids), vectors=vectors[ids].tolist(), payloads=payloads))
        client.close()

    def open(self, folder: Path) -> None:
        from qdrant_client import QdrantClient

        self.client = QdrantClient(path=str(folder))

    def search(self, query: np.ndarray, below: int | None) -> list[int]:
        from qdrant_client import models

        only = models.Filter(must=[models.FieldCondition(key="size", range=models.Range(lt=below))])
        chosen = None if below is None else only
        return [int(hit.id) for hit in self.client.query_points("rows", query, limit=K, query_filter=chosen).points]


class QdrantEdge:
    """The server's engine in the process: segments, write-ahead log, HNSW."""

    module = "qdrant_edge"

    def build(self, folder: Path, vectors: np.ndarray, sizes: np.ndarray) -> None:
        import qdrant_edge as edge

        shard = edge.EdgeShard.create(
            str(folder),
            edge.EdgeConfig(
                vectors=edge.EdgeVectorParams(size=vectors.shape[1], distance=edge.Distance.Dot),
                hnsw_config=edge.HnswIndexConfig(m=16, ef_construct=100, full_scan_threshold=10_000),
                max_search_threads=1,
            ),
        )
        shard.update(edge.UpdateOperation.create_field_index("size", edge.PayloadSchemaType.Integer))
        for start in range(0, len(vectors), CHUNK):
            rows = range(start, min(start + CHUNK, len(vectors)))
            points = [edge.Point(row, vectors[row].tolist(), {"size": int(sizes[row])}) for row in rows]
            shard.update(edge.UpdateOperation.upsert_points(points))
        shard.optimize()
        shard.flush()
        shard.close()

    def open(self, folder: Path) -> None:
        import qdrant_edge as edge

        self.shard = edge.EdgeShard.load(str(folder))

    def search(self, query: np.ndarray, below: int | None) -> list[int]:
        import qdrant_edge as edge

        only = None
        if below is not None:
            only = edge.Filter(must=[edge.FieldCondition(key="size", range=edge.RangeFloat(lt=below))])
        nearest = edge.Query.Nearest(query.tolist())
        found = self.shard.query(
            edge.QueryRequest(limit=K, query=nearest, filter=only, params=edge.SearchParams(hnsw_ef=64))
        )
        return [hit.id for hit in found]


class Chroma:
    """SQLite for the rows, HNSW beside it."""

    module = "chromadb"

    def build(self, folder: Path, vectors: np.ndarray, sizes: np.ndarray) -> None:
        rows = self.collection(folder)
        for start in range(0, len(vectors), CHUNK):
            ids = range(start, min(start + CHUNK, len(vectors)))
            rows.add([str(row) for row in ids], vectors[ids], [{"size": int(sizes[row])} for row in ids])

    def collection(self, folder: Path) -> Any:
        import chromadb

        client = chromadb.PersistentClient(str(folder), chromadb.Settings(anonymized_telemetry=False))
        graph = {"space": "ip", "max_neighbors": 16, "ef_construction": 100, "ef_search": 64}
        return client.get_or_create_collection("rows", configuration={"hnsw": graph}, embedding_function=None)

    def open(self, folder: Path) -> None:
        self.rows = self.collection(folder)

    def search(self, query: np.ndarray, below: int | None) -> list[int]:
        where = None if below is None else {"size": {"$lt": below}}
        return [int(row) for row in self.rows.query(query[None], n_results=K, where=where, include=[])["ids"][0]]


class MilvusLite:
    """The client's local mode; its own choice of index."""

    module = "pymilvus"

    def build(self, folder: Path, vectors: np.ndarray, sizes: np.ndarray) -> None:
        from pymilvus import MilvusClient

        client = MilvusClient(str(folder / "rows.db"))
        client.create_collection("rows", dimension=vectors.shape[1], metric_type="IP")
        for start in range(0, len(vectors), CHUNK):
            rows = range(start, min(start + CHUNK, len(vectors)))
            client.insert("rows", [{"id": row, "vector": vectors[row], "size": int(sizes[row])} for row in rows])
        client.close()

    def open(self, folder: Path) -> None:
        from pymilvus import MilvusClient

        self.client = MilvusClient(str(folder / "rows.db"))
        self.client.load_collection("rows")

    def search(self, query: np.ndarray, below: int | None) -> list[int]:
        only = "" if below is None else f"size < {below}"
        return [int(hit["id"]) for hit in self.client.search("rows", [query], filter=only, limit=K)[0]]


ENGINES: dict[str, type[Engine]] = {
    "faiss-flat": FaissFlat,
    "faiss-hnsw": FaissHnsw,
    "lancedb-flat": LanceFlat,
    "lancedb-hnsw": LanceHnsw,
    "lancedb-pq": LancePq,
    "qdrant-local": QdrantLocal,
    "qdrant-edge": QdrantEdge,
    "chroma": Chroma,
    "milvus-lite": MilvusLite,
}


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
        begin = time.perf_counter()
        found = engine.search(*asked)
        pipe.send((time.perf_counter() - begin, found))
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
        truth, seconds, right = _exact(data, queries, limit), {n: [] for n in names}, dict.fromkeys(names, 0)
        for turn, query in enumerate(queries):
            for name in names[turn % len(names) :] + names[: turn % len(names)]:
                workers[name][1].send((query, limit))
                took, found = workers[name][1].recv()
                seconds[name].append(took)
                right[name] += len(truth[turn].intersection(found))
        for name in names:
            ratios = [a / b for a, b in zip(seconds[name], seconds[names[0]])]
            p50, p99 = np.percentile(np.array(seconds[name]) * 1000, (50, 99))
            figures[name] |= {f"{label}p50_ms": p50, f"{label}p99_ms": p99}
            figures[name] |= {f"{label}ratio": statistics.median(ratios)}
            figures[name] |= {f"{label}recall": right[name] / K / len(queries)}
    for name, (server, pipe) in workers.items():
        pipe.send(None)
        figures[name]["serve_mb"] = pipe.recv()
        server.join()
    _table(figures)
    return figures


def _table(figures: dict[str, dict[str, float]]) -> None:
    columns = {
        "import, s": "import", "open, s": "open", "first, ms": "first", "build, s": "build", "build, CPU s": "build_cpu", "build, MB": "build_mb",
        "serving, MB": "serve_mb", "disk, MB": "disk_mb", "p50, ms": "p50_ms", "p99, ms": "p99_ms", "ratio": "ratio",
        "recall@10": "recall", "filtered p50": "filtered_p50_ms", "filtered p99": "filtered_p99_ms",
        "filtered ratio": "filtered_ratio", "filtered recall": "filtered_recall",
    }  # fmt: skip
    print("| | " + " | ".join(columns) + " |\n|" + " --- |" * (len(columns) + 1))
    for name, row in figures.items():
        row = row | {"first": row["first"] * 1000}
        print(f"| {name} | " + " | ".join(f"{row[key]:.3g}" for key in columns.values()) + " |")


if __name__ == "__main__":
    main()
