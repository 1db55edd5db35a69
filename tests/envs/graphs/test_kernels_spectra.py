"""Eigenvalues and characteristic polynomials of general graphs equal LAPACK, exact determinants and known spectra."""

from __future__ import annotations

from itertools import pairwise

import networkx as nx
import numpy as np
import pytest
from flint import fmpz_mat, fmpz_poly
from numpy.typing import NDArray

from mathrl.envs.graphs.kernels import distances, largest_eigenvalues, polynomials, spectra


@pytest.fixture
def rng() -> np.random.Generator:
    """The randomness of one test."""
    return np.random.default_rng(20260103)


def random_graphs(rng: np.random.Generator, count: int, n: int) -> NDArray[np.uint8]:
    """Graphs of all densities, many of them disconnected: uint8[count, n, n]."""
    density = rng.choice([0.0, 0.05, 0.1, 0.2, 0.3, 0.5, 0.8, 1.0], size=(count, 1, 1))
    upper = np.triu(rng.random((count, n, n)) < density, 1)
    return (upper | upper.transpose(0, 2, 1)).astype(np.uint8)


def shaped_graphs(n: int) -> NDArray[np.uint8]:
    """Graphs with multiple, clustered or badly separated eigenvalues, relabelled at random: uint8[B, n, n]."""
    half = n // 2
    graphs = [
        nx.empty_graph(n),
        nx.complete_graph(n),
        nx.path_graph(n),
        nx.cycle_graph(n),
        nx.star_graph(n - 1),
        nx.wheel_graph(n),
        nx.complete_bipartite_graph(half, n - half),
        nx.disjoint_union(nx.complete_graph(half), nx.complete_graph(n - half)),
        nx.disjoint_union(nx.star_graph(half - 1), nx.star_graph(n - half - 1)),
        nx.lollipop_graph(half, n - half),
        nx.barbell_graph(n // 4, n - 2 * (n // 4)),
        nx.circulant_graph(n, [1, 3]),
        nx.disjoint_union(nx.path_graph(half), nx.cycle_graph(n - half)),
        nx.turan_graph(n, 3),
    ]
    order = np.random.default_rng(n).permutation(n).tolist()
    return np.array([nx.to_numpy_array(graph, nodelist=order, dtype=np.uint8) for graph in graphs])


def combined(adjacency: NDArray[np.uint8], diagonal: int, sign: int) -> NDArray[np.float64]:
    """diagonal D + sign A, one graph after the other: float64[B, n, n]."""
    return np.array([diagonal * np.diag(m.sum(axis=1).astype(float)) + sign * m.astype(float) for m in adjacency])


@pytest.mark.parametrize("n", [1, 2, 3, 5, 10, 19, 33, 64, 65])
def test_largest_eigenvalues_equal_lapack(rng: np.random.Generator, n: int) -> None:
    """A, D - A, D + A and the complement, on random graphs and, where they exist, on difficult ones."""
    adjacency = random_graphs(rng, 101 if n < 64 else 20, n)
    if n >= 10:
        adjacency = np.concatenate([adjacency, shaped_graphs(n)])
    complement = np.array([nx.to_numpy_array(nx.complement(nx.from_numpy_array(m)), dtype=np.uint8) for m in adjacency])
    for kernel, matrices in (
        (spectra.lambda1, combined(adjacency, 0, 1)),
        (spectra.laplacian_max, combined(adjacency, 1, -1)),
        (spectra.signless_laplacian_max, combined(adjacency, 1, 1)),
        (spectra.lambda1_complement, combined(complement, 0, 1)),
    ):
        expected = np.linalg.eigvalsh(matrices)[:, -1]
        np.testing.assert_allclose(kernel(adjacency), expected, rtol=0, atol=2e-10)


@pytest.mark.parametrize("n", [10, 19, 40, 60])
def test_lanczos_proves_nearly_all_of_its_values(rng: np.random.Generator, n: int) -> None:
    """A bound that often fails would leave the work to LAPACK unnoticed."""
    adjacency = random_graphs(rng, 300, n)
    for diagonal, sign in ((0.0, 1.0), (1.0, -1.0), (1.0, 1.0)):
        assert np.isnan(largest_eigenvalues.ritz_values(adjacency, diagonal, sign)).mean() < 0.02


def test_a_value_does_not_depend_on_the_batch(rng: np.random.Generator) -> None:
    """One graph alone, and among 100 others, to the last bit."""
    for n in (12, 30):
        adjacency = random_graphs(rng, 101, n)
        for kernel in (spectra.lambda1, spectra.laplacian_max, spectra.signless_laplacian_max):
            assert [kernel(graph[None])[0] for graph in adjacency] == kernel(adjacency).tolist()


def test_a_bound_is_proved_exactly_above_all_eigenvalues(rng: np.random.Generator) -> None:
    """Cholesky accepts what is above the largest eigenvalue by 1e-9 and nothing below."""
    adjacency = random_graphs(rng, 40, 15)
    matrices = combined(adjacency, 1, -1)
    tops = np.linalg.eigvalsh(matrices)[:, -1]
    for shift in (1e-9, 0.1, -1e-9, -0.1, -3.0):
        lanes = np.ascontiguousarray(matrices.transpose(1, 2, 0))
        assert (largest_eigenvalues.exceeds(tops + shift, lanes) == (shift > 0)).all()


@pytest.mark.parametrize("n", [1, 2, 3, 8, 20])
def test_spectra_equal_lapack_one_graph_at_a_time(rng: np.random.Generator, n: int) -> None:
    """Largest first; the distance spectrum is NaN exactly for disconnected graphs."""
    adjacency = random_graphs(rng, 40, n)
    matrices = distances.distance_matrices(adjacency)
    for found, exact in (
        (spectra.adjacency_spectrum(adjacency), combined(adjacency, 0, 1)),
        (spectra.laplacian_spectrum(adjacency), combined(adjacency, 1, -1)),
    ):
        for row, matrix in zip(found, exact, strict=True):
            np.testing.assert_allclose(row, np.linalg.eigvalsh(matrix)[::-1], atol=1e-12)
    for row, matrix, graph in zip(spectra.distance_spectrum(matrices), matrices, adjacency, strict=True):
        connected = nx.is_connected(nx.from_numpy_array(graph))
        expected = np.linalg.eigvalsh(matrix.astype(float))[::-1] if connected else np.full(n, np.nan)
        np.testing.assert_allclose(row, expected, atol=1e-10)


def test_spectra_are_computed_in_portions(monkeypatch: pytest.MonkeyPatch, rng: np.random.Generator) -> None:
    """7 graphs in portions of 2 give what they give at once."""
    adjacency = random_graphs(rng, 7, 5)
    whole = spectra.adjacency_spectrum(adjacency)
    monkeypatch.setattr(spectra, "_PORTION", 50)
    np.testing.assert_array_equal(spectra.adjacency_spectrum(adjacency), whole)


def signs_exactly(matrix: NDArray[np.integer]) -> tuple[int, int, int]:
    """(positive, zero, negative) eigenvalues of an integer matrix, by Descartes' rule on det(xI - M)."""
    n = len(matrix)
    coefficients = fmpz_mat(n, n, matrix.ravel().tolist()).charpoly().coeffs()
    zero = next(i for i, c in enumerate(coefficients) if c != 0)
    signs = [c > 0 for c in coefficients if c != 0]
    positive = sum(a != b for a, b in pairwise(signs))
    return positive, zero, n - positive - zero


@pytest.mark.parametrize("n", [1, 2, 4, 9, 20])
def test_counts_of_eigenvalues_equal_exact_ones(rng: np.random.Generator, n: int) -> None:
    """Sylvester's law of inertia decides, not rounding."""
    adjacency = random_graphs(rng, 60, n)
    found = spectra.adjacency_spectrum(adjacency)
    exact = np.array([signs_exactly(matrix) for matrix in adjacency])
    assert spectra.positive_eigenvalues(found).tolist() == exact[:, 0].tolist()
    assert spectra.nullity(found).tolist() == exact[:, 1].tolist()
    assert spectra.negative_eigenvalues(found).tolist() == exact[:, 2].tolist()
    matrices = distances.distance_matrices(adjacency)
    negative = [signs_exactly(m)[2] if m.min() >= 0 else np.nan for m in matrices]
    result = spectra.negative_distance_eigenvalues(spectra.distance_spectrum(matrices))
    np.testing.assert_array_equal(result, negative)


def test_what_a_known_spectrum_answers() -> None:
    """Petersen's graph: 3, 1 five times, -2 four times."""
    petersen = nx.to_numpy_array(nx.petersen_graph(), dtype=np.uint8)[None]
    values = spectra.adjacency_spectrum(petersen)
    expected = {"second": 1, "last": -2, "second_last": -2, "energy": 16, "s_plus": 14, "s_minus": 16}
    for name, value in (*expected.items(), ("smallest_positive_eigenvalue", 1)):
        assert getattr(spectra, name)(values)[0] == pytest.approx(value, abs=1e-12)
    for k, value, total in ((1, 3, 3), (2, 1, 4), (6, 1, 8), (7, -2, 6), (10, -2, 0)):
        assert spectra.kth(values, np.array([k]))[0] == pytest.approx(value, abs=1e-12)
        assert spectra.sum_of_first(values, np.array([k]))[0] == pytest.approx(total, abs=1e-12)


def test_what_is_not_there_is_undefined() -> None:
    """Indices out of range, a second eigenvalue of one vertex, a positive one without edges."""
    values = spectra.adjacency_spectrum(np.zeros((1, 3, 3), np.uint8))
    for k in (-1, 0, 4):
        assert np.isnan(spectra.kth(values, np.array([k]))[0])
        assert np.isnan(spectra.sum_of_first(values, np.array([k]))[0])
    assert np.isnan(spectra.smallest_positive_eigenvalue(values)[0])
    one = spectra.adjacency_spectrum(np.zeros((1, 1, 1), np.uint8))
    assert np.isnan(spectra.second(one)[0])
    assert np.isnan(spectra.second_last(one)[0])
    assert spectra.last(one)[0] == 0


def determinant_coefficients(matrix: NDArray[np.integer]) -> list[int]:
    """|c_0|, .., |c_n| of det(xI - M) from its exact values at 0..n, by interpolation."""
    n = len(matrix)
    total, product = fmpz_poly([0]), fmpz_poly([1])
    points = [int(fmpz_mat((point * np.eye(n, dtype=int) - matrix).tolist()).det()) for point in range(n + 1)]
    for k in range(n + 1):  # Newton's forward differences, times n! to stay among integers
        total += product * points[0] * int(np.prod(range(k + 1, n + 1), dtype=object))
        points = [b - a for a, b in pairwise(points)]
        product *= fmpz_poly([-k, 1])
    scale = int(np.prod(range(1, n + 1), dtype=object))
    return [abs(int(total[k])) // scale for k in range(n + 1)]


@pytest.mark.parametrize("n", [1, 2, 5, 9, 25])
def test_peaks_of_polynomials_equal_interpolated_determinants(rng: np.random.Generator, n: int) -> None:
    """The place of the first largest coefficient, exactly, also where coefficients exceed 64 bits."""
    adjacency = random_graphs(rng, 30 if n < 25 else 6, n)
    matrices = distances.distance_matrices(adjacency)
    for b, (graph, matrix) in enumerate(zip(adjacency, matrices, strict=True)):
        nonzero = [c for c in determinant_coefficients(graph.astype(int)) if c]
        peak = max(range(len(nonzero)), key=lambda j: (nonzero[j], -j))
        assert polynomials.adjacency_nonzero(adjacency)[b] == len(nonzero)
        assert polynomials.adjacency_peak(adjacency)[b] == 1 + peak
        found = polynomials.distance_peak(matrices)[b]
        if matrix.min() < 0:
            assert np.isnan(found)
            continue
        weighted = [2**k * c for k, c in enumerate(determinant_coefficients(matrix.astype(int)))]
        assert found == max(range(n + 1), key=lambda k: (weighted[k], -k))
