"""What programs call: the same JSON as a direct call, many callers at once, and one sentence for a mistake."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from gradio_client import Client, handle_file
from gradio_client.exceptions import AppError
from PIL import Image

import mm_demo
from mm_demo.ui.app import launch
from mm_demo.ui.models import Models

QUESTION = "what color is the star?"


@pytest.fixture(scope="module")
def models(caption_folder: Path, vqa_folder: Path) -> Models:
    folders = {"caption": str(caption_folder), "vqa": str(vqa_folder)}
    return Models(lambda name, model: mm_demo.load(name, model or folders[name], "cpu"))


@pytest.fixture(scope="module")
def client(models: Models) -> Iterator[Client]:
    app = launch(models, port=None, quiet=True)
    yield Client(app.local_url, verbose=False)
    app.close()


@pytest.fixture
def files(pictures: list[Image.Image], tmp_path: Path) -> list[Path]:
    paths = [tmp_path / f"{i}.png" for i in range(len(pictures))]
    for picture, path in zip(pictures, paths, strict=True):
        picture.save(path)
    return paths


def test_only_the_documented_actions_are_offered(client: Client) -> None:
    offered = client.view_api(return_format="dict", print_info=False)
    assert set(offered["named_endpoints"]) == {"/caption", "/vqa", "/sentiment", "/search", "/fusion"}
    assert not offered["unnamed_endpoints"]
    inputs = offered["named_endpoints"]["/vqa"]["parameters"]
    assert [p["parameter_name"] for p in inputs] == ["image", "question", "model"]


def test_answers_are_the_json_of_a_direct_call(client: Client, models: Models, files: list[Path]) -> None:
    assert client.predict(image=handle_file(files[0]), api_name="/caption") == models.get("caption")(files[0]).to_json()
    answer = client.predict(image=handle_file(files[0]), question=QUESTION, api_name="/vqa")
    assert answer == models.get("vqa")(files[0], QUESTION).to_json()
    assert answer["modality_shares"]["image"] + answer["modality_shares"]["text"] == pytest.approx(1)


def test_eight_people_at_once_get_their_own_answers(client: Client, models: Models, files: list[Path]) -> None:
    questions = [f"is the {word} red" for word in ("star", "house", "circle", "tree", "car", "one", "two", "left")]

    def ask(i: int) -> object:
        return client.predict(image=handle_file(files[i]), question=questions[i], api_name="/vqa")

    with ThreadPoolExecutor(8) as people:
        together = list(people.map(ask, range(8)))
    alone = [models.get("vqa")(files[i], questions[i]).to_json() for i in range(8)]
    assert together == [pytest.approx(answer) if isinstance(answer, float) else answer for answer in alone]
    assert len({str(answer["image_map"]) for answer in alone}) == 8


@pytest.mark.parametrize("question", ["", "   ", "x" * 501])
def test_a_mistake_is_one_sentence_and_the_next_request_works(
    client: Client, files: list[Path], tmp_path: Path, question: str
) -> None:
    bad = tmp_path / "bad.png"
    bad.write_bytes(files[0].read_bytes()[:40])
    for wrong in (
        {"image": handle_file(bad), "question": QUESTION},
        {"image": handle_file(files[0]), "question": question},
    ):
        with pytest.raises(AppError) as caught:
            client.predict(**wrong, api_name="/vqa")
        said = str(caught.value)
        assert said.endswith(".") and "Traceback" not in said and "\n" not in said
    assert client.predict(image=handle_file(files[0]), question=QUESTION, api_name="/vqa")["answer"]


def test_files_of_the_server_are_out_of_reach(client: Client) -> None:
    inside = {"path": "/etc/hostname", "meta": {"_type": "gradio.FileData"}, "orig_name": "x.png"}
    with pytest.raises(AppError) as caught:
        client.predict(image=inside, api_name="/caption")
    assert "read" not in str(caught.value).lower() or "not" in str(caught.value).lower()


def test_a_program_names_a_model_that_is_here_and_nothing_else(
    client: Client, files: list[Path], vqa_folder: Path
) -> None:
    named = client.predict(image=handle_file(files[0]), model="blip-caption-scenes", api_name="/caption")
    assert named == mm_demo.load("caption", "blip-caption-scenes", "cpu")(files[0]).to_json()
    assert named != client.predict(image=handle_file(files[0]), api_name="/caption")
    for wrong in (str(vqa_folder), "someone/not-here", "Salesforce/blip-vqa-base"):
        with pytest.raises(AppError) as caught:
            client.predict(image=handle_file(files[0]), question=QUESTION, model=wrong, api_name="/vqa")
        assert str(caught.value).endswith(".") and "\n" not in str(caught.value)
