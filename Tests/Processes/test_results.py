"""How a worker stores what its tasks gave."""

import pytest
import redis
from conftest import until


@pytest.mark.parametrize("flags", [(), ("--processes", "1")], ids=["alone", "pool"])
def test_results_are_compressed_as_the_flag_says_and_celery_reads_them(house, flags):
    from celery import Celery

    worker = house.worker("--result-compression", "gzip", *flags)
    worker.wait_until_ready()
    text = "many the same " * 1000
    task = house.call("samples.echo", text)
    with redis.Redis(port=house.redis.connection_pool.connection_kwargs["port"]) as plain:
        stored = until(lambda: plain.get(f"celery-task-meta-{task}"), 10, "the result")
    assert stored.startswith(b"\0celery-compressed\0application/x-gzip\0") and len(stored) < 400
    app = Celery(broker=house.url, backend=house.url)
    try:
        assert app.AsyncResult(task).get(timeout=10) == {"args": [text], "kwargs": {}}
    finally:
        app.close()


def test_a_compression_that_is_not_built_in_is_refused_by_name(house):
    worker = house.worker("--result-compression", "zstd")
    assert worker.exit(10)[0] != 0
    assert "--result-compression: gzip is built in, zstd is not." in worker.said()
