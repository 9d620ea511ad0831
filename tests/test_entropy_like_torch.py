"""The same seed gives the same numbers as PyTorch on the CPU, bit for bit, and at the same pace."""

from __future__ import annotations

import math

import ml_dtypes
import numpy as np
import numpy.typing as npt
import pytest

from tapeout.ir.random.entropy import MersenneStream

torch = pytest.importorskip("torch")

if not torch.backends.cpu.get_cpu_capability().startswith("AVX"):
    pytest.skip("PyTorch rounds samples differently without AVX2", allow_module_level=True)

DTYPES = {
    "float32": np.float32,
    "float64": np.float64,
    "float16": np.float16,
    "bfloat16": ml_dtypes.bfloat16,
}
SHAPES = [(), (1,), (3, 5), (16,), (17,), (2, 3, 5), (31,), (4, 8), (7, 9), (40, 25)]


@pytest.fixture
def stream() -> MersenneStream:
    torch.manual_seed(1234)
    return MersenneStream(1234)


def assert_same(ours: npt.NDArray[np.generic], theirs: object) -> None:
    """Same shape, same dtype, same bits."""
    assert str(theirs.dtype) == f"torch.{ours.dtype.name}"
    assert ours.shape == tuple(theirs.shape)
    bits = theirs.contiguous().view(-1).view(torch.uint8).numpy()
    np.testing.assert_array_equal(np.ascontiguousarray(ours).reshape(-1).view(np.uint8), bits)


def assert_in_step(stream: MersenneStream) -> None:
    """Both have drawn the same number of words: what comes next agrees."""
    assert stream.fresh_seed() == int(torch.empty((), dtype=torch.int64).random_().item())


@pytest.mark.parametrize("name", DTYPES)
@pytest.mark.parametrize("shape", SHAPES)
def test_rand(stream: MersenneStream, shape: tuple[int, ...], name: str) -> None:
    assert_same(stream.uniform(shape, DTYPES[name]), torch.rand(shape, dtype=getattr(torch, name)))
    assert_in_step(stream)


@pytest.mark.parametrize("name", DTYPES)
@pytest.mark.parametrize("low, high", [(-0.3, 0.7), (0.1, 0.35), (-(13**-0.5), 13**-0.5), (2, 2)])
def test_uniform_(stream: MersenneStream, low: float, high: float, name: str) -> None:
    theirs = torch.empty(50, 40, dtype=getattr(torch, name)).uniform_(low, high)
    assert_same(stream.uniform((50, 40), DTYPES[name], low, high), theirs)


@pytest.mark.parametrize("name", DTYPES)
@pytest.mark.parametrize("shape", SHAPES)
def test_randn(stream: MersenneStream, shape: tuple[int, ...], name: str) -> None:
    for _ in range(3):
        theirs = torch.randn(shape, dtype=getattr(torch, name))
        assert_same(stream.normal(shape, DTYPES[name]), theirs)
    assert_in_step(stream)


@pytest.mark.parametrize("name", DTYPES)
@pytest.mark.parametrize("size", [5, 1000, 1003])
@pytest.mark.parametrize("mean, std", [(2.0, 0.7), (-0.1, 0.02), (1.5, 0.0)])
def test_normal_(stream: MersenneStream, mean: float, std: float, size: int, name: str) -> None:
    theirs = torch.empty(size, dtype=getattr(torch, name)).normal_(mean, std)
    assert_same(stream.normal((size,), DTYPES[name], mean, std), theirs)


def test_a_long_run_of_normals(stream: MersenneStream) -> None:
    assert_same(stream.normal((500_009,)), torch.randn(500_009))


def test_the_spare_normal_crosses_dtypes_and_shapes(stream: MersenneStream) -> None:
    for shape, name in [
        ((3,), "float32"),
        ((20,), "float32"),
        ((1, 2), "float64"),
        ((5,), "float16"),
    ]:
        theirs = torch.randn(shape, dtype=getattr(torch, name))
        assert_same(stream.normal(shape, DTYPES[name]), theirs)
    assert_in_step(stream)


