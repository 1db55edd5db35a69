"""Exhaustive searches: whether a graph has a set or a cover of a given size; sets of vertices are bits of an int."""

from __future__ import annotations

from .graphs import Graph


def bit_rows(graph: Graph) -> list[int]:
    return [sum(1 << w for w in row) for row in graph]


def vertices_of(mask: int) -> list[int]:
    return [v for v in range(mask.bit_length()) if mask >> v & 1]


# ------------------------------------------------------------------------------------------------- independent sets


def has_independent(rows: list[int], inside: int, count: int) -> bool:
    """Whether `inside` contains `count` pairwise non-adjacent vertices."""
    degrees = {v: (rows[v] & inside).bit_count() for v in vertices_of(inside)}
    while degrees and min(degrees.values()) <= 1:  # some largest set contains a vertex with at most one neighbour
        v = min(degrees, key=lambda u: degrees[u])
        count, inside = count - 1, inside & ~(rows[v] | 1 << v)
        degrees = {u: (rows[u] & inside).bit_count() for u in vertices_of(inside)}
    if count <= 0 or len(degrees) < count:
        return count <= 0
    cliques: list[int] = []  # the common neighbourhoods of the cliques of a partition; each has one vertex of the set
    for v in sorted(degrees, key=lambda u: degrees[u]):
        place = next((i for i, common in enumerate(cliques) if common >> v & 1), len(cliques))
        cliques[place:] = [(cliques[place] & rows[v]) if place < len(cliques) else rows[v], *cliques[place + 1 :]]
    if len(cliques) < count:
        return False
    v = max(degrees, key=lambda u: degrees[u])
    return has_independent(rows, inside & ~(rows[v] | 1 << v), count - 1) or has_independent(
        rows, inside & ~(1 << v), count
    )


def largest_independent(rows: list[int], inside: int) -> int:
    """The independence number of `inside`: what a greedy choice reaches, enlarged as long as that is possible."""
    count, left = 0, inside
    while left:
        v = min(vertices_of(left), key=lambda u: (rows[u] & left).bit_count())
        count, left = count + 1, left & ~(rows[v] | 1 << v)
    while has_independent(rows, inside, count + 1):
        count += 1
    return count


def two_copies(rows: list[int]) -> list[int]:
    """Two copies of a graph, each vertex joined to its copy: an independent set is a 2-coloured induced subgraph."""
    n = len(rows)
    return [row | 1 << (n + v) for v, row in enumerate(rows)] + [row << n | 1 << v for v, row in enumerate(rows)]


# ------------------------------------------------------------------------------------------------- dominating sets


def has_dominating(rows: list[int], left: int, allowed: int, count: int) -> bool:
    """Whether at most `count` vertices of `allowed` dominate `left`, each vertex dominating itself too."""
    if not left:
        return True
    options = {v: (rows[v] | 1 << v) & allowed for v in vertices_of(left)}
    apart, free = 0, -1
    for v in sorted(options, key=lambda u: options[u].bit_count()):
        if options[v] & free == options[v]:  # no vertex dominates two of the vertices that come here
            apart, free = apart + 1, free & ~options[v]
    gains = sorted(((rows[v] | 1 << v) & left).bit_count() for v in vertices_of(allowed))
    if apart > count or sum(gains[-count:] if count else ()) < left.bit_count() or not all(options.values()):
        return False
    v = min(options, key=lambda u: options[u].bit_count())
    for w in sorted(vertices_of(options[v]), key=lambda u: -(rows[u] & left).bit_count()):
        allowed &= ~(1 << w)
        if has_dominating(rows, left & ~(rows[w] | 1 << w), allowed, count - 1):
            return True
    return False


# ------------------------------------------------------------------------------------------------- induced forests


