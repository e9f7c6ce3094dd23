"""Who is in a device's memory, who has to leave, and that nobody leaves while in use."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
import torch
from torch import Tensor, nn

from mm_demo.models.memory import AcceleratorMemory, is_out_of_memory
from mm_demo.models.pool import Pool, Weights
from tests.models.small_memory import CPU, SmallMemory, opened

SIZE = 4 * (8 * 8 + 8)
"""Bytes of a linear layer from 8 to 8."""


def linear(pool: Pool | None, seed: int = 0) -> Weights:
    torch.manual_seed(seed)
    return Weights(opened(nn.Linear(8, 8)), pool)


def use(weights: Weights) -> Tensor:
    with weights.used():
        return weights.opened.model(torch.ones(1, 8))


def test_the_least_recently_used_leaves() -> None:
    memory = SmallMemory(2 * SIZE)
    pool = Pool(memory, room=0)
    a, b, c = (linear(pool) for _ in range(3))
    for weights in (a, b, a, c):
        use(weights)
    assert (a.inside, b.inside, c.inside) == (True, False, True)
    assert memory.moves == [SIZE, SIZE, -SIZE, SIZE]


def test_a_model_that_is_inside_does_not_move_again() -> None:
    memory = SmallMemory(SIZE)
    weights = linear(Pool(memory, room=0))
    for _ in range(3):
        use(weights)
    assert memory.moves == [SIZE]


def test_it_computes_the_same_wherever_it_was() -> None:
    pool = Pool(SmallMemory(SIZE), room=0)
    a, b = linear(pool, 1), linear(pool, 2)
    expected = [weights.opened.model(torch.ones(1, 8)) for weights in (a, b)]
    for _ in range(3):
        assert torch.equal(use(a), expected[0])
        assert torch.equal(use(b), expected[1])


def test_room_to_compute_is_kept_free_where_that_is_possible() -> None:
    pool = Pool(SmallMemory(2 * SIZE), room=1, patience=0)
    a, b = linear(pool), linear(pool)
    use(a)
    use(b)
    assert (a.inside, b.inside) == (False, True)
    with b.used():
        use(a)  # better tight than not at all
    assert a.inside and b.inside


def test_who_is_in_use_stays() -> None:
    pool = Pool(SmallMemory(SIZE), room=0, patience=0.01)
    a, b = linear(pool), linear(pool)
    with a.used():
        with pytest.raises(torch.OutOfMemoryError):
            use(b)
        assert a.inside and not b.inside
    use(b)
    assert b.inside and not a.inside


def test_who_finds_no_room_waits_for_others_to_finish() -> None:
    pool = Pool(SmallMemory(SIZE), room=0, patience=60)
    a, b = linear(pool), linear(pool)
    started, finish = threading.Event(), threading.Event()

    def long() -> None:
        with a.used():
            started.set()
            finish.wait(60)

    with ThreadPoolExecutor(2) as people:
        people.submit(long)
        started.wait(60)
        waiting = people.submit(use, b)
        assert not waiting.done()
        finish.set()
        waiting.result(60)
    assert b.inside and not a.inside


def test_a_generator_that_nobody_goes_on_with_ends_its_use() -> None:
    pool = Pool(SmallMemory(SIZE), room=0, patience=0.01)
    a, b = linear(pool), linear(pool)

    def steps() -> Iterator[int]:
        with a.used():
            yield from range(10)

    abandoned = steps()
    next(abandoned)
    with pytest.raises(torch.OutOfMemoryError):
        use(b)
    del abandoned
    use(b)
    assert b.inside


def test_retired_weights_leave_after_their_last_use() -> None:
    memory = SmallMemory(SIZE)
    weights = linear(Pool(memory, room=0))
    with weights.used():
        weights.retire()
        assert weights.inside
    assert not weights.inside
    assert memory.used == 0


def test_many_at_once_never_meet_a_model_that_is_away() -> None:
    memory = SmallMemory(2 * SIZE)
    pool = Pool(memory, room=0)
    models = [linear(pool, seed) for seed in range(4)]
    expected = [weights.opened.model(torch.ones(1, 8)) for weights in models]

    def person(seed: int) -> int:
        order = torch.randint(4, (50,), generator=torch.Generator().manual_seed(seed)).tolist()
        return sum(torch.equal(use(models[i]), expected[i]) for i in order)

    with ThreadPoolExecutor(6) as people:
        assert list(people.map(person, range(6))) == [50] * 6
    assert memory.used == SIZE * sum(weights.inside for weights in models) <= memory.budget
    assert min(memory.moves) < 0


def test_what_lies_beside_a_model_goes_with_it() -> None:
    weights = linear(Pool(SmallMemory(SIZE), room=0))
    left: list[str] = []
    weights.on_leaving(lambda: left.append("pictures"))
    use(weights)
    assert not left
    weights.retire()
    assert left == ["pictures"]


def test_on_the_cpu_nothing_moves() -> None:
    weights = linear(None)
    assert weights.inside
    use(weights)
    assert not weights.make_room()


def test_weights_with_two_names_count_once() -> None:
    model = nn.Sequential(nn.Linear(8, 8, bias=False), nn.Linear(8, 8, bias=False))
    model[1].weight = model[0].weight
    assert Weights(opened(model), None).size == 4 * 64


def test_a_move_that_fails_half_way_leaves_everything_where_it_was(monkeypatch: pytest.MonkeyPatch) -> None:
    tensors = [torch.full((3,), float(i)) for i in range(3)]
    before = [tensor.data_ptr() for tensor in tensors]
    moved: list[Tensor] = []

    def to(tensor: Tensor, _device: torch.device) -> Tensor:
        if len(moved) == 2:
            raise torch.OutOfMemoryError("full")
        moved.append(tensor.clone())
        return moved[-1]

    monkeypatch.setattr(Tensor, "to", to)
    with pytest.raises(torch.OutOfMemoryError):
        AcceleratorMemory(CPU).bring_in(tensors)
    assert len(moved) == 2
    assert [tensor.data_ptr() for tensor in tensors] == before


def test_weights_brought_in_within_inference_mode_can_still_be_differentiated_through() -> None:
    class Copying(AcceleratorMemory):
        """What a graphics card does, where `to` the same device would copy nothing."""

        def bring_in(self, tensors: list[Tensor]) -> list[Tensor]:  # type: ignore[override]
            with pytest.MonkeyPatch.context() as patched:
                patched.setattr(Tensor, "to", lambda tensor, _device: tensor.clone())
                return super().bring_in(tensors)

    model = nn.Linear(8, 8).requires_grad_(False)
    memory = Copying(CPU)
    with torch.inference_mode():
        homes = memory.bring_in(list(model.parameters()))
    given = torch.ones(1, 8, requires_grad=True)
    model(given).sum().backward()
    assert torch.allclose(given.grad, model.weight.sum(0))  # type: ignore[arg-type]
    assert model.weight.data_ptr() != homes[0].data_ptr()
    memory.move_out(list(model.parameters()), homes)
    assert model.weight.data_ptr() == homes[0].data_ptr()


def test_which_errors_mean_that_memory_ran_out() -> None:
    assert is_out_of_memory(torch.OutOfMemoryError("CUDA out of memory."))
    assert is_out_of_memory(RuntimeError("MPS backend out of memory (MPS allocated: 9.06 GB)"))
    assert not is_out_of_memory(RuntimeError("mat1 and mat2 shapes cannot be multiplied"))
    assert not is_out_of_memory(ValueError("out of memory"))
