r"""Controls to start training from: all three networks begin as the same one.

``W_n = Qᵀ`` with the orthogonal factor ``Q`` of the polar decomposition ``A = P Q``, ``P = (A Aᵀ)^{1/2}``.
The polar factor rather than that of QR: it is the matrix with orthonormal rows (columns, if ``A`` is tall)
that is nearest to ``A``, it does not depend on the order of the rows or on a choice of signs, and
``W A = Qᵀ P Q`` is symmetric and positive semidefinite, so that training starts from a limit that does not
expand.
Source: X. Lin, C. Wu, arXiv:2605.27133, section 5 [reconstructed]: which orthogonal factor is our choice.
"""

import torch

from fbscore import linalg
from fbscore.errors import require, require_axes, require_cells, require_finite, require_floating
from fbscore.lista import AlistaControls, coupled
from fbscore.network import AnyControls
from fbscore.shapes import Measurement
from fbscore.types import Controls

__all__ = ["SYSTEMS", "orthogonal_factor", "start"]

SYSTEMS = ("FBS", "LISTA", "ALISTA")


def start(A: Measurement, cells: int, tau: float, lam: float, system: str = "FBS") -> AnyControls:
    r"""``W_n = Qᵀ``, ``τ_n = tau``, ``λ_n = lam`` for every layer, as controls of one of the systems.

    Parameters
    ----------
    A : (batch, m, d)
    cells : int
        ``N >= 1``.
    tau, lam : float
        ``>= 0``.  A layer takes the step ``tau / N``; it does not expand while ``tau ‖A‖₂ <= 2N``.
    system : str
        ``"FBS"``; ``"LISTA"``: ``W¹ = τ W``, ``W² = τ W A``, ``λ ← τ λ``; ``"ALISTA"``: one ``W`` for all
        layers, ``λ ← τ λ``.  The three run the same network.

    Returns
    -------
    Controls, ListaControls or AlistaControls

    Raises
    ------
    TypeError, ValueError
        ``A`` is not such a tensor, ``cells`` is not a number of cells, ``tau`` or ``lam`` is negative or not
        finite, the system is unknown.

    References
    ----------
    X. Lin, C. Wu, arXiv:2605.27133, section 5 [reconstructed].
    """
    require_cells("cells", cells)
    require(system in SYSTEMS, "system", f"one of {', '.join(SYSTEMS)}", repr(system))
    W, constant = orthogonal_factor(A).mT, A.new_ones(A.shape[0], cells)
    if system == "ALISTA":
        return AlistaControls(W.contiguous(), tau * constant, tau * lam * constant)
    layers = W.unsqueeze(1).repeat(1, cells, 1, 1)
    controls = Controls(layers, tau * constant, lam * constant)
    return controls if system == "FBS" else coupled(controls, A)


def orthogonal_factor(A: Measurement) -> Measurement:
    r"""``Q`` of the polar decomposition ``A = P Q``.

    Parameters
    ----------
    A : (batch, m, d)

    Returns
    -------
    (batch, m, d)
        ``X Yᵀ`` over the singular values above ``max(m, d)`` units of the largest: a partial isometry, 0 on
        the kernel of ``A``, which makes it unique for a matrix without full rank too.

    Raises
    ------
    TypeError, ValueError
        ``A`` is not a finite tensor of that shape.

    References
    ----------
    N. J. Higham, SIAM J. Sci. Stat. Comput. 7 (1986) 1160-1174.
    """
    require_floating(A=A)
    require_axes("A", A, "batch m d", nonempty=("d",))
    require_finite("A", A)
    if A.numel() == 0:
        return torch.zeros_like(A)
    X, sigma, Yt = linalg.svd(A)
    smallest = max(A.shape[1:]) * torch.finfo(A.dtype).eps * sigma[:, :1]
    return (X * (sigma > smallest).to(A.dtype).unsqueeze(1)) @ Yt
