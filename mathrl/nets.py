"""Two networks for all families: WordNet for flat observations (incremental first layer), SetNet for sets of elements.

Shapes: R rows, A actions, D observation entries, H hidden units, T places of a word, M elements, F features of an
element, C entries of context, E width of an embedding. Every initial weight comes from the generator passed in.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from mathrl.errors import MathrlError, unknown

if TYPE_CHECKING:
    from mathrl.words import WordLayout

Init = Literal["torch", "glorot", "normal"]
Pool = Literal["mean", "context"]


def masked_log_softmax(logits: Tensor, mask: Tensor) -> Tensor:
    """Log-probabilities over legal actions, float[R, A] and bool[R, A] -> float[R, A]: exactly -inf where illegal.

    Gradients are finite, and zero at illegal actions; a row without legal action is -inf throughout.
    """
    lowest = torch.finfo(logits.dtype).min
    return logits.masked_fill(~mask, lowest).log_softmax(-1).masked_fill(~mask, -math.inf)


def entropy(log_probabilities: Tensor) -> Tensor:
    """Entropy in nats over legal actions (those not at -inf), float[R, A] -> float[R], finite in value and gradient."""
    finite = log_probabilities.masked_fill(log_probabilities == -math.inf, 0.0)
    return -(log_probabilities.exp() * finite).sum(-1)


@dataclass(eq=False)
class _Tables:
    """What the incremental path reads: CPU copies of the weights, arranged by the columns of one layout."""

    start: Tensor  # [H]: h of the empty word
    columns: Tensor  # [D + 1, H]: the first layer transposed; the last row is zero and stands for column -1
    position: Tensor  # [T]: rows of columns
    letter: Tensor  # [T, A]: rows of columns
    later: list[tuple[Tensor, Tensor]]  # transposed weight and bias of the hidden layers after the first
    policy: tuple[Tensor, Tensor]
    value: tuple[Tensor, Tensor] | None
    buffers: list[Tensor]  # [R, H] for each hidden layer, for the R of the last step


class WordNet(nn.Module):
    """A multilayer perceptron over flat observations with an action head and, if asked for, a value head.

    forward: float32[R, D] -> logits float32[R, A] (not masked), value float32[R] or None. With `single_logit` (two
    letters) the logit of letter 0 is the constant 0, so that P(1) = sigmoid(logit of letter 1).

    Words have a faster path on the CPU that keeps the first layer incrementally, O(H) a step instead of O(D H):

        h = net.begin(rows, layout)                 # float32[R, H], the caller's to copy, reorder and cut
        for t in range(T):
            logits, value = net.step(h, t)
            net.play(h, t, letters)                 # in place

    It builds no gradient, uses the weights and the layout of the last `begin` (an h made under others is stale), and
    differs from `forward` by rounding: compare log-probabilities within one path only.
    """

    def __init__(
        self,
        observation_width: int,
        actions: int,
        hidden: Sequence[int] = (128, 64),
        *,
        generator: torch.Generator,
        value: bool = False,
        init: Init = "torch",
        single_logit: bool = False,
        output_bias: float = 0.0,
    ) -> None:
        """Draw the weights from `generator`; `output_bias` is added to letter 1's initial bias (two letters only)."""
        super().__init__()
        if not hidden:
            raise MathrlError("a WordNet needs at least one hidden layer, as in hidden=128,64")
        if actions != 2 and (single_logit or output_bias):
            raise MathrlError(f"single_logit and output_bias are for two letters, and this problem has {actions}")
        self.single_logit = single_logit
        self.layers = _stack([observation_width, *hidden], init, generator)
        self.policy = _linear(hidden[-1], 1 if single_logit else actions, init, generator, output=True)
        self.value = _linear(hidden[-1], 1, init, generator, output=True) if value else None
        with torch.no_grad():
            self.policy.bias[-1] += output_bias
        self._tables: _Tables | None = None

    def forward(self, observations: Tensor) -> tuple[Tensor, Tensor | None]:
        """Observations float32[R, D] -> logits float32[R, A], value float32[R] or None."""
        x = observations
        for layer in self.layers:
            x = functional.relu(layer(x))
        logits = self.policy(x)
        if self.single_logit:
            logits = functional.pad(logits, (1, 0))
        return logits, None if self.value is None else self.value(x).squeeze(-1)

    def begin(self, rows: int, layout: WordLayout) -> Tensor:
        """The first layer of `rows` empty words before position and ReLU, float32[R, H], under the present weights."""
        with torch.inference_mode(False), torch.no_grad():
            self._tables = self._prepare(layout)
        return self._tables.start.repeat(rows, 1)

    def refresh(self) -> None:
        """Forget the weights taken by the last `begin`, so that no step runs on old ones after an update."""
        self._tables = None

    def step(self, h: Tensor, t: int | Tensor) -> tuple[Tensor, Tensor | None]:
        """Place t (an int, or int64[R]), h float32[R, H] -> fresh logits float32[R, A], value float32[R] or None."""
        tables = self._tables
        assert tables is not None, "begin comes first"
        if len(tables.buffers[0]) != len(h):
            with torch.inference_mode(False):
                tables.buffers = [torch.empty(len(h), buffer.shape[1]) for buffer in tables.buffers]
        x = torch.add(h, tables.columns[tables.position[t]], out=tables.buffers[0]).relu_()
        for (weight, bias), buffer in zip(tables.later, tables.buffers[1:], strict=True):
            x = torch.addmm(bias, x, weight, out=buffer).relu_()
        logits = functional.linear(x, *tables.policy)
        if self.single_logit:
            logits = functional.pad(logits, (1, 0))
        return logits, None if tables.value is None else functional.linear(x, *tables.value).squeeze(-1)

    def play(self, h: Tensor, t: int | Tensor, letters: Tensor | NDArray[np.int64]) -> None:
        """Write letters int64[R] at place t (an int, or int64[R]) into h float32[R, H], in place."""
        tables = self._tables
        assert tables is not None, "begin comes first"
        chosen = tables.letter[t, torch.as_tensor(letters)]
        h.add_(tables.columns.index_select(0, chosen))

    def _prepare(self, layout: WordLayout) -> _Tables:
        """Copies of the present weights, and the layout's columns as rows of the transposed first layer."""
        first, *later = [_copied(layer) for layer in self.layers]
        columns = functional.pad(first[0].t(), (0, 0, 0, 1)).contiguous()
        position, letter, constant = (
            torch.from_numpy(np.where(places < 0, len(columns) - 1, places))
            for places in (layout.position_column, layout.letter_column, layout.constant_columns)
        )
        return _Tables(
            start=first[1] + columns[constant].sum(0),
            columns=columns,
            position=position,
            letter=letter,
            later=[(weight.t().contiguous(), bias) for weight, bias in later],
            policy=_copied(self.policy),
            value=None if self.value is None else _copied(self.value),
            buffers=[torch.empty(0, len(bias)) for _, bias in (first, *later)],
        )


