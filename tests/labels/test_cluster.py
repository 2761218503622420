"""Two nodes of a real Ray cluster, each a raylet of its own with its own workers, label as one process does."""

from __future__ import annotations

import pytest
from facelite.errors import BadInput
from facelite.labels.run import Options, label
from facelite.speech.corpus import Corpus

pytest.importorskip("ray", reason="needs facelite[cluster]")
STORE_BYTES = 100 * 2**20


@pytest.fixture
def cluster():
    """A head and a second node, one core each."""
    from ray.cluster_utils import Cluster

    cluster = Cluster(initialize_head=True, head_node_args={"num_cpus": 1, "object_store_memory": STORE_BYTES})
    cluster.add_node(num_cpus=1, object_store_memory=STORE_BYTES)
    cluster.wait_for_nodes()
    yield cluster
    cluster.shutdown()


@pytest.mark.slow
def test_two_nodes_write_the_same_bytes_as_one_machine(corpus, cluster, contents, tmp_path):
    opened = Corpus.open(corpus)
    label([opened], "oracle", tmp_path / "one", Options(shard_clips=2, workers=1))
    shared = Options(shard_clips=2, ray=cluster.address)
    spread = label([opened], "oracle", tmp_path / "many", shared)
    assert contents(tmp_path / "many") == contents(tmp_path / "one")
    assert spread.written == spread.shards > 2
    again = label([opened], "oracle", tmp_path / "many", shared)
    assert (again.written, again.labelled) == (0, 0)


@pytest.mark.slow
def test_an_address_without_a_cluster_is_named(corpus, tmp_path):
    with pytest.raises(BadInput, match=r"no cluster answers at 127\.0\.0\.1:1"):
        label([Corpus.open(corpus)], "oracle", tmp_path, Options(ray="127.0.0.1:1"))