@pytest.mark.parametrize(
    "low, high",
    [(0, 2), (-5, 5), (0, 2**28 - 1), (0, 2**28), (-(2**40), 3), (-(2**63), 2**63 - 1)],
)
def test_randint(stream: MersenneStream, low: int, high: int) -> None:
    assert_same(stream.integers(low, high, (3, 7)), torch.randint(low, high, (3, 7)))
    assert_in_step(stream)


@pytest.mark.parametrize("name", ["uint8", "int32", "float32"])
def test_randint_of_other_dtypes(stream: MersenneStream, name: str) -> None:
    theirs = torch.randint(3, 100, (4, 5), dtype=getattr(torch, name))
    assert_same(stream.integers(3, 100, (4, 5), np.dtype(name)), theirs)


@pytest.mark.parametrize("count", [0, 1, 2, 10, 1797])
def test_randperm(stream: MersenneStream, count: int) -> None:
    assert_same(stream.permutation(count), torch.randperm(count))
    assert_in_step(stream)


@pytest.mark.parametrize("probability", [0.0, 0.3, 0.5, 1.0])
@pytest.mark.parametrize("shape", [(1,), (13, 7), (2000,)])
def test_bernoulli_(stream: MersenneStream, shape: tuple[int, ...], probability: float) -> None:
    theirs = torch.empty(shape, dtype=torch.bool).bernoulli_(probability)
    assert_same(stream.bernoulli(shape, probability), theirs)
    assert_in_step(stream)


@pytest.mark.parametrize("name", DTYPES)
def test_bernoulli_of_a_tensor(stream: MersenneStream, name: str) -> None:
    chances = torch.linspace(0, 1, 600, dtype=torch.float64).reshape(20, 30)
    theirs = torch.bernoulli(chances.to(getattr(torch, name)))
    ours = stream.bernoulli_each(chances.numpy().astype(DTYPES[name]))
    assert_same(ours, theirs.bool())
    assert_in_step(stream)


@pytest.mark.parametrize("name", DTYPES)
@pytest.mark.parametrize("drop", [0.0, 0.013, 0.1, 0.3, 0.5, 0.77, 1.0])
@pytest.mark.parametrize("tracked", [False, True])
def test_dropout(stream: MersenneStream, drop: float, name: str, tracked: bool) -> None:
    x = torch.ones(9, 50, dtype=getattr(torch, name), requires_grad=tracked)
    theirs = torch.nn.functional.dropout(x, drop, training=True).detach()
    assert_same(stream.dropout_noise((9, 50), drop, DTYPES[name]), theirs)
    assert_in_step(stream)


def test_dropout_of_channels_draws_one_sample_a_channel(stream: MersenneStream) -> None:
    theirs = torch.nn.functional.dropout2d(torch.ones(2, 30, 4, 5), 0.4, training=True)
    ours = np.broadcast_to(stream.dropout_noise((2, 30, 1, 1), 0.4), (2, 30, 4, 5))
    assert_same(ours, theirs)


@pytest.mark.parametrize("name", DTYPES)
def test_exponential_(stream: MersenneStream, name: str) -> None:
    theirs = torch.empty(30, 70, dtype=getattr(torch, name)).exponential_(1.7)
    assert_same(stream.exponential((30, 70), DTYPES[name], 1.7), theirs)


@pytest.mark.parametrize("name", ["float32", "float64"])
@pytest.mark.parametrize("count, replacement", [(1, False), (4, False), (1, True), (60, True)])
@pytest.mark.parametrize("shape", [(9,), (6, 9)])
def test_multinomial(
    stream: MersenneStream, shape: tuple[int, ...], count: int, replacement: bool, name: str
) -> None:
    weights = torch.arange(1.0, 1 + math.prod(shape)).reshape(shape).to(getattr(torch, name)) / 7
    theirs = torch.multinomial(weights, count, replacement)
    assert_same(stream.multinomial(weights.numpy(), count, replacement), theirs)
    assert_in_step(stream)


@pytest.mark.parametrize("seed", [0, 1, 2**32 + 5, -1, -(2**63), 2**64 - 1])
def test_seeds(seed: int) -> None:
    torch.manual_seed(seed)
    stream = MersenneStream(seed)
    assert stream.initial_seed() == torch.initial_seed()
    assert_same(stream.uniform((5,)), torch.rand(5))


