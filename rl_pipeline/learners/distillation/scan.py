"""Wide recurrent layers on a CPU, with the gradient of the weights computed in one product.

Torch's layers add to the gradient of their weights at every time step, which takes most of the time if the weights
are many and the rows are few. Here, each step computes only the gradient of its gates. Sequences of unequal lengths
are packed: a step computes only the rows that have not ended.
"""

from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional
from torch.nn.utils.rnn import PackedSequence, pack_padded_sequence, pad_packed_sequence

SMALLEST_WIDTH = 512
"""Size below which torch's steps are faster than the Python calls here."""


class TanhScan(torch.autograd.Function):
    """The time steps of a layer of `torch.nn.RNN`."""

    @staticmethod
    def forward(
        ctx: Any, sizes: Sequence[int], given: Tensor, weight: Tensor, bias: Tensor, start: Tensor
    ) -> Tensor:
        """Return the outputs of all steps, (steps, width).

        Args:
            ctx: Stores values for `backward`.
            sizes: Rows of each time step, descending.
            given: Contribution of the inputs to the gates, packed, (steps, gates).
            weight: Weight of the last output, (gates, width); products are computed in its dtype.
            bias: Bias of the last output, (gates,).
            start: The outputs before the first step, (rows, width).
        """
        multiply = _multiplication(weight.t())
        given = given + bias
        outputs, before = torch.empty_like(given), torch.empty_like(given)
        last = start
        for rows, size in _forward(sizes):
            before[rows] = last[:size]
            last = torch.add(given[rows], multiply(last[:size]), out=outputs[rows]).tanh_()
        ctx.sizes = sizes
        ctx.save_for_backward(outputs, before, weight)
        return outputs

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Any, ...]:
        """Return the gradients of the arguments of `forward`."""
        outputs, before, weight = ctx.saved_tensors
        given = gradients[0].clone()
        slope = torch.addcmul(torch.ones(()), outputs, outputs, value=-1.0)
        carried = outputs.new_zeros(ctx.sizes[0], outputs.shape[1])
        multiply = _multiplication(weight)
        for rows, size in _backward(ctx.sizes):
            carried[:size] = multiply(given[rows].add_(carried[:size]).mul_(slope[rows]))
        return None, given, _of_weight(given, before, weight), given.sum(dim=0), carried


class GRUScan(torch.autograd.Function):
    """The time steps of a layer of `torch.nn.GRU`."""

    @staticmethod
    def forward(
        ctx: Any, sizes: Sequence[int], given: Tensor, weight: Tensor, bias: Tensor, start: Tensor
    ) -> Tensor:
        """See `TanhScan.forward`."""
        width = start.shape[1]
        multiply = _multiplication(weight.t())
        outputs = given.new_empty(len(given), width)
        before, candidates, recurrent = (torch.empty_like(outputs) for _ in range(3))
        gates = given.new_empty(len(given), 2 * width)
        last = start
        for rows, size in _forward(sizes):
            before[rows] = last[:size]
            product = multiply(last[:size]) + bias
            both = torch.add(given[rows, : 2 * width], product[:, : 2 * width], out=gates[rows]).sigmoid_()
            recurrent[rows] = product[:, 2 * width :]
            candidate = torch.addcmul(
                given[rows, 2 * width :], both[:, :width], recurrent[rows], out=candidates[rows]
            ).tanh_()
            last = torch.lerp(candidate, before[rows], both[:, width:], out=outputs[rows])
        ctx.sizes = sizes
        ctx.save_for_backward(before, candidates, recurrent, gates, weight)
        return outputs

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Any, ...]:
        """See `TanhScan.backward`."""
        before, candidates, recurrent, gates, weight = ctx.saved_tensors
        width = before.shape[1]
        reset, update = gates[:, :width], gates[:, width:]
        # Factors of an output's gradient for the three gates.
        of_candidate = (1 - update) * (1 - candidates.square())
        of_reset = of_candidate * recurrent * reset * (1 - reset)
        of_update = (before - candidates) * update * (1 - update)
        factors = torch.cat((of_reset, of_update, of_candidate * reset), dim=1).view(-1, 3, width)
        product = torch.empty_like(factors)
        given = gradients[0].clone()
        carried = before.new_zeros(ctx.sizes[0], width)
        multiply = _multiplication(weight)
        for rows, size in _backward(ctx.sizes):
            gradient = given[rows].add_(carried[:size])
            gates_of_step = torch.mul(factors[rows], gradient[:, None], out=product[rows]).flatten(1)
            torch.addcmul(multiply(gates_of_step), gradient, update[rows], out=carried[:size])
        flat = product.flatten(1)
        of_given = torch.cat((flat[:, : 2 * width], given * of_candidate), dim=1)
        return None, of_given, _of_weight(flat, before, weight), flat.sum(dim=0), carried


