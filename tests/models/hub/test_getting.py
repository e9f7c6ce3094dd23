"""Models come from a hub on this machine: all of what is needed, nothing else, and never a byte twice."""

from __future__ import annotations

import shutil
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from huggingface_hub import scan_cache_dir, snapshot_download
from PIL import Image
from transformers import BlipForConditionalGeneration

from mm_demo.errors import UserError
from mm_demo.models import catalog
from mm_demo.models.blip.captioner import BlipCaptioner
from mm_demo.models.catalog import ModelCard
from mm_demo.models.checkpoint import weight_files
from mm_demo.models.hub.cache import bytes_here, free, local_folder
from mm_demo.models.hub.getting import Cancelled, Progress, get
from mm_demo.models.loading import open_model
from tests.checkpoints import TINY, make_model
from tests.hub_server import Faults, HubServer
from tests.models.hub.conftest import ID, USELESS

WEIGHTS = "model.safetensors"


def size(folder: Path) -> int:
    """Bytes of what is needed of a repository."""
    return sum(f.stat().st_size for f in folder.iterdir() if f.is_file() and f.name not in USELESS)


def test_a_model_comes_and_opens_by_its_id(
    server: HubServer, repository: Path, caption_folder: Path, pictures: list[Image.Image]
) -> None:
    assert local_folder(ID) is None
    folder = get(ID)
    assert local_folder(ID) == folder
    assert {f.name: f.read_bytes() for f in folder.iterdir()} == {
        f.name: f.read_bytes() for f in caption_folder.iterdir()
    }
    assert server.sent() == size(repository)
    opened, original = (open_model("caption", name, "cpu") for name in (ID, str(caption_folder)))
    assert isinstance(opened, BlipCaptioner) and isinstance(original, BlipCaptioner)
    assert (opened.info.id, opened.info.tier) == (ID, "hub")
    for picture in pictures[:2]:
        tokens = [[token for token, _ in model.write(model.look(picture))] for model in (opened, original)]
        assert tokens[0] == tokens[1]


def test_the_cache_is_laid_out_as_the_library_does_it(server: HubServer, repository: Path, cache: Path) -> None:
    folder = get(ID)
    assert snapshot_download(ID, local_files_only=True, cache_dir=cache) == str(folder)
    scanned = scan_cache_dir(cache)
    assert not scanned.warnings and not scanned.incomplete_files
    (found,) = scanned.repos
    assert (found.repo_id, found.size_on_disk, set(found.refs)) == (ID, size(repository), {"main"})


def test_what_the_library_has_downloaded_is_found(server: HubServer, repository: Path, cache: Path) -> None:
    theirs = snapshot_download(ID, cache_dir=cache, endpoint=server.url)
    server.requests.clear()
    assert local_folder(ID) == Path(theirs)
    assert (get(ID), server.sent()) == (Path(theirs), 0)


def test_progress_knows_the_total_from_the_start(server: HubServer, repository: Path) -> None:
    server.faults = Faults(bytes_per_second=size(repository) * 1.5)
    seen: list[Progress] = []
    get(ID, progress=seen.append)
    assert {progress.total for progress in seen} == {size(repository)}
    assert seen[0] == Progress(0, size(repository), 0.0, None)
    assert seen[-1].done == size(repository) and seen[-1].seconds_left == 0
    assert [p.done for p in seen] == sorted(p.done for p in seen) and len(seen) > 3
    assert any(p.seconds_left for p in seen)


def test_a_cancelled_download_goes_on_from_where_it_was(server: HubServer, repository: Path) -> None:
    server.faults = Faults(bytes_per_second=size(repository) * 2)
    cancel = threading.Event()

    def at_half(progress: Progress) -> None:
        if progress.done > progress.total // 2:
            cancel.set()

    with pytest.raises(Cancelled, match="cancelled"):
        get(ID, progress=at_half, cancel=cancel)
    kept = bytes_here(ID)
    assert size(repository) // 2 < kept < size(repository)
    assert local_folder(ID) is None
    with pytest.raises(UserError, match=r"is incomplete \(1 MB are here\); get the rest with .*models get someone/"):
        open_model("caption", ID, "cpu")
    server.faults = Faults()
    server.requests.clear()
    seen: list[Progress] = []
    folder = get(ID, progress=seen.append)
    assert seen[0].done == kept
    assert server.sent() == size(repository) - kept
    assert (folder / WEIGHTS).read_bytes() == (repository / WEIGHTS).read_bytes()