def test_a_generator_that_was_never_seeded() -> None:
    generator, stream = torch.Generator(), MersenneStream()
    assert stream.initial_seed() == generator.initial_seed()
    assert_same(stream.uniform((5,)), torch.rand(5, generator=generator))


@pytest.mark.parametrize("normals", [1, 2])
@pytest.mark.parametrize("drawn", [0, 1, 624, 1000])
def test_states_travel_both_ways(stream: MersenneStream, drawn: int, normals: int) -> None:
    torch.rand(drawn)
    torch.randn(normals)
    stream.set_state_bytes(torch.get_rng_state().numpy())
    back = stream.state_bytes()
    ours = [stream.normal((3,)), stream.uniform((700,))]
    theirs = [torch.randn(3), torch.rand(700)]
    torch.set_rng_state(torch.from_numpy(back))
    again = [torch.randn(3), torch.rand(700)]
    for mine, its, twice in zip(ours, theirs, again, strict=True):
        assert_same(mine, its)
        assert_same(mine, twice)
    assert stream.initial_seed() == torch.initial_seed()


# What layers and loaders do with a stream.


def test_linear_starts_from_the_same_weights(stream: MersenneStream) -> None:
    layer = torch.nn.Linear(13, 7)
    bound = math.sqrt(3.0) * (math.sqrt(2.0 / (1 + math.sqrt(5.0) ** 2)) / math.sqrt(13))
    assert_same(stream.uniform((7, 13), low=-bound, high=bound), layer.weight.detach())
    bound = 1 / math.sqrt(13)
    assert_same(stream.uniform((7,), low=-bound, high=bound), layer.bias.detach())
    assert_in_step(stream)


def loader_epochs(
    default: MersenneStream, own: MersenneStream | None, size: int, shuffle: bool
) -> list[list[int]]:
    """Two epochs in the order that the entropy module describes."""
    orders = []
    for _ in range(2):
        (own or default).fresh_seed()
        if not shuffle:
            orders.append(list(range(size)))
            continue
        source = own or MersenneStream(default.fresh_seed())
        orders.append(source.permutation(size).tolist())
        source.permutation(size)
    return orders


@pytest.mark.parametrize("shuffle", [False, True])
@pytest.mark.parametrize("with_own", [False, True])
@pytest.mark.parametrize("batch_size, drop_last", [(3, False), (3, True), (5, False)])
def test_the_order_of_a_data_loader(
    stream: MersenneStream, batch_size: int, drop_last: bool, with_own: bool, shuffle: bool
) -> None:
    generator = torch.Generator().manual_seed(77) if with_own else None
    own = MersenneStream(77) if with_own else None
    loader = torch.utils.data.DataLoader(
        range(10), batch_size, shuffle, generator=generator, drop_last=drop_last
    )
    theirs = [torch.cat(list(loader)).tolist() for _ in range(2)]
    kept = 10 - 10 % batch_size if drop_last else 10
    assert theirs == [order[:kept] for order in loader_epochs(stream, own, 10, shuffle)]
    if own is not None:
        assert_same(own.uniform((3,)), torch.rand(3, generator=generator))
    assert_in_step(stream)


def test_the_unused_permutation_comes_with_the_end_of_an_epoch() -> None:
    generator, own = torch.Generator().manual_seed(77), MersenneStream(77)
    loader = torch.utils.data.DataLoader(range(10), 5, shuffle=True, generator=generator)
    batches = iter(loader)
    own.fresh_seed()
    assert [*next(batches).tolist(), *next(batches).tolist()] == own.permutation(10).tolist()
    assert_same(own.uniform((3,)), torch.rand(3, generator=generator))
    assert next(batches, None) is None
    own.permutation(10)
    assert_same(own.uniform((3,)), torch.rand(3, generator=generator))


@pytest.mark.parametrize("lengths", [[7, 3], [0.5, 0.3, 0.2]])
def test_the_order_of_a_random_split(lengths: list[float]) -> None:
    generator, own = torch.Generator().manual_seed(42), MersenneStream(42)
    parts = torch.utils.data.random_split(range(10), lengths, generator)
    order = own.permutation(10).tolist()
    assert [index for part in parts for index in part.indices] == order
    assert_same(own.uniform((3,)), torch.rand(3, generator=generator))
