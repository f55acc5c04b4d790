"""Cubic B-splines on an interval, and how to integrate their products."""

from dataclasses import dataclass

import numpy as np
from numpy.polynomial.legendre import leggauss
from numpy.typing import NDArray
from scipy.interpolate import BSpline

DEGREE = 3
# Exact up to degree 7; the product of two cubics has degree 6.
N_GAUSS = 4


def gauss_points(
    breaks: NDArray[np.float64],
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Give points and weights of Gauss quadrature between each two breaks.

    Parameters
    ----------
    breaks : ndarray of shape (n + 1,)
        Ends of the intervals, rising.

    Returns
    -------
    points, weights : ndarray of shape (4 * n,)
        The integral of f is ``(weights * f(points)).sum()``.

    Examples
    --------
    >>> points, weights = gauss_points(np.array([0.0, 1.0, 3.0]))
    >>> round(float((weights * points**7).sum()), 6)  # 3**8 / 8
    820.125
    """
    nodes, shares = leggauss(N_GAUSS)
    half = np.diff(breaks)[:, None] / 2
    middle = (breaks[:-1, None] + breaks[1:, None]) / 2
    return (middle + half * nodes).ravel(), (half * shares).ravel()


@dataclass(frozen=True)
class Products:
    """Integrals of the products of two splines or of their slopes.

    Attributes
    ----------
    values : ndarray of shape (n_splines, n_splines)
        Of spline times spline.
    value_slope : ndarray of shape (n_splines, n_splines)
        Of spline (rows) times slope (columns).
    slopes : ndarray of shape (n_splines, n_splines)
        Of slope times slope.
    """

    values: NDArray[np.float64]
    value_slope: NDArray[np.float64]
    slopes: NDArray[np.float64]


class SplineAxis:
    """All cubic splines with given knots, by a basis that is orthonormal.

    Being orthonormal (the integral of the product of two is 1 for the same, 0 for
    different ones) it makes the plate's mass matrix the identity.

    Parameters
    ----------
    knots : ndarray of shape (n_elements + 1,)
        From one end of the interval to the other, rising; at one that is repeated,
        the splines are less smooth.
    further_breaks : sequence of float, default=()
        Where else the functions that are integrated may have a kink.

    Attributes
    ----------
    points, weights : ndarray of shape (n_points,)
        For quadrature.
    values, slopes : ndarray of shape (n_splines, n_points)
        The splines and their first derivatives at the points.

    Examples
    --------
    >>> axis = SplineAxis(np.linspace(0, 2, 6))
    >>> axis(np.array([0.0, 0.3])).shape
    (8, 2)
    >>> np.allclose(axis.products().values, np.eye(8))
    True
    """

    def __init__(
        self, knots: NDArray[np.float64], *, further_breaks: tuple[float, ...] = ()
    ) -> None:
        breaks = np.unique(np.append(knots, further_breaks))
        self.points, self.weights = gauss_points(breaks)
        ends = np.repeat(knots[[0, -1]], DEGREE)
        padded = np.concatenate([ends[:DEGREE], knots, ends[DEGREE:]])
        plain = BSpline(padded, np.eye(len(knots) - 1 + DEGREE), DEGREE)
        values = plain(self.points)
        gram = (values.T * self.weights) @ values
        orthonormal = np.linalg.inv(np.linalg.cholesky(gram)).T
        self._spline = BSpline(padded, orthonormal, DEGREE)
        self.values = self._spline(self.points).T
        self.slopes = self._spline(self.points, 1).T

    def __call__(self, x: NDArray[np.float64]) -> NDArray[np.float64]:
        """Evaluate the splines.

        Parameters
        ----------
        x : ndarray of shape (n,)
            Where.

        Returns
        -------
        ndarray of shape (n_splines, n)
            Their values.
        """
        return self._spline(x).T

    def slopes_at(self, x: NDArray[np.float64]) -> NDArray[np.float64]:
        """Evaluate the splines' first derivatives.

        Parameters
        ----------
        x : ndarray of shape (n,)
            Where.

        Returns
        -------
        ndarray of shape (n_splines, n)
            Their slopes.
        """
        return self._spline(x, 1).T

    def products(self, factor: NDArray[np.float64] | float = 1.0) -> Products:
        """Integrate the products of all pairs of splines and slopes.

        Parameters
        ----------
        factor : ndarray of shape (n_points,) or float, default=1.0
            What the products are multiplied by, at the points.

        Returns
        -------
        Products
            The integrals.
        """
        weights = self.weights * factor
        weighted = self.values * weights
        return Products(
            values=weighted @ self.values.T,
            value_slope=weighted @ self.slopes.T,
            slopes=(self.slopes * weights) @ self.slopes.T,
        )
