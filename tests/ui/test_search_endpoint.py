"""What programs call to search: a zip or the bundled gallery, and no file of the server."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest
from gradio_client import Client, handle_file
from gradio_client.exceptions import AppError
from PIL import Image

from mm_demo.tasks import gallery as bundled
from mm_demo.tasks import retrieval_gallery
from mm_demo.tasks.retrieval import RetrievalTask
from mm_demo.ui.app import launch
from mm_demo.ui.models import Models
from tests.tasks.colour_matcher import ColourMatcher, painted
from tests.ui.fakes import fake


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Client]:
    with pytest.MonkeyPatch.context() as patch:
        cache = tmp_path_factory.mktemp("cache")
        patch.setattr(retrieval_gallery, "CACHE", cache)
        patch.setattr(bundled, "CACHE", cache)
        patch.setattr(bundled, "PICTURES", 4)

        def load(name: str, model: str | None) -> object:
            return RetrievalTask(ColourMatcher()) if name == "retrieval" else fake(name)

        app = launch(Models(load, ("caption", "vqa", "sentiment", "retrieval")), port=None, quiet=True)
        yield Client(app.local_url, verbose=False)
        app.close()


def zipped(path: Path, pictures: dict[str, Image.Image | bytes]) -> Path:
    with zipfile.ZipFile(path, "w") as archive:
        for name, picture in pictures.items():
            data = io.BytesIO()
            if isinstance(picture, Image.Image):
                picture.save(data, "PNG")
            archive.writestr(name, picture if isinstance(picture, bytes) else data.getvalue())
    return path


@pytest.fixture
def colours(tmp_path: Path) -> Path:
    pictures: dict[str, Image.Image | bytes] = {f"sub/{c}.png": painted(ground=c) for c in ("red", "green", "blue")}
    return zipped(tmp_path / "colours.zip", {**pictures, "cut.png": b"no picture", "notes.txt": b"red"})


def test_a_zip_is_searched_by_words_a_picture_and_both(client: Client, colours: Path, tmp_path: Path) -> None:
    green = tmp_path / "query.png"
    painted((0, 0, "white"), ground="green").save(green)
    answer = client.predict(gallery=handle_file(colours), query="red", k=2, api_name="/search")
    assert [hit["file"] for hit in answer["hits"]][0] == "sub/red.png" and len(answer["hits"]) == 2
    assert [entry["file"] for entry in answer["skipped"]] == ["cut.png"]
    answer = client.predict(gallery=handle_file(colours), image=handle_file(green), api_name="/search")
    assert answer["hits"][0]["file"] == "sub/green.png" and len(answer["hits"]) == 3
    firsts = [
        client.predict(
            gallery=handle_file(colours), query="red", image=handle_file(green), text_share=share, api_name="/search"
        )["hits"][0]["file"]
        for share in (0.1, 0.9)
    ]
    assert firsts == ["sub/green.png", "sub/red.png"]


def test_the_bundled_gallery(client: Client) -> None:
    answer = client.predict(query="a red snark", api_name="/search")
    assert {hit["file"] for hit in answer["hits"]} == {f"scene-00{i}.png" for i in range(4)}
    scores = [hit["score"] for hit in answer["hits"]]
    assert scores == sorted(scores, reverse=True) and answer["unknown_words"] == ["a", "snark"]


def test_everybody_gets_their_own_gallery(client: Client, tmp_path: Path) -> None:
    def ask(i: int) -> object:
        archive = zipped(tmp_path / f"{i}.zip", {f"{i}-{c}.png": painted(ground=c) for c in ("red", "blue")})
        answer = client.predict(gallery=handle_file(archive), query="blue", api_name="/search")
        return [hit["file"] for hit in answer["hits"]]

    with ThreadPoolExecutor(4) as people:
        assert list(people.map(ask, range(4))) == [[f"{i}-blue.png", f"{i}-red.png"] for i in range(4)]


def refused(client: Client, **inputs: object) -> str:
    with pytest.raises(AppError) as caught:
        client.predict(**inputs, api_name="/search")
    said = str(caught.value)
    assert said.endswith(".") and "Traceback" not in said and "\n" not in said
    return said


def test_mistakes_are_one_sentence_and_the_next_request_works(client: Client, colours: Path, tmp_path: Path) -> None:
    assert "query is empty" in refused(client, gallery=handle_file(colours), query=" ")
    assert "can't be 0 hits" in refused(client, query="red", k=0)
    assert "between 0 and 1" in refused(client, query="red", text_share=3)
    slip = zipped(tmp_path / "slip.zip", {"../evil.png": painted()})
    assert "leads outside" in refused(client, gallery=handle_file(slip), query="red")
    words = zipped(tmp_path / "words.zip", {"a.txt": b"red"})
    assert "no pictures" in refused(client, gallery=handle_file(words), query="red")
    broken = tmp_path / "broken.zip"
    broken.write_bytes(colours.read_bytes()[:200])
    assert "damaged" in refused(client, gallery=handle_file(broken), query="red")
    assert client.predict(gallery=handle_file(colours), query="red", api_name="/search")["hits"]


def test_nothing_of_the_server_can_be_read(client: Client, tmp_path: Path) -> None:
    secret = tmp_path / "secret.png"
    painted(ground="red").save(secret)
    words = client.predict(query=str(secret), api_name="/search")
    assert len(words["hits"]) == 4 and words["unknown_words"], "a path is words like any other"
    archive = zipped(tmp_path / "secret.zip", {"a.png": painted()})
    # Posted as it stands: the client would upload these files from this machine first.
    for place, path in ((0, archive), (2, secret)):
        data = [None, "red", None, 0.5, 10]
        data[place] = {"path": str(path), "meta": {"_type": "gradio.FileData"}, "orig_name": path.name}
        begun = httpx.post(f"{client.src}gradio_api/call/search", json={"data": data}).json()
        said = httpx.get(f"{client.src}gradio_api/call/search/{begun['event_id']}", timeout=60).text
        assert "event: error" in said and "hits" not in said