class SetNet(nn.Module):
    """A permutation-equivariant network over sets: one logit for each element, a value for the set if asked for.

    Elements are embedded one by one by the layers `hidden`. `pool="mean"`: their mean and maximum are joined with the
    context into one vector of the set, and a logit is read off the element's embedding and that vector.
    `pool="context"`: each element is embedded together with the context, and the logit is read off the embedding alone.
    `attention` adds one self-attention block after the embedding. Logits have no bias, which a softmax would not see.
    """

    def __init__(
        self,
        element_features: int,
        context_features: int,
        hidden: Sequence[int] = (128, 64),
        *,
        generator: torch.Generator,
        value: bool = False,
        init: Init = "torch",
        attention: bool = False,
        pool: Pool = "mean",
    ) -> None:
        """Draw the weights from `generator`; `hidden` are the widths of the element embedding, the last one E."""
        super().__init__()
        if not hidden:
            raise MathrlError("a SetNet needs at least one hidden layer, as in hidden=128,64")
        if pool not in ("mean", "context"):
            raise unknown(str(pool), "a pool", ["mean", "context"])
        width, self.pooled = hidden[-1], pool == "mean"
        joined = 0 if self.pooled else context_features
        self.layers = _stack([element_features + joined, *hidden], init, generator)
        self.attention = _Attention(width, init, generator) if attention else None
        if self.pooled:
            self.from_pool = _linear(2 * width + context_features, width, init, generator)
            self.from_element = _linear(width, width, init, generator)
        elif value:
            self.from_pool = _linear(width + context_features, width, init, generator)
        self.policy = _linear(width, 1, init, generator, output=True, bias=False)
        self.value = _linear(width, 1, init, generator, output=True) if value else None

    def forward(self, elements: Tensor, context: Tensor, mask: Tensor) -> tuple[Tensor, Tensor | None]:
        """float32[N, M, F], float32[N, C], bool[N, M] -> logits float32[N, M] (-inf: masked), value float32[N]."""
        mask = mask.bool()
        packed, value = self.packed(elements[mask], context, mask.sum(1))
        logits = packed.new_full(mask.shape, -math.inf).masked_scatter(mask, packed)
        return logits, value

    def packed(self, elements: Tensor, context: Tensor, counts: Tensor) -> tuple[Tensor, Tensor | None]:
        """Sets one after the other, float32[E, F], float32[N, C], int64[N] -> logits float32[E], value float32[N]."""
        x = elements if self.pooled else torch.cat([elements, context.repeat_interleave(counts, 0)], 1)
        for layer in self.layers:
            x = functional.relu(layer(x), inplace=True)
        if self.attention is not None:
            x = self.attention(x, counts)
        vector: Tensor | None = None
        if self.pooled or self.value is not None:
            mean = torch.segment_reduce(x, "sum", lengths=counts, unsafe=True) / counts.clamp(min=1).unsqueeze(1)
            parts = [mean, context]
            if self.pooled:  # embeddings are non-negative: an empty set has maximum 0
                parts.insert(1, torch.segment_reduce(x, "max", lengths=counts, unsafe=True, initial=0.0))
            vector = self.from_pool(torch.cat(parts, -1))
        value = None
        if self.value is not None and vector is not None:
            value = self.value(functional.relu(vector)).squeeze(-1)
        if self.pooled:
            spread: Tensor = _Spread.apply(vector, counts)  # type: ignore[no-untyped-call]
            x = functional.relu(self.from_element(x) + spread)
        return self.policy(x).squeeze(-1), value


