"""What docker-compose.yml says is enough: each command runs as a process, with no environment
but the one compose gives it. Only the addresses of the other containers are replaced."""

import os
import re
import secrets
import socket
import subprocess
import sys
from contextlib import ExitStack, contextmanager
from pathlib import Path

import httpx
import psycopg
import pytest
import redis
import yaml
from celery import Celery

from apps.common.runtime import addresses
from apps.common.runtime.postgres import postgres_bin, program_major
from apps.common.runtime.programs import MIRROR, programs
from apps.common.runtime.redis import redis_server
from apps.common.runtime.services import Services
from config.env import ROOT
from tests import migrated
from tests.serving import asking, free_port
from tests.throwaway import FAST
from tests.waiting import eventually
from tests.wires import wired

COMPOSE = yaml.safe_load((ROOT / "docker-compose.yml").read_text())
OURS = {name: entry for name, entry in COMPOSE["services"].items() if entry["image"] == "lattice"}
VARIABLE = re.compile(r"\$\{(\w+)(?::([-?])([^}]*))?\}")
OWNER = {
    "LATTICE_INIT_EMAIL": "owner@lattice.example",
    "LATTICE_INIT_PASSWORD": secrets.token_urlsafe(16),
}
OPERATORS_FILE = {
    "POSTGRES_PASSWORD": "unused",
    "SECRET_KEY": secrets.token_urlsafe(64),
    "JWT_SECRET": secrets.token_urlsafe(32),
    "LATTICE_MASTER_KEYS": secrets.token_urlsafe(32),
    "LATTICE_CHECKPOINT_KEY": secrets.token_urlsafe(32),
    "ALLOWED_HOSTS": "lattice.example",
    "PUBLIC_SERVER_URL": "https://lattice.example",
}
MIRRORED = {"SPEC_SYNC_AS": OWNER["LATTICE_INIT_EMAIL"]}


def _interpolated(text, given):
    def value(match):
        name, operator, default = match.groups()
        if found := given.get(name):
            return found
        if operator == "?":
            raise KeyError(name)
        return default or ""

    return VARIABLE.sub(value, str(text))


class Containers:
    """The other containers' host names, as ports on loopback; a volume, as a folder."""

    def __init__(self, folder, database_url, postgres_port, redis_port):
        self.folder = folder
        self.database_url = database_url
        self.web_port = free_port()
        self.redis_url = f"redis://127.0.0.1:{redis_port}/0"
        self._replaced = {
            "@postgres:5432": f"@127.0.0.1:{postgres_port}",
            "//redis:6379": f"//127.0.0.1:{redis_port}",
        }
        self.specs = folder.parent / "specs"
        self._mounted = {"/specs": str(self.specs)}

    def environment(self, service):
        """The image's variables and the service's, and nothing of ours."""
        image = {
            "PATH": os.environ["PATH"],
            "LATTICE_ENV": "production",
            "LATTICE_DATA_DIR": str(self.folder),
            "HOST": "127.0.0.1",
            "PORT": str(self.web_port),
        }
        given = {
            name: _interpolated(value, OPERATORS_FILE | OWNER | MIRRORED)
            for name, value in OURS[service]["environment"].items()
        }
        for there, here in self._replaced.items():
            given = {name: value.replace(there, here) for name, value in given.items()}
        given = {name: self._mounted.get(value, value) for name, value in given.items()}
        return image | given

    def start(self, service):
        python, *arguments = OURS[service]["command"]
        assert python == "python"
        log = (self.folder / f"{service}.log").open("w")
        with log:
            return subprocess.Popen(
                [sys.executable, *arguments],
                cwd=ROOT,
                env=self.environment(service),
                stdout=log,
                stderr=subprocess.STDOUT,
            )

    @contextmanager
    def run(self, service):
        process = self.start(service)
        try:
            yield process
        finally:
            process.terminate()
            try:
                process.wait(60)
            except subprocess.TimeoutExpired:  # as compose does
                process.kill()
                process.wait()

    def is_well(self, service):
        """Whether its health check says so, in the shell and the environment it has there."""
        kind, check = OURS[service]["healthcheck"]["test"]
        assert kind == "CMD-SHELL"
        place = {"HOSTNAME": socket.gethostname()}  # as a container's is
        path = {"PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"}
        command = ["/bin/sh", "-c", check.replace("$$", "$")]
        environment = self.environment(service) | place | path
        return subprocess.run(command, cwd=ROOT, env=environment, check=False).returncode == 0

    def said(self, service):
        return (self.folder / f"{service}.log").read_text()


@pytest.fixture(scope="module")
def containers(tmp_path_factory):
    root = tmp_path_factory.mktemp("compose")
    volume = root / "volume"
    volume.mkdir()
    services = Services(root / "services", FAST)
    services.prepare()
    migrated.lay_out(services.data_dir)
    with ExitStack() as stack:
        stack.enter_context(services.running())
        admin_url = addresses.database_url(services.data_dir)
        with psycopg.connect(admin_url, autocommit=True) as admin:
            admin.execute("CREATE ROLE lattice SUPERUSER LOGIN")
        ports = [
            stack.enter_context(wired(services.sockets / name)).port
            for name in (".s.PGSQL.5432", "redis.sock")
        ]
        containers = Containers(volume, admin_url, *ports)
        migrate = containers.start("migrate")
        assert migrate.wait(60) == 0, containers.said("migrate")
        yield containers


