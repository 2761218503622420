"""Many machines: the shards go through Ray Data to actors that each keep one opened teacher.

Every node must see the corpora and the store under the same paths (a network file system), and have the same facelite
and weights installed. Only plans and counts travel; a worker reads audio and writes its shard itself.
"""

from __future__ import annotations

import logging
import pickle
import socket
from collections.abc import Generator, Sequence
from typing import Any

from ..errors import BadInput, MissingDependency
from .plan import Shard
from .work import THREADS, Done, Job, Trouble, label_shard

START = "start one with: ray start --head"
_PATIENCE = 5.0


class _Worker:
    """An actor of Ray Data: rows of pickled shards in, rows of pickled results out."""

    def __init__(self, job: Job) -> None:
        self._job = job

    def __call__(self, row: dict[str, Any]) -> dict[str, Any]:
        return {"result": pickle.dumps(label_shard(self._job, pickle.loads(row["shard"])))}


def run(job: Job, shards: Sequence[Shard], address: str, workers: int | None) -> Generator[Done | Trouble, None, None]:
    """Label `shards` on the Ray cluster at `address` and give each result as it comes.

    Parameters
    ----------
    address
        As `ray.init` takes it: "auto", "HOST:PORT", "ray://HOST:PORT", or "local" for a cluster of this machine.
    workers
        Actors, one core each; None takes every core of the cluster.

    Raises
    ------
    MissingDependency
        Ray is not installed.
    BadInput
        No cluster answers at `address`, or its actors cannot work.
    """
    ray = _connected(address)
    try:
        from ray.data import ActorPoolStrategy

        size = min(workers or int(ray.cluster_resources().get("CPU", 1)), len(shards))
        rows = [{"shard": pickle.dumps(shard)} for shard in shards]
        results = ray.data.from_items(rows, override_num_blocks=len(rows)).map(
            _Worker,
            fn_constructor_args=(job,),
            compute=ActorPoolStrategy(size=size),
            num_cpus=1,
            runtime_env={"env_vars": dict(THREADS)},
        )
        try:
            for row in results.iter_rows():
                yield pickle.loads(row["result"])
        except ray.exceptions.RayError as error:
            reason = str(error).strip().splitlines()[-1]
            raise BadInput(
                f"ray {address}", f"labelling failed ({reason})", "the same facelite on every node?"
            ) from error
    finally:
        ray.shutdown()


def _connected(address: str) -> Any:
    try:
        import ray
        import ray.data
    except ModuleNotFoundError:
        raise MissingDependency("facelite label --ray", "ray", "pip install 'facelite[cluster]'") from None
    _check_reachable(address)
    try:
        ray.init(address, log_to_driver=False, logging_level=logging.ERROR)
    except (ConnectionError, RuntimeError, ValueError) as error:
        reason = str(error).strip().splitlines()[0] if str(error) else type(error).__name__
        raise BadInput("--ray", f"no cluster answers at {address} ({reason})", START) from None
    ray.data.DataContext.get_current().enable_progress_bars = False
    logging.getLogger("ray.data").setLevel(logging.ERROR)
    return ray


def _check_reachable(address: str) -> None:
    """Ray itself asks a silent address for minutes."""
    host, colon, port = address.removeprefix("ray://").rpartition(":")
    if not (colon and port.isdigit()):
        return
    try:
        socket.create_connection((host, int(port)), _PATIENCE).close()
    except OSError as error:
        reason = error.strerror or str(error)
        raise BadInput("--ray", f"no cluster answers at {address} ({reason})", START) from None