def _forward(sizes: Sequence[int]) -> list[tuple[slice, int]]:
    """Return the packed rows of each time step, and their number."""
    first, steps = 0, []
    for size in sizes:
        steps.append((slice(first, first + size), size))
        first += size
    return steps


def _backward(sizes: Sequence[int]) -> list[tuple[slice, int]]:
    return _forward(sizes)[::-1]


def _multiplication(matrix: Tensor) -> Callable[[Tensor], Tensor]:
    """Return a function that multiplies a few rows by a large matrix, in the fastest layout for its dtype."""
    if matrix.dtype is torch.float32:
        right = matrix.contiguous()
        return lambda rows: torch.mm(rows, right)
    left = matrix.t().contiguous()
    return lambda rows: torch.mm(left, rows.t().to(left.dtype)).t().to(rows.dtype)


def _of_weight(gates: Tensor, before: Tensor, weight: Tensor) -> Tensor:
    return torch.mm(gates.t().to(weight.dtype), before.to(weight.dtype))


SCANS: dict[type[nn.RNNBase], type[torch.autograd.Function]] = {nn.RNN: TanhScan, nn.GRU: GRUScan}


def can_scan(cells: nn.RNNBase, inputs: Tensor) -> bool:
    """Whether `scan` runs these layers faster than torch when gradients are needed."""
    is_wide = cells.hidden_size >= SMALLEST_WIDTH
    return type(cells) in SCANS and is_wide and inputs.device.type == "cpu" and torch.is_grad_enabled()


def scan(cells: nn.RNNBase, inputs: Tensor, start: Tensor, lengths: Sequence[int] | None) -> Tensor:
    """Run the layers of a network over sequences.

    Args:
        cells: A network of torch with `batch_first`.
        inputs: (n, T, numbers).
        start: The hidden state before the first step, (layers, n, width).
        lengths: Steps of each row, after which `inputs` is padding; None if all rows are full.

    Returns:
        The outputs of the last layer, (n, T, width), zero for padding.
    """
    n, steps, _ = inputs.shape
    packed = pack_padded_sequence(
        inputs, torch.tensor(lengths or [steps] * n), batch_first=True, enforce_sorted=False
    )
    data, sizes = packed.data, packed.batch_sizes.tolist()
    is_mixed = torch.is_autocast_enabled("cpu")
    dtype = torch.get_autocast_dtype("cpu") if is_mixed else data.dtype
    with torch.autocast("cpu", enabled=False):
        for layer in range(cells.num_layers):
            if layer:
                data = functional.dropout(data, cells.dropout, cells.training)
            names = ("weight_ih", "bias_ih", "weight_hh", "bias_hh")
            of_inputs, offset, weight, bias = (getattr(cells, f"{name}_l{layer}") for name in names)
            given = functional.linear(data.to(dtype), of_inputs.to(dtype)).to(data.dtype) + offset
            own = start[layer] if packed.sorted_indices is None else start[layer][packed.sorted_indices]
            data = SCANS[type(cells)].apply(sizes, given, weight.to(dtype), bias, own)
    outputs, _ = pad_packed_sequence(
        PackedSequence(data, packed.batch_sizes, packed.sorted_indices, packed.unsorted_indices),
        batch_first=True,
        total_length=steps,
    )
    return outputs