def test_the_first_owner_is_made_by_migrate_alone(containers):
    with psycopg.connect(containers.database_url) as connection:
        found = connection.execute("SELECT email FROM accounts_user WHERE kind = 'person'")
        assert found.fetchall() == [(OWNER["LATTICE_INIT_EMAIL"],)]
    holders = [name for name, entry in OURS.items() if set(OWNER) & set(entry["environment"])]
    assert holders == ["migrate"]


def test_web_answers(containers):
    with containers.run("web") as web:
        url = f"http://127.0.0.1:{containers.web_port}/readyz"

        def ready():
            assert web.poll() is None, containers.said("web")
            try:
                answer = asking.get(url, headers={"Host": "lattice.example"})
            except httpx.TransportError:
                return False
            return answer.status_code == 200

        eventually(ready, what="web is ready")
        check = [sys.executable, "-m", "apps.common.runtime.port", str(containers.web_port)]
        assert subprocess.run(check, cwd=ROOT, check=False).returncode == 0
    assert subprocess.run(check, cwd=ROOT, check=False).returncode == 1


def test_worker_answers(containers):
    with (
        containers.run("worker") as worker,
        Celery(broker=containers.redis_url, set_as_current=False) as app,
        app.connection() as connection,
    ):

        def answered():
            assert worker.poll() is None, containers.said("worker")
            return app.control.ping(timeout=1, connection=connection)

        eventually(answered, what="worker answers")
        assert containers.is_well("worker"), "by the health check of its container"


def test_beat_writes_its_schedule(containers):
    with containers.run("beat") as beat, psycopg.connect(containers.database_url) as connection:

        def scheduled():
            assert beat.poll() is None, containers.said("beat")
            with connection.transaction():
                found = connection.execute("SELECT count(*) FROM django_celery_beat_periodictask")
                return found.fetchone() != (0,)

        eventually(scheduled, what="beat has a schedule")


def test_relay_holds_a_connection(containers):
    with containers.run("relay") as relay, psycopg.connect(containers.database_url) as connection:

        def connected():
            assert relay.poll() is None, containers.said("relay")
            with connection.transaction():
                found = connection.execute(
                    "SELECT count(*) FROM pg_stat_activity WHERE usename = 'lattice'"
                )
                return found.fetchone() != (0,)

        eventually(connected, what="relay is connected")


def test_mirror_looks_at_the_folder_that_is_mounted(containers):
    containers.specs.mkdir()
    (containers.specs / "shop.md").write_text("# Shop\n\nIt sells.\n")
    mounted = [volume.split(":")[-1] for volume in OURS["mirror"]["volumes"]]
    assert mounted == ["/data", OURS["mirror"]["environment"]["SPEC_SYNC_DIR"]]
    with containers.run("mirror") as mirror:

        def told():
            assert mirror.poll() is None, containers.said("mirror")
            return "shop.md: " in containers.said("mirror")

        eventually(told, what="mirror tells of the file")


def test_every_process_of_ours_has_a_container():
    known = [*programs(server="uvicorn", host="", port=0), MIRROR]
    names = {program.name for program in known}
    assert names | {"migrate"} == set(OURS)


def test_what_redis_was_told_outlives_it(tmp_path):
    entry, server = COMPOSE["services"]["redis"], Path(redis_server())
    program, *arguments = entry["command"]
    _, asking, *asked = entry["healthcheck"]["test"]
    assert program == server.name
    socket_file = str(tmp_path / "redis.sock")
    place = ("--unixsocket", socket_file, "--port", "0", "--dir", str(tmp_path))
    is_well = [server.with_name(asking), "-s", socket_file, *asked]

    @contextmanager
    def told():
        with subprocess.Popen([server, *arguments, *place], stdout=subprocess.DEVNULL) as process:
            eventually(
                lambda: subprocess.run(is_well, capture_output=True, check=False).returncode == 0
            )
            with redis.Redis(unix_socket_path=socket_file) as client:
                yield client
            process.kill()

    with told() as client:
        client.set("bell", "rung")
    with told() as client:
        assert client.get("bell") == b"rung"


def test_the_container_of_postgres_takes_what_the_embedded_one_holds():
    container = COMPOSE["services"]["postgres"]
    major = program_major(postgres_bin() / "postgres")
    assert container["image"] == f"pgvector/pgvector:pg{major}"
    assert container["volumes"] == ["postgres:/var/lib/postgresql"], "where 18 keeps its folder"


def test_nobody_starts_before_what_it_needs_is_well():
    for name, entry in OURS.items():
        needs = {other: how["condition"] for other, how in entry["depends_on"].items()}
        assert needs["postgres"] == needs["redis"] == "service_healthy"
        if name != "migrate":
            assert needs["migrate"] == "service_completed_successfully"
    for name in ("postgres", "redis"):
        assert "test" in COMPOSE["services"][name]["healthcheck"]


def test_a_missing_secret_stops_compose_by_name():
    for name in OPERATORS_FILE:
        rest = {key: value for key, value in OPERATORS_FILE.items() if key != name}
        with pytest.raises(KeyError, match=name):
            _interpolated(yaml.dump(COMPOSE), rest)


def test_the_image_runs_as_nobody_special_and_says_how_it_is():
    dockerfile = (ROOT / "Dockerfile").read_text()
    stages = dockerfile.split("\nFROM ")
    assert len(stages) == 3
    assert "\nUSER lattice" in stages[-1]
    assert "\nHEALTHCHECK" in stages[-1]
    assert "pip" not in stages[-1]
