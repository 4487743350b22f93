"""Which of several like processes this one is: of a distributed training, rank 0 speaks for the run.

The ranks of one training report the same run, and each of its readings would be there as often as there are processes.
Sources: torchrun's, Lightning's, Open MPI's, MPICH's (PMI) and Slurm's environment, and torch.distributed where the job itself
has begun it (`torch.multiprocessing.spawn` sets no variables).
"""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping

_RANK_AND_SIZE = (
    ("RANK", "WORLD_SIZE"),
    ("OMPI_COMM_WORLD_RANK", "OMPI_COMM_WORLD_SIZE"),
    ("PMI_RANK", "PMI_SIZE"),
    ("SLURM_PROCID", "SLURM_NTASKS"),
)


def rank(environ: Mapping[str, str] = os.environ) -> str:
    """The number of this process among several, "0" speaks for all; empty where it is the only one or nobody tells."""
    told = _of_torch()
    if told:
        return told
    for number, size in _RANK_AND_SIZE:
        if _natural(environ.get(number)) is not None and (_natural(environ.get(size)) or 0) > 1:
            return str(_natural(environ[number]))
    local, node = _natural(environ.get("LOCAL_RANK")), _natural(environ.get("NODE_RANK"))
    if local is None:
        return ""
    return f"{node}.{local}" if node else str(local)


def _of_torch() -> str:
    """Nothing is imported: who uses it has imported it."""
    distributed = sys.modules.get("torch.distributed")
    try:
        if distributed is not None and distributed.is_available() and distributed.is_initialized():
            return str(int(distributed.get_rank())) if distributed.get_world_size() > 1 else ""
    except Exception:
        return ""
    return ""


def _natural(text: str | None) -> int | None:
    return int(text) if text and text.isascii() and text.isdigit() else None
