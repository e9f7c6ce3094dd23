"""The ways to keep and search vectors that `benchmarks.vector_search` compares, one class each.

The app's own index is `LanceFlat` up to `LISTS_FROM` rows and `LanceRq` from there.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from mm_demo.index.store import CANDIDATES, PROBES, ROWS_A_PART

K = 10
"""How many rows a query asks for."""

CHUNK = 2000
"""Rows given at once while building."""


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
        found = (
            self.table.search(query, vector_column_name="vector")
            .distance_type("dot")
            .select(["number", "_distance"])
            .limit(K)
        )
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


class LanceRq(LanceFlat):
    """Its inverted lists over vectors of one bit a number, the best candidates weighed again in full."""

    def index(self, table: Any) -> None:
        from lancedb.index import IvfRq

        parts = max(1, table.count_rows() // ROWS_A_PART)
        table.create_index("vector", config=IvfRq(distance_type="dot", num_partitions=parts))

    def tuned(self, found: Any) -> Any:
        return found.nprobes(PROBES).refine_factor(CANDIDATES // K)


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
    "lancedb-rq": LanceRq,
    "qdrant-local": QdrantLocal,
    "qdrant-edge": QdrantEdge,
    "chroma": Chroma,
    "milvus-lite": MilvusLite,
}
