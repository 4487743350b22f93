"""The whole stack as one thing: `with Stack(data) as settings: ...`."""

import sys
import threading
import time
from collections.abc import Collection
from concurrent.futures import Future
from pathlib import Path
from types import TracebackType

from leadline.core.errors import LeadlineError, UsageError
from leadline.core.roles import ROLES
from leadline.core.settings import STORE_WRITER, Settings
from leadline.events.kafka import create_topics
from leadline.events.registry import register_schemas

from .broker import Broker
from .child import Child
from .directory import DataDirectory
from .ports import DEFAULT_BASE, HOST, Ports, check_free
from .probes import http_ok
from .store.credentials import load_or_create_token
from .supervisor import Report, Service, Stopped, Supervisor

SERVERS = ("broker", "registry", "store")
SERVICES = (*SERVERS, *ROLES)


class Stack:
    """Kafka, registry, store and the roles as processes; all state under `data`, all addresses on loopback.

    `only` leaves services out (for tests); `report` is told what happens, from another thread. All processes belong to one
    thread of this object and end with it, or with this process, however that ends.
    """

    def __init__(
        self,
        data: Path,
        port_base: int = DEFAULT_BASE,
        only: Collection[str] = SERVICES,
        report: Report = lambda *_: None,
    ) -> None:
        unknown = sorted(set(only) - set(SERVICES))
        if unknown:
            raise UsageError(f"there is no service {unknown[0]!r}; there are {', '.join(SERVICES)}")
        self._directory = DataDirectory(data.absolute())
        self._ports = Ports(port_base)
        self._only = [name for name in SERVICES if name in only]
        self._report = report
        self._stop = threading.Event()
        self._supervisor = Supervisor(report, self._stop)
        self._failure: BaseException | None = None
        self._ready: Future[Settings] = Future()
        self._thread = threading.Thread(target=self._run, name="stack", daemon=True)

    def __enter__(self) -> Settings:
        return self.start()

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.stop()

    def start(self) -> Settings:
        """Returns when everything answers. Raises LeadlineError with one sentence; then nothing is left running."""
        self._thread.start()
        return self._ready.result()

    def stop(self) -> None:
        """Clean, in reverse order, in bounded time."""
        self.request_stop()
        self.wait()

    def request_stop(self) -> None:
        self._stop.set()

    def wait(self) -> None:
        """Until the stack has stopped. Raises what ended it, where nobody asked it to."""
        if self._thread.ident is not None:
            self._thread.join()
        if self._failure is not None:
            raise self._failure

    def kill(self, name: str) -> None:
        """SIGKILL, for tests; the supervisor starts it again. Raises KeyError."""
        self._service(name).child.kill()

    @property
    def api(self) -> str:
        """URL of the API; empty where it is left out."""
        return f"http://{HOST}:{self._ports.api}" if "api" in self._only else ""

    def pids(self) -> dict[str, int]:
        """Of the services that run at this moment."""
        return {s.name: s.child.pid for s in self._supervisor.services() if s.child.pid is not None}

    def wait_healthy(self, timeout_seconds: float = 60.0) -> None:
        """Until every service answers that it is well. Raises LeadlineError naming those that do not."""
        deadline = time.monotonic() + timeout_seconds
        while unwell := [s.name for s in self._supervisor.services() if s.child.pid is None or not s.healthy()]:
            if time.monotonic() > deadline:
                names = ", ".join(unwell)
                raise LeadlineError(f"{names} not healthy after {timeout_seconds:.0f} s; see {self._directory.log('*')}")
            time.sleep(0.05)

    def _service(self, name: str) -> Service:
        return {service.name: service for service in self._supervisor.services()}[name]

    def _run(self) -> None:
        try:
            with self._directory.locked():
                try:
                    self._directory.remove_addresses()
                    settings = self._bring_up()
                    if self._stop.is_set():
                        raise Stopped
                    self._directory.write_addresses(_addresses(settings, self.api))
                    self._ready.set_result(settings)
                    self._supervisor.watch()
                finally:
                    self._directory.remove_addresses()
                    self._supervisor.stop()
        except OSError as error:
            self._end(LeadlineError(f"cannot go on with {self._directory.path}: {error}"))
        except BaseException as error:
            self._end(error)

    def _end(self, error: BaseException) -> None:
        if self._ready.done():
            self._failure = error
        else:
            self._ready.set_exception(error)

    def _bring_up(self) -> Settings:
        """The servers side by side (the registry waits for Kafka by itself), then what they are filled with, then the roles."""
        self._directory.check_space()
        check_free(self._ports.of(self._only))
        settings = self._settings()
        if "store" in self._only:
            self._supervisor.launch([self._store()])
        if "broker" in self._only:
            self._supervisor.launch([self._broker()])
        if "registry" in self._only:
            self._supervisor.launch([self._registry(settings)])
        if "broker" in self._only:
            self._supervisor.await_ready(["broker"])
            create_topics(settings)
        if "registry" in self._only:
            self._supervisor.await_ready(["registry"])
            register_schemas(settings)
        if "store" in self._only:
            self._supervisor.await_ready(["store"])
            settings = self._settings(self._directory.token_file.read_text().strip())
            self._migrate(settings)
        if "api" in self._only:
            load_or_create_token(self._directory.token_file)
        roles = [name for name in self._only if name in ROLES]
        self._supervisor.launch([self._role(name, settings) for name in roles])
        self._supervisor.await_ready(roles)
        return settings

    def _settings(self, token: str = "") -> Settings:
        present = self._only
        return Settings(
            kafka=f"{HOST}:{self._ports.kafka}" if "broker" in present else "",
            schema_registry=f"http://{HOST}:{self._ports.registry}" if "registry" in present else "",
            clickhouse=f"http://{HOST}:{self._ports.store}" if "store" in present else "",
            clickhouse_user=STORE_WRITER,
            clickhouse_password=token,
            data=self._directory.path,
        )

    def _broker(self) -> Service:
        broker = Broker(self._directory.path, self._ports.kafka, self._ports.controller, self._directory.log("broker"))
        return Service("broker", broker.prepare(lambda what: self._report("broker", what)), broker.answers, broker.explain)

    def _registry(self, settings: Settings) -> Service:
        child = self._python("registry", "leadline.local.registry", "--port", str(self._ports.registry), settings=settings)
        return Service("registry", child, http_ok(self._ports.registry, "/healthz"))

    def _store(self) -> Service:
        directory = self._directory.path / "store"
        options = ("--data", directory, "--port", self._ports.store, "--token-file", self._directory.token_file)
        child = self._python("store", "leadline.local.store", *map(str, options), settings=self._settings())
        return Service("store", child, http_ok(self._ports.store, "/ping"))

    def _role(self, name: str, settings: Settings) -> Service:
        port = self._ports.health(name)
        child = self._python(name, "leadline.cli", "worker", name, "--health-port", str(port), settings=settings)
        return Service(name, child, http_ok(port, "/healthz"))

    def _migrate(self, settings: Settings) -> None:
        from leadline.clickhouse.migrate import migrate
        from leadline.clickhouse.store import writing

        with writing(settings) as client:
            migrate(client, progress=lambda what: self._report("store", f"migrating: {what}"))

    def _python(self, name: str, module: str, *options: str, settings: Settings) -> Child:
        environment = {**settings.to_environ(), "LEADLINE_LISTEN": f"{HOST}:{self._ports.api}"}
        return Child(name, [sys.executable, "-P", "-m", module, *options], self._directory.log(name), environment)


def _addresses(settings: Settings, api: str) -> dict[str, str]:
    names = ("kafka", "schema_registry", "clickhouse")
    addresses = {**{name: getattr(settings, name) for name in names}, "api": api}
    return {name: address for name, address in addresses.items() if address}
