"""Linear equations around a ring, solved by orthogonal elimination.

Between the places 0, 1, …, N = 0 of a ring hold x(k+1) = M(k) x(k) + S(k) c, where the few numbers
c are the same everywhere. Every second place is eliminated by a QR decomposition of its own, all of
them at once, until 0 and N are left (Wright 1992, doi:10.1137/0913044). Nothing grows however
unstable the maps are, and the work rises as N.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from loligo.lanes import Floats

Complex = NDArray[np.complex128]
_Pieces = tuple[Floats, Floats, Floats]  # left x(k) + right x(k + 1) = side c


@dataclass(frozen=True)
class Ring:
    """What is left: left x(0) + right x(N) = side c.

    Attributes
    ----------
    left, right : (states, states)
    side : (states, numbers)
    path : (N, states, states + numbers)
        Every x(k) of x(0), if x(N) is the same, and of c.
    """

    left: Floats
    right: Floats
    side: Floats
    path: Floats

    def multipliers(self) -> Complex:
        """The eigenvalues of the map once around; 0 and infinity among them where they are
        beyond what can be told."""
        from scipy.linalg import eigvals

        with np.errstate(all="ignore"):
            found: Any = eigvals(-self.left, self.right)
        return np.asarray(found, dtype=complex)

    def solved(self, rows: Floats, values: Floats) -> tuple[Floats, Floats]:
        """The x(k), (N, states), and c but its last number, which is 1, so that some rows over all
        of these have some values.

        Raises
        ------
        numpy.linalg.LinAlgError
            If nothing or too much solves them.
        """
        n = len(self.left)
        count, numbers = len(self.path), self.side.shape[1] - 1
        over = np.zeros((len(rows), n + numbers + 1))
        over[:, n:-1] = rows[:, -numbers:]
        over += np.tensordot(rows[:, :-numbers].reshape(len(rows), count, n), self.path, 2)
        matrix = np.vstack([np.hstack([self.left + self.right, -self.side[:, :-1]]), over[:, :-1]])
        found: Any = np.linalg.solve(
            matrix, np.concatenate([self.side[:, -1], values - over[:, -1]])
        )
        return self.path[:, :, :-1] @ found + self.path[:, :, -1], found[n:]


def ring(maps: Floats, sides: Floats) -> Ring:
    """Of maps, (N, states, states), and what is added by each of the numbers c, (N, states,
    numbers)."""
    n, numbers = maps.shape[1], sides.shape[2]
    pieces: _Pieces = (-maps, np.broadcast_to(np.eye(n), maps.shape), sides)
    tops: list[Floats] = []
    while len(pieces[0]) > 1:
        pieces, top = _halved(pieces)
        tops.append(top)
    first = np.eye(n, n + numbers)[None]
    places = np.concatenate([first, first])
    for top in reversed(tops):
        places = _between(places, top)
    left, right, side = (each[0] for each in pieces)
    return Ring(left, right, side, places[:-1])


def _halved(pieces: _Pieces) -> tuple[_Pieces, Floats]:
    """Two pieces made one, all along; and of what is left out how it follows from its neighbours
    and c."""
    left, right, side = pieces
    n, even = left.shape[1], len(left) // 2 * 2
    ahead, behind = slice(0, even, 2), slice(1, even, 2)
    middle = np.concatenate([right[ahead], left[behind]], axis=1)
    nothing = np.zeros((even // 2, n, n))
    others = np.concatenate(
        [np.concatenate([left[ahead], nothing, side[ahead]], axis=2),
         np.concatenate([nothing, right[behind], side[behind]], axis=2)], axis=1)  # fmt: skip
    turned, upper = np.linalg.qr(middle, mode="complete")
    rest = turned.transpose(0, 2, 1) @ others
    top: Any = np.linalg.solve(upper[:, :n], rest[:, :n])
    made = rest[:, n:, :n], rest[:, n:, n : 2 * n], rest[:, n:, 2 * n :]
    a, b, c = (np.concatenate([m, p[even:]]) for m, p in zip(made, pieces, strict=True))
    return (a, b, c), top


def _between(places: Floats, top: Floats) -> Floats:
    """What was left out, put back."""
    n = places.shape[1]
    left, right = places[: len(top)], places[1 : len(top) + 1]
    middle = -top[:, :, :n] @ left - top[:, :, n : 2 * n] @ right
    middle[:, :, n:] += top[:, :, 2 * n :]
    whole = np.empty((len(places) + len(top), *places.shape[1:]))
    paired = 2 * len(top)
    whole[0:paired:2], whole[1:paired:2] = left, middle
    whole[paired:] = places[len(top) :]
    return whole
