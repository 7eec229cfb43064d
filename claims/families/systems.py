"""The same network as LISTA and as ALISTA, and LISTA networks of their own."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from claims.kit.arithmetic import matmul
from claims.kit.instances import Alista, AnyNetwork, Lista, Network
from claims.kit.sampling import Source


def coupled(network: Network) -> Lista:
    """Return the LISTA network with W¹ = τW, W² = τWA and λ ← τλ, which runs the FBS-network."""
    p = network
    W1 = p.tau[:, :, None, None] * p.W
    return Lista(p.regularizer, p.A, p.f, p.u0, W1, matmul(W1, p.A[:, None]), p.tau * p.lam)


def free(source: Source, network: Network) -> Lista:
    """Return a LISTA network whose W² has nothing to do with W¹ and A, of about the size of W¹A."""
    lista = coupled(network)
    batch, d = lista.u0.shape
    size = (lista.W1.flatten(2).norm(dim=2) * lista.A.flatten(1).norm(dim=1)[:, None])[:, :, None, None]
    return replace(lista, W2=size * source.normal(batch, 1, d, d) / d)


def fixed(network: Network) -> Alista:
    """Return the ALISTA network with the first layer's W for all layers, and σ = λ."""
    p = network
    return Alista(p.regularizer, p.A, p.f, p.u0, p.W[:, 0], p.tau, p.lam)


def repeated(network: Network) -> Network:
    """Return the other ALISTA: the FBS-network with the first layer's W for all layers, σ = τλ."""
    p = network
    W = p.W[:, :1].expand_as(p.W).contiguous()
    return Network(p.regularizer, p.A, p.f, p.u0, W, p.tau, p.lam)


def same(network: Network) -> Network:
    """Return the FBS-network itself."""
    return network


Maker = Callable[[Network], AnyNetwork]

#: The systems as which a given FBS-network can run, without further draws.
MAKERS: tuple[Maker, ...] = (same, coupled, fixed)


def vary(source: Source, network: Network) -> tuple[str, AnyNetwork]:
    """Return the network as a drawn system: FBS (twice as likely), coupled or free LISTA, either ALISTA."""
    name = source.choice(("FBS", "FBS", "coupled LISTA", "free LISTA", "ALISTA", "fixed W"))
    if name == "free LISTA":
        return name, free(source, network)
    makers = {"coupled LISTA": coupled, "ALISTA": fixed, "fixed W": repeated}
    return name, makers[name](network) if name in makers else network
