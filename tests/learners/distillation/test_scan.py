"""The wide layers compute what the layers of torch compute."""

import pytest
import torch
from torch import Tensor, nn

from rl_pipeline.learners.distillation.scan import SMALLEST_WIDTH, can_scan, scan

LENGTHS = [5, 9, 9, 2]
CELLS = [nn.RNN, nn.GRU]


def sequences() -> tuple[Tensor, Tensor, Tensor]:
    """Return inputs, the state at the start, and a mask of the steps that count."""
    torch.manual_seed(0)
    mask = torch.zeros(4, 9, 1)
    for row, length in enumerate(LENGTHS):
        mask[row, :length] = 1.0
    return torch.randn(4, 9, 3, requires_grad=True), torch.randn(2, 4, 7, requires_grad=True), mask


@pytest.mark.parametrize("kind", CELLS)
def test_outputs_and_gradients_are_those_of_torch(kind: type[nn.RNN | nn.GRU]) -> None:
    inputs, start, mask = sequences()
    cells = kind(3, 7, 2, batch_first=True)
    wanted = [*cells.parameters(), inputs, start]
    results = []
    for outputs in (cells(inputs, start)[0] * mask, scan(cells, inputs, start, LENGTHS)):
        gradients = torch.autograd.grad(outputs.square().sum(), wanted)
        results.append([outputs.detach(), *gradients])
    for theirs, ours in zip(*results, strict=True):
        torch.testing.assert_close(ours, theirs, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("kind", CELLS)
def test_lower_precision_is_close(kind: type[nn.RNN | nn.GRU]) -> None:
    inputs, start, mask = sequences()
    cells = kind(3, 7, 2, batch_first=True)
    with torch.autocast("cpu", torch.bfloat16):
        outputs = scan(cells, inputs, start, LENGTHS)
    assert outputs.dtype == torch.float32
    torch.testing.assert_close(outputs, cells(inputs, start)[0] * mask, rtol=0.05, atol=0.03)
    outputs.square().sum().backward()
    assert all(parameter.grad is not None for parameter in cells.parameters())


def test_wide_layers_are_scanned_where_they_learn() -> None:
    inputs = torch.zeros(1, 1, 3)
    wide = nn.GRU(3, SMALLEST_WIDTH, batch_first=True)
    assert can_scan(wide, inputs)
    assert not can_scan(nn.GRU(3, SMALLEST_WIDTH - 1, batch_first=True), inputs)
    assert not can_scan(nn.LSTM(3, SMALLEST_WIDTH, batch_first=True), inputs)
    with torch.no_grad():
        assert not can_scan(wide, inputs)
