"""The projections: each precision says what the whole matrix would, within its error, and is as small as it claims."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch
from torch import Tensor

from worker.engines.chatterbox.arithmetic.precision import REFERENCE, Precision, precision_of
from worker.engines.chatterbox.arithmetic.projection import (
    HALVED,
    Eight,
    Packed,
    Plain,
    Projection,
    attending,
    projection,
)

INPUTS, OUTPUTS = 256, 384
PRECISIONS = {
    "reference": (REFERENCE, 1e-6, 4.0),
    "balanced": (Precision(name="balanced", weights=torch.bfloat16), 4e-3, 2.0),
    "fast": (Precision(name="fast", int8=True), 15e-3, 1.05),
}
"""With the largest error of a product, relative to its root mean square, and bytes for each weight.

Numbers of bfloat16 have eight bits, their errors 2⁻⁹ at most; half a step of 127 is 0.4 % of the largest of a row,
whose root mean square is a third of that: with weights and inputs rounded independently a little over 1 %.
"""


@pytest.fixture(params=list(PRECISIONS))
def name(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(params=[False, True], ids=["without bias", "with bias"])
def bias(request: pytest.FixtureRequest) -> Tensor | None:
    return drawn(OUTPUTS, seed=3) if request.param else None


def drawn(*shape: int, seed: int) -> Tensor:
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed))


def weight() -> Tensor:
    """As the llama members have it: outputs outside, seen the other way round."""
    return drawn(OUTPUTS, INPUTS, seed=1).t()


def error(ours: Tensor, exact: Tensor) -> float:
    return float((ours - exact).norm() / exact.norm())


@pytest.mark.parametrize("rows", [1, 2, 5, 40])
def test_a_product_is_within_the_error_of_its_precision(name: str, rows: int, bias: Tensor | None) -> None:
    precision, allowed, _ = PRECISIONS[name]
    given = drawn(rows, INPUTS, seed=2) * torch.linspace(0.01, 100, rows)[:, None]  # no row suffers from a larger one
    exact = given @ weight() + (0 if bias is None else bias)
    ours = projection(weight(), bias, precision)(given)
    assert ours.dtype == torch.float32
    for row in range(rows):
        assert error(ours[row], exact[row]) < allowed


def test_onto_adds_to_what_it_is_given(name: str, bias: Tensor | None) -> None:
    precision = PRECISIONS[name][0]
    given, residual = drawn(3, INPUTS, seed=2), drawn(3, OUTPUTS, seed=4) * 1e4
    kept = residual.clone()
    product = projection(weight(), bias, precision)
    summed = product.onto(residual, given)
    torch.testing.assert_close(summed, kept + product(given), rtol=1e-6, atol=1e-2)
    assert torch.equal(residual, kept)
    assert summed.dtype == torch.float32


def test_in_eight_bits_a_row_is_the_same_to_the_last_bit_whoever_stands_beside_it() -> None:
    given = drawn(16, INPUTS, seed=2)
    given[5] *= 1e3
    product = projection(weight(), None, PRECISIONS["fast"][0])
    together = product(given)
    for row in range(16):
        assert torch.equal(product(given[row : row + 1])[0], together[row])


def test_a_row_of_zeros_stays_one(name: str) -> None:
    product = projection(weight(), None, PRECISIONS[name][0])
    assert product(torch.zeros(2, INPUTS)).abs().max() == 0


def test_it_reads_so_many_bytes(name: str) -> None:
    precision, _, bytes_each = PRECISIONS[name]
    assert projection(weight(), None, precision).weight_bytes <= bytes_each * INPUTS * OUTPUTS


def test_nothing_of_what_was_given_is_kept(name: str) -> None:
    given = weight()
    exact = projection(given, None, PRECISIONS[name][0])
    before = exact(torch.ones(1, INPUTS))
    given.zero_()
    assert torch.equal(exact(torch.ones(1, INPUTS)), before)


def test_without_room_for_products_of_eight_bits_inputs_have_fewer() -> None:
    given = drawn(4, INPUTS, seed=2)
    narrow = replace(Eight.of(weight(), None), steps=HALVED)
    assert 5e-3 < error(narrow(given), given @ weight()) < 25e-3


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_elsewhere_than_on_a_processor_the_library_chooses(dtype: torch.dtype) -> None:
    product = projection(weight().to("meta"), None, Precision(name="balanced", weights=dtype))
    assert isinstance(product, Plain)
    assert product.weight.dtype == dtype


def test_attention_has_no_matrices_of_eight_bits_where_bfloat16_is_computed_in() -> None:
    half = precision_of("balanced", torch.device("cpu")).weights
    kept = attending(precision_of("fast", torch.device("cpu")))
    assert (kept.int8, kept.weights) == (half == torch.float32, half)
    assert attending(REFERENCE) == REFERENCE


def test_a_processor_gets_the_layout_it_reads_fastest() -> None:
    made: dict[str, type[Projection]] = {
        name: type(projection(weight(), None, precision)) for name, (precision, _, _) in PRECISIONS.items()
    }
    assert made == {"reference": Packed, "balanced": Packed, "fast": Eight}


def test_the_precisions_of_a_processor_are_those_that_are_tested_here() -> None:
    assert precision_of("fast", torch.device("cpu")).int8
    assert precision_of("reference", torch.device("cpu")) == REFERENCE


def test_plain_ones_agree_with_packed_ones(bias: Tensor | None) -> None:
    given, residual = drawn(3, INPUTS, seed=2), drawn(3, OUTPUTS, seed=4)
    plain, packed = Plain(weight=weight(), bias=bias), Packed.of(weight(), bias, torch.float32)
    torch.testing.assert_close(plain(given), packed(given), rtol=1e-5, atol=1e-4)
    torch.testing.assert_close(plain.onto(residual, given), packed.onto(residual, given), rtol=1e-5, atol=1e-4)