def has_forest(rows: list[int], trees: list[tuple[int, int]], rest: int, count: int) -> bool:
    """Whether `count` more vertices of `rest` and the trees, with their neighbourhoods, induce a forest.

    No tree has an edge to another, and no vertex of `rest` has two neighbours in one tree.
    """
    if count <= 0:
        return True
    near = {v: sum(around >> v & 1 for _, around in trees) for v in vertices_of(rest)}
    if len(near) < count:
        return False
    degrees = {v: near[v] + (rows[v] & rest).bit_count() for v in near}
    v = min(near, key=lambda u: degrees[u])
    if degrees[v] > 1:
        if forest_bound(rows, trees, rest, degrees) < count:
            return False
        v = max(near, key=lambda u: degrees[u])
    inside, around, others, twice = 1 << v, rows[v], [], 0
    for tree, neighbours in trees:
        if neighbours >> v & 1:
            twice |= around & neighbours
            inside, around = inside | tree, around | neighbours
        else:
            others.append((tree, neighbours))
    grown = [(inside, around & ~inside), *others]
    if has_forest(rows, grown, rest & ~(twice | inside), count - 1):
        return True
    return degrees[v] > 1 and has_forest(rows, trees, rest & ~(1 << v), count)


def forest_bound(rows: list[int], trees: list[tuple[int, int]], rest: int, degrees: dict[int, int]) -> int:
    """No more vertices can be added: at most two of a clique, and each vertex left out takes its edges away."""
    near = [around & rest for _, around in trees if around & rest]
    edges = sum(degrees[v] - sum(a >> v & 1 for a in near) for v in degrees) // 2 + sum(a.bit_count() for a in near)
    by_edges, surplus = len(degrees), edges - (len(degrees) + len(near)) + 1
    for degree in sorted(degrees.values(), reverse=True):
        if surplus <= 0:
            break
        surplus, by_edges = surplus - degree + 1, by_edges - 1
    cliques: list[tuple[int, int]] = []  # members and common neighbourhood
    for v in degrees:
        place = next((i for i, (_, common) in enumerate(cliques) if common >> v & 1), len(cliques))
        old = cliques[place] if place < len(cliques) else (0, -1)
        cliques[place:] = [(old[0] | 1 << v, old[1] & rows[v]), *cliques[place + 1 :]]
    by_cliques = sum(1 if one.bit_count() == 1 or any(one & ~a == 0 for a in near) else 2 for one, _ in cliques)
    return min(by_edges, by_cliques)


# ------------------------------------------------------------------------------------ connected dominating sets


def has_inner(rows: list[int], count: int) -> bool:
    """Whether a connected graph has a spanning tree with at most `count` vertices that are not leaves."""
    root = min(range(len(rows)), key=lambda v: rows[v].bit_count())
    allowed = (1 << len(rows)) - 1
    for first in vertices_of(rows[root] | 1 << root):  # the root is dominated
        if grows(rows, 1 << first, allowed, count):
            return True
        allowed &= ~(1 << first)
    return False


def grows(rows: list[int], chosen: int, allowed: int, count: int) -> bool:
    """Whether at most `count` vertices of `allowed`, those of the connected set `chosen` among them, dominate all."""
    everything = (1 << len(rows)) - 1
    if chosen.bit_count() > count or dominated(rows, flood(rows, chosen, allowed)) != everything:
        return False
    forced = 0
    for v in vertices_of(allowed & ~chosen):
        if dominated(rows, flood(rows, chosen, allowed & ~(1 << v))) != everything:
            forced |= 1 << v
    while more := forced & dominated(rows, chosen) & ~chosen:
        chosen |= more
    reached = dominated(rows, chosen)
    if reached == everything or chosen.bit_count() >= count:
        return reached == everything and chosen.bit_count() <= count
    left, apart, used = everything & ~dominated(rows, chosen | forced), 0, 0
    for options in sorted(((rows[v] | 1 << v) & allowed for v in vertices_of(left)), key=lambda mask: mask.bit_count()):
        if not options & used:
            apart, used = apart + 1, used | options
    room = count - (chosen | forced).bit_count()
    gains = sorted(  # one neighbour of v, which it joins to, is dominated before
        (min((rows[v] & left).bit_count(), rows[v].bit_count() - 1) for v in vertices_of(allowed & ~chosen)),
        reverse=True,
    )
    if apart > room or sum(gains[: max(room, 0)]) < left.bit_count():
        return False
    v = max(vertices_of(reached & allowed & ~chosen), key=lambda u: (rows[u] & ~reached).bit_count())
    return grows(rows, chosen | 1 << v, allowed, count) or grows(rows, chosen, allowed & ~(1 << v), count)