def test_cancelled_before_it_began(server: HubServer, repository: Path) -> None:
    cancel = threading.Event()
    cancel.set()
    with pytest.raises(Cancelled):
        get(ID, cancel=cancel)
    assert server.sent() == 0


def test_a_broken_connection_is_taken_up_again(server: HubServer, repository: Path) -> None:
    server.faults = Faults(cut_after=50_000, cuts=2)
    folder = get(ID)
    assert (folder / WEIGHTS).read_bytes() == (repository / WEIGHTS).read_bytes()
    assert server.sent(WEIGHTS) == (repository / WEIGHTS).stat().st_size
    assert [r.headers["range"] for r in server.requests if "range" in r.headers and r.path.startswith("/content")] == [
        "bytes=50000-",
        "bytes=100000-",
    ]


def test_a_server_that_knows_no_ranges_sends_all_again(server: HubServer, repository: Path) -> None:
    server.faults = Faults(cut_after=50_000, cuts=1, no_ranges=True)
    seen: list[Progress] = []
    folder = get(ID, progress=seen.append)
    assert (folder / WEIGHTS).read_bytes() == (repository / WEIGHTS).read_bytes()
    assert seen[-1].done == seen[-1].total


@pytest.mark.parametrize("excess", [1, 0])
def test_an_unfinished_file_that_is_too_long_or_wrong_is_thrown_away(
    server: HubServer, repository: Path, cache: Path, excess: int
) -> None:
    folder = get(ID)
    blob = (folder / WEIGHTS).resolve()
    (folder / WEIGHTS).unlink()
    blob.unlink()
    blob.with_name(f"{blob.name}.incomplete").write_bytes(bytes((repository / WEIGHTS).stat().st_size + excess))
    if not excess:
        with pytest.raises(UserError, match=f"{WEIGHTS} of '{ID}' came damaged .* was deleted; get it again"):
            get(ID)
    seen: list[Progress] = []
    assert get(ID, progress=seen.append) == folder
    assert seen[-1].done == seen[-1].total
    assert (folder / WEIGHTS).read_bytes() == (repository / WEIGHTS).read_bytes()


def test_wrong_bytes_are_deleted(server: HubServer, repository: Path, cache: Path) -> None:
    server.faults = Faults(wrong_bytes=True)
    with pytest.raises(UserError, match=f"{WEIGHTS} of '{ID}' came damaged .* was deleted; get it again"):
        get(ID)
    assert local_folder(ID) is None and not list(cache.rglob("*.incomplete"))
    server.faults = Faults()
    assert get(ID) == local_folder(ID)


def test_two_who_want_the_same_model_get_it_once(server: HubServer, repository: Path) -> None:
    server.faults = Faults(bytes_per_second=size(repository) * 4)
    with ThreadPoolExecutor(2) as pool:
        folders = list(pool.map(get, [ID, ID]))
    assert folders[0] == folders[1]
    assert server.sent() == size(repository)


def test_what_got_damaged_comes_anew_and_nothing_else(server: HubServer, repository: Path) -> None:
    folder = get(ID)
    weights = (folder / WEIGHTS).read_bytes()
    for damage in (weights[:-100], weights[:-8] + bytes(8 * [255]), None):
        blob = (folder / WEIGHTS).resolve()
        blob.unlink() if damage is None else blob.write_bytes(damage)
        if damage is None or len(damage) < len(weights):
            assert local_folder(ID) is None
        server.requests.clear()
        seen: list[Progress] = []
        assert get(ID, progress=seen.append) == folder == local_folder(ID)
        assert server.sent() == server.sent(WEIGHTS) == len(weights)
        assert seen[-1].done == seen[-1].total


