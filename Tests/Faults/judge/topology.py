"""Redis servers and workers, ours and Python's."""

from __future__ import annotations

import signal
from pathlib import Path

import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from .processes import OwnProcess, free_port, until

CELERY_APP = Path(__file__).parent / "celery_app"


class RedisServer:
    """A redis-server with a folder of its own. Durable with `fsync`, else it keeps nothing."""

    def __init__(self, folder: Path, *, fsync: str | None = None, arguments: tuple[str, ...] = ()) -> None:
        self.port = free_port()
        self._folder = folder / f"redis-{self.port}"
        self._folder.mkdir()
        self._arguments = ["--port", str(self.port), "--bind", "127.0.0.1", "--dir", str(self._folder), "--save", ""]
        self._arguments += ["--enable-debug-command", "yes", *arguments]
        if fsync:
            self._arguments += ["--appendonly", "yes", "--appendfsync", fsync]
        self._process: OwnProcess
        self.start()

    @property
    def url(self) -> str:
        return f"redis://127.0.0.1:{self.port}/0"

    def client(self, timeout: float = 2, **options: object) -> redis.Redis:
        """One that fails at once: what is repeated, and how, is for the caller to say."""
        return redis.Redis(
            port=self.port, socket_timeout=timeout, socket_connect_timeout=max(1, timeout / 2),
            retry=Retry(NoBackoff(), 0),
            decode_responses=True, encoding_errors="replace", **options,
        )  # fmt: skip

    def start(self) -> None:
        self._process = OwnProcess(["redis-server", *self._arguments], self._folder / "log")
        until(self.is_ready, 20, "redis-server to answer")

    def is_ready(self) -> bool:
        assert self._process.is_alive, f"redis-server ended: {self._process.said()[-500:]}"
        try:
            with self.client() as client:
                return bool(client.ping())
        except redis.RedisError:
            return False

    @property
    def seconds_without_processor(self) -> float:
        """How long it has been ready to run and somebody else ran; zero where the kernel does not tell."""
        path = Path(f"/proc/{self._process.pid}/schedstat")
        return int(path.read_text().split()[1]) / 1e9 if path.exists() else 0

    def kill(self) -> None:
        self._process.kill()

    def shut_down(self) -> None:
        self._process.signal(signal.SIGTERM)
        self._process.wait(10)

    def freeze(self) -> None:
        self._process.freeze()

    def thaw(self) -> None:
        self._process.thaw()

    def close(self) -> None:
        self._process.kill()


class Worker:
    """A `skirret worker --samples`, alone in its process group."""

    def __init__(
        self, command: list[str], folder: Path, url: str, name: str, *, queues: str = "celery", concurrency: int = 8,
        grace: int = 30, flags: tuple[str, ...] = (), environment: dict[str, str] | None = None,
        has_samples: bool = True,
    ) -> None:  # fmt: skip
        self.name = f"{name}@judge"
        self._command = [
            *command, *(["--samples"] if has_samples else []), "--redis", url, "--data-dir", str(folder / "data"),
            "--name", self.name, "--queues", queues, "--concurrency", str(concurrency), "--grace", str(grace), *flags,
        ]  # fmt: skip
        self._log = folder / f"{name}.log"
        self._environment = environment
        self.process = OwnProcess(self._command, self._log, environment)

    def restart(self) -> None:
        assert not self.process.is_alive
        self.process = OwnProcess(self._command, self._log, self._environment)

    def await_ready(self, within: float = 30) -> Worker:
        until(lambda: "worker is ready" in self.process.said(), within, f"{self.name} to be ready")
        return self

    @property
    def refusals(self) -> int:
        """How often it was told that a lease was lost, and wrote nothing."""
        return self.process.said().count("lost the lease; nothing is written")

    def mark(self) -> int:
        """A place in its log, for `lines_since`."""
        return len(self.process.said())

    def lines_since(self, mark: int) -> list[str]:
        return self.process.said()[mark:].splitlines()


class PythonWorker:
    """A real Celery worker that knows `samples.journal` too: late acknowledgement, a short visibility timeout."""

    def __init__(self, python: str, folder: Path, url: str, name: str, visibility_seconds: int) -> None:
        self.name = f"{name}@python"
        self._command = [
            python, "-m", "celery", "-A", "judged_tasks", "worker", "--queues", "celery", "--concurrency", "2",
            "--hostname", self.name, "--loglevel", "WARNING", "--without-gossip", "--without-mingle",
        ]  # fmt: skip
        self._environment = {
            "JUDGE_REDIS": url, "JUDGE_VISIBILITY": str(visibility_seconds), "C_FORCE_ROOT": "1",
            "PYTHONPATH": str(CELERY_APP),
        }  # fmt: skip
        self._log = folder / f"{name}.log"
        self.process = OwnProcess(self._command, self._log, self._environment)

    def restart(self) -> None:
        self.process = OwnProcess(self._command, self._log, self._environment)


class Sentinels:
    """A master, a replica, and three sentinels that watch them."""

    NAME = "judged"

    def __init__(self, folder: Path, down_after: float = 3) -> None:
        self.master = RedisServer(folder)
        self.replica = RedisServer(folder, arguments=("--replicaof", "127.0.0.1", str(self.master.port)))
        self.ports = [free_port() for _ in range(3)]
        self._processes = []
        for port in self.ports:
            home = folder / f"sentinel-{port}"
            home.mkdir()
            settings = home / "sentinel.conf"
            settings.write_text(
                f"port {port}\nbind 127.0.0.1\ndir {home}\n"
                f"sentinel monitor {self.NAME} 127.0.0.1 {self.master.port} 2\n"
                f"sentinel down-after-milliseconds {self.NAME} {int(down_after * 1000)}\n"
                f"sentinel failover-timeout {self.NAME} 10000\n"
            )
            self._processes.append(OwnProcess(["redis-server", str(settings), "--sentinel"], home / "log"))
        until(self._agree, 30, "the sentinels to know the replica and each other")

    @property
    def url(self) -> str:
        hosts = ",".join(f"127.0.0.1:{port}" for port in self.ports)
        return f"redis+sentinel://{hosts}/0?master_name={self.NAME}"

    def _agree(self) -> bool:
        for port in self.ports:
            try:
                with redis.Redis(port=port, socket_timeout=2, decode_responses=True) as client:
                    about = client.sentinel_master(self.NAME)
                    if about["num-slaves"] < 1 or about["num-other-sentinels"] < 2:
                        return False
            except redis.RedisError:
                return False
        with self.replica.client() as client:
            return client.info("replication").get("master_link_status") == "up"

    def close(self) -> None:
        for process in self._processes:
            process.kill()
        self.replica.close()
        self.master.close()
