"""Blocks made smaller after training; what is left learns on from the whole model (``distillation.adapt``)."""

from recsys.models.sasrec import SASRec, build_model


def prune(model: SASRec, kept: float | None = None) -> SASRec:
    """A copy of ``model``, which is as ``build_model`` makes it, with smaller blocks.

    Args:
        kept: share of each block's heads and hidden units, the strongest; None leaves all.
    """
    copy = build_model(model.config, model.items.rows, depth=model.transitions.depth if model.transitions else None)
    for variable, known in zip(copy.variables, model.variables, strict=True):
        variable.assign(known)
    if copy.transitions is not None and model.transitions is not None:
        copy.transitions.is_related = model.transitions.is_related
    if kept is not None:
        for block in copy.blocks:
            block.prune(kept)
    return copy