def flood(rows: list[int], start: int, allowed: int) -> int:
    """What `start` is connected to within `allowed`."""
    inside = fresh = start
    while fresh:
        v = (fresh & -fresh).bit_length() - 1
        fresh = (fresh & (fresh - 1)) | (rows[v] & allowed & ~inside)
        inside |= rows[v] & allowed
    return inside


def dominated(rows: list[int], chosen: int) -> int:
    reached = chosen
    for v in vertices_of(chosen):
        reached |= rows[v]
    return reached


# ------------------------------------------------------------------------------------------------------ path covers


def has_path_cover(rows: list[int], taken: list[int], count: int) -> bool:
    """Whether at most `count` paths cover all vertices and use the edges `taken`; `rows` has these and the open ones.

    2 - degree, summed over all vertices, is twice the number of paths; a component of what is open adds at least 2.
    """
    spare, tight, unseen = 2 * count, [], (1 << len(rows)) - 1
    while unseen:
        part = flood(rows, unseen & -unseen, unseen)
        unseen &= ~part
        lacking = sum(2 - min(2, rows[v].bit_count()) for v in vertices_of(part))
        least = max(2, lacking + lacking % 2)
        spare -= least
        tight.append((part, least - lacking))
    if spare < 0:
        return False
    for part, slack in tight:
        for v in vertices_of(part) if spare + slack == 0 else ():
            if rows[v].bit_count() <= 2 and rows[v] != taken[v]:  # all edges that v has left are needed
                w = vertices_of(rows[v] & ~taken[v])[0]
                return has_path_cover(*with_edge(rows, taken, v, w), count)
    loose = [v for v in range(len(rows)) if rows[v] != taken[v]]
    if not loose:
        return True
    v = min(loose, key=lambda u: rows[u].bit_count())
    w = min(vertices_of(rows[v] & ~taken[v]), key=lambda u: rows[u].bit_count())
    if has_path_cover(*with_edge(rows, taken, v, w), count):
        return True
    without = list(rows)
    without[v], without[w] = rows[v] & ~(1 << w), rows[w] & ~(1 << v)
    return has_path_cover(without, taken, count)


def with_edge(rows: list[int], taken: list[int], v: int, w: int) -> tuple[list[int], list[int]]:
    """Take the edge vw: ends that have two edges now lose their others, and no edge may close the path to a cycle."""
    rows, taken = list(rows), list(taken)
    taken[v], taken[w] = taken[v] | 1 << w, taken[w] | 1 << v
    path = flood(taken, 1 << v, -1)
    first, last = (u for u in vertices_of(path) if taken[u].bit_count() == 1)
    closed = [(u, other) for u in (v, w) if taken[u].bit_count() == 2 for other in vertices_of(rows[u] & ~taken[u])]
    if rows[first] >> last & 1 and not taken[first] >> last & 1:
        closed.append((first, last))
    for u, other in closed:
        rows[u], rows[other] = rows[u] & ~(1 << other), rows[other] & ~(1 << u)
    return rows, taken


# ------------------------------------------------------------------------------------------------------------- flows


def has_flow(arcs: list[dict[int, int]], source: int, sink: int, count: int) -> bool:
    """Whether `count` units flow from source to sink, one after the other; arcs[u][w] is what uw can carry."""
    arcs = [dict(row) for row in arcs]
    for _ in range(count):
        before, queue = {source: source}, [source]
        for u in queue:
            fresh = [w for w, capacity in arcs[u].items() if capacity > 0 and w not in before]
            before.update(dict.fromkeys(fresh, u))
            queue.extend(fresh)
        if sink not in before:
            return False
        w = sink
        while w != source:
            u = before[w]
            arcs[u][w] -= 1
            arcs[w][u] = arcs[w].get(u, 0) + 1
            w = u
    return True