def test_a_model_stays_at_the_commit_it_was_got_at(server: HubServer, repository: Path) -> None:
    folder = get(ID)
    shutil.copytree(repository, repository.with_name(f"{repository.name}@{folder.name}"))
    (repository / "generation_config.json").write_text("{}")
    assert get(ID) == local_folder(ID) == folder
    free(ID)
    newer = get(ID)
    assert newer != folder and (newer / "generation_config.json").read_text() == "{}"


def test_a_revision_can_be_asked_for(server: HubServer, repository: Path) -> None:
    commit = "0123456789" * 4
    shutil.copytree(repository, repository.with_name(f"{repository.name}@{commit}"))
    assert get(ID, revision=commit).name == commit
    assert local_folder(ID, commit) is not None and local_folder(ID) is None
    with pytest.raises(UserError, match=f"no revision 'v9' of '{ID}'"):
        get(ID, revision="v9")


@pytest.mark.parametrize("pickle_only", [False, True])
def test_a_pin_that_the_hub_no_longer_has_gives_way_to_the_main_branch(
    server: HubServer, repository: Path, monkeypatch: pytest.MonkeyPatch, pickle_only: bool
) -> None:
    pin = "fedcba9876" * 4
    card = ModelCard(ID, ("caption",), "blip", "hub", "Pinned", 1, 1, "MIT", "Nothing.", revision=pin)
    monkeypatch.setattr(catalog, "CATALOG", (*catalog.CATALOG, card))
    monkeypatch.setattr("tests.hub_server.find_card", lambda _: None)
    if pickle_only:
        pinned = Path(shutil.copytree(repository, repository.with_name(f"{repository.name}@{pin}")))
        (pinned / WEIGHTS).unlink()
    folder = get(ID)
    assert folder.name != pin and local_folder(ID) == folder
    with pytest.raises(UserError, match="no safetensors of" if pickle_only else "no revision 'fedcba"):
        get(ID, revision=pin)


def test_the_bots_conversion_of_a_pickle(server: HubServer, repository: Path) -> None:
    converted = repository.with_name(f"{repository.name}@refs--pr--7")
    repository.rename(converted)
    shutil.copytree(converted, repository)
    (repository / WEIGHTS).unlink()
    folder = get(ID)
    assert local_folder(ID) == folder and (folder / WEIGHTS).is_file()
    server.requests.clear()
    assert (get(ID), server.sent()) == (folder, 0)
    assert open_model("caption", ID, "cpu").info.tier == "hub"


def test_weights_in_several_files(server: HubServer, repository: Path) -> None:
    (repository / WEIGHTS).unlink()
    model = make_model(BlipForConditionalGeneration, TINY, seed=3)
    model.save_pretrained(repository, max_shard_size="100KB")
    shards = sorted(f.name for f in repository.glob("model-*-of-*.safetensors"))
    assert len(shards) > 1
    folder = get(ID)
    assert sorted(f.name for f in folder.glob("*.safetensors")) == shards
    info = open_model("caption", ID, "cpu").info
    assert info.size_bytes == sum((repository / shard).stat().st_size for shard in shards)
    (folder / shards[0]).unlink()
    assert local_folder(ID) is None
    with pytest.raises(UserError, match=f"1 of its {len(shards)} weight files are missing"):
        weight_files(folder)
    server.requests.clear()
    assert (get(ID), server.sent()) == (folder, 0)  # only the link was gone


def test_a_disk_that_knows_no_links(server: HubServer, repository: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise OSError("no links here")

    monkeypatch.setattr(Path, "symlink_to", refuse)
    folder = get(ID)
    assert not any(file.is_symlink() for file in folder.iterdir())
    assert (local_folder(ID), bytes_here(ID)) == (folder, size(repository))
    server.requests.clear()
    (folder / "config.json").write_text("{}")
    seen: list[Progress] = []
    assert get(ID, progress=seen.append) == folder
    assert server.sent() == server.sent("config.json") == (repository / "config.json").stat().st_size
    assert seen[-1].done == seen[-1].total
    assert (free(ID), bytes_here(ID)) == (size(repository), 0)