class _Spread(torch.autograd.Function):
    """Each set's vector [N, E] for each of its elements; gradients are summed set by set, in one order everywhere."""

    @staticmethod
    def forward(ctx: Any, vectors: Tensor, counts: Tensor) -> Tensor:
        ctx.save_for_backward(counts)
        return vectors.repeat_interleave(counts, 0)

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor, None]:
        (counts,) = ctx.saved_tensors
        return torch.segment_reduce(gradient.contiguous(), "sum", lengths=counts, unsafe=True), None


class _Attention(nn.Module):
    """One residual block of self-attention within sets: packed [E, width], counts int64[N] -> [E, width], >= 0."""

    def __init__(self, width: int, init: Init, generator: torch.Generator) -> None:
        super().__init__()
        self.heads = 4 if width % 4 == 0 else 1
        self.queries_keys_values = _linear(width, 3 * width, init, generator)
        self.output = _linear(width, width, init, generator)

    def forward(self, x: Tensor, counts: Tensor) -> Tensor:
        """Only the attention itself is padded; a set without elements attends to its padding, so nothing is NaN."""
        mask = torch.arange(int(counts.max()), device=x.device) < counts.unsqueeze(1)
        width = x.shape[1]
        projected = self.queries_keys_values(x)
        padded = projected.new_zeros((*mask.shape, 3 * width)).masked_scatter(mask.unsqueeze(-1), projected)
        query, key, value = padded.view(*mask.shape, 3, self.heads, width // self.heads).permute(2, 0, 3, 1, 4)
        seen = mask | ~mask.any(1, keepdim=True)
        mixed = functional.scaled_dot_product_attention(query, key, value, attn_mask=seen[:, None, None, :])
        return functional.relu(x + self.output(mixed.transpose(1, 2).flatten(2)[mask]))


def _linear(
    inputs: int, outputs: int, init: Init, generator: torch.Generator, output: bool = False, bias: bool = True
) -> nn.Linear:
    """A linear layer on the generator's device, its weights drawn by the rule `init`; `output`: it ends the network.

    torch: uniform within 1/sqrt(inputs). glorot: Glorot's uniform, biases 0. normal: deviation 0.5 sqrt(2/inputs), and
    0.3/sqrt(inputs) at an output, biases 0: a policy that begins nearly uniform.
    """
    if init not in ("torch", "glorot", "normal"):
        raise unknown(str(init), "an initialisation", ["torch", "glorot", "normal"])
    layer = nn.Linear(inputs, outputs, bias=bias, device="meta").to_empty(device=generator.device)
    bound = math.sqrt(6 / (inputs + outputs) if init == "glorot" else 1 / inputs)
    deviation = 0.3 / math.sqrt(inputs) if output else 0.5 * math.sqrt(2 / inputs)
    with torch.no_grad():
        if init == "normal":
            layer.weight.normal_(0.0, deviation, generator=generator)
        else:
            layer.weight.uniform_(-bound, bound, generator=generator)
        if bias and init == "torch":
            layer.bias.uniform_(-bound, bound, generator=generator)
        elif bias:
            layer.bias.zero_()
    return layer


def _stack(widths: Sequence[int], init: Init, generator: torch.Generator) -> nn.ModuleList:
    """The linear layers between consecutive widths."""
    return nn.ModuleList(_linear(inputs, outputs, init, generator) for inputs, outputs in pairwise(widths))


def _copied(layer: nn.Module) -> tuple[Tensor, Tensor]:
    """CPU copies of a linear layer's weight float32[outputs, inputs] and bias float32[outputs]."""
    assert isinstance(layer, nn.Linear)
    weight, bias = (part.detach().to("cpu", torch.float32, copy=True) for part in (layer.weight, layer.bias))
    return weight, bias


def build(
    env: Any,
    hidden: Sequence[int] = (128, 64),
    value: bool = False,
    *,
    generator: torch.Generator,
    device: torch.device | str = "cpu",
    **settings: Any,
) -> WordNet | SetNet:
    """The network for an environment on the device given: WordNet if its kind is "flat", SetNet if "set"."""
    settings.update(hidden=hidden, value=value, generator=generator)
    if env.kind == "flat":
        return WordNet(env.observation_width, env.max_actions, **settings).to(device)
    if env.kind == "set":
        return SetNet(env.element_features, env.context_features, **settings).to(device)
    raise unknown(str(env.kind), "a kind of observation", ["flat", "set"])


LARGE = 1_000_000  # weights from which a network repays the way to a GPU and back


def pick_device(name: str, weights: int = 0) -> torch.device:
    """The device called auto, cpu, cuda or cuda:K; auto is the first GPU for a network of `LARGE` weights or more."""
    count = torch.cuda.device_count() if torch.cuda.is_available() else 0
    if name == "auto":
        return torch.device("cuda" if count and weights >= LARGE else "cpu")
    kind, colon, number = name.partition(":")
    if name != "cpu" and (kind != "cuda" or (colon and not number.isdecimal())):
        raise unknown(name, "a device", ["auto", "cpu", "cuda", "cuda:0"])
    if kind == "cuda" and int(number or 0) >= count:
        there = f"cuda:0 to cuda:{count - 1}" if count > 1 else "cuda:0 only" if count else "no GPU"
        raise MathrlError(f"device '{name}' is not there: torch sees {there}; use 'auto' or 'cpu'")
    return torch.device(name)


def observe_tensor(
    observation: NDArray[np.float32] | Mapping[str, NDArray[Any]], device: torch.device | str
) -> tuple[Tensor, ...]:
    """A network's arguments, one transfer a batch: (observations,), or (elements, context, mask) of a set.

    To be used as `network(*observe_tensor(observation, device))`; on the CPU the tensors share the arrays' memory.
    """
    if isinstance(observation, Mapping):
        mask = observation["mask"].astype(np.bool_, copy=False)
        return tensors_of((observation["elements"], observation["context"], mask), device)
    return tensors_of((observation,), device)


def tensors_of(arrays: Sequence[NDArray[Any]], device: torch.device | str) -> tuple[Tensor, ...]:
    """Arrays as tensors on the device, wider types first; on the CPU they share the arrays' memory where they can."""
    device = torch.device(device)
    tensors = [torch.from_numpy(np.require(array, requirements=["C", "W"])) for array in arrays]
    if device.type != "cpu":
        return _transfer(tensors, device)
    # Matrix products round differently on unaligned memory, and a resumed run must repeat every bit.
    return tuple(tensor if tensor.data_ptr() % 64 == 0 else tensor.clone() for tensor in tensors)


def _transfer(tensors: Sequence[Tensor], device: torch.device) -> tuple[Tensor, ...]:
    """The tensors on the device by one copy of one block of bytes, pinned for a GPU; wider types come first."""
    sizes = [tensor.numel() * tensor.element_size() for tensor in tensors]
    block = torch.empty(sum(sizes), dtype=torch.uint8, pin_memory=device.type == "cuda")
    for part, tensor in zip(torch.split(block, sizes), tensors, strict=True):
        part.copy_(tensor.reshape(-1).view(torch.uint8))
    parts = torch.split(block.to(device, non_blocking=True), sizes)
    return tuple(part.view(tensor.dtype).view(tensor.shape) for part, tensor in zip(parts, tensors, strict=True))
