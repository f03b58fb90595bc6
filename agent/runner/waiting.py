"""The first code in the process of a Python run. Started ahead, it imports what every run of Prefect needs, and waits.

With its order it becomes what `python -m prefect.engine` would be, started now: the run's environment, its folder, and settings
that know both. Nothing of a user's is loaded before, nothing is written, and nobody is spoken to.
"""

import contextlib
import importlib
import importlib.util
import json
import os
import runpy
import select
import ssl
import sys

ORDER = 4
"""Where the order comes in, and where it is said that this process is ready (r), and that it has its order (t)."""

ENGINE = "prefect.engine"
NEEDED = (
    "prefect.main",
    "prefect.flow_engine",
    "prefect.task_engine",
    "prefect.deployments.steps.core",
    "prefect.deployments.steps.pull",
    "prefect.events.clients",
    "prefect.events.worker",
    "prefect.logging.handlers",
    "prefect.runner.storage",
    "prefect.task_runners",
    "prefect.states",
    "prefect.results",
    "prefect._internal.control_listener",
    "prefect._internal.metrics",
    "prefect._flow_run_suspension",
    "anyio._backends._asyncio",
    "encodings.idna",
    "pydantic.v1",
    "rich._emoji_codes",
)
"""What the engine imports sooner or later; of another version of Prefect, whatever there is of it."""

CONTEXTS = 8
"""Clients that Prefect makes before a flow begins: each reads all certificates, 15 ms of processor."""


class CertificateStock:
    """Contexts as `ssl.create_default_context(cafile=…)` makes them for Prefect, made ahead. Each is given out once."""

    def __init__(self, cafile):
        self.cafile = cafile
        self.make = ssl.create_default_context
        self.mark = changed_at(cafile)
        self.contexts = [self.make(cafile=cafile) for _ in range(CONTEXTS)]
        ssl.create_default_context = self.take

    def take(self, *args, **kwargs):
        if not args and kwargs == {"cafile": self.cafile} and changed_at(self.cafile) == self.mark:
            with contextlib.suppress(IndexError):
                return self.contexts.pop()
            ssl.create_default_context = self.make
        return self.make(*args, **kwargs)


def changed_at(path):
    try:
        return os.stat(path).st_mtime_ns
    except OSError:
        return None


class Settings:
    """Prefect reads its settings when it is imported, here with all that the run's environment has but the run's own variables."""

    def __init__(self):
        self.context = sys.modules["prefect.context"]
        settings = self.context.get_settings_context().settings
        self.files = [settings.profiles_path, settings.logging.config_path]
        self.marks = [changed_at(file) for file in self.files]

    def apply(self, key):
        if self.marks != [changed_at(file) for file in self.files]:
            self.context.refresh_global_settings_context()
            sys.modules["prefect.logging.configuration"].setup_logging()
            return
        # Of the run's own variables the key alone is a setting: reading all of them again would take 80 ms.
        from pydantic import SecretStr

        known = self.context.get_settings_context()
        api = known.settings.api.model_copy(update={"key": SecretStr(key)})
        settings = known.settings.model_copy(update={"api": api})
        self.context.GLOBAL_SETTINGS_CONTEXT = self.context.SettingsContext(profile=known.profile, settings=settings)


def complete_models():
    """Builds what pydantic has put off until its first use."""
    from pydantic import BaseModel

    pending = list(BaseModel.__subclasses__())
    while pending:
        model = pending.pop()
        pending.extend(model.__subclasses__())
        if not model.__pydantic_complete__ and model.__module__.startswith("prefect."):
            with contextlib.suppress(Exception):
                model.model_rebuild(raise_errors=False)


def make_certificate_stock():
    import certifi

    # The file that Prefect's settings name: a variable of the machine such as SSL_CERT_FILE names one too.
    settings = sys.modules["prefect.context"].get_settings_context().settings
    CertificateStock(settings.api.ssl_cert_file or certifi.where())


def prepare(enough):
    """Does step after step, each as far as this version of Prefect allows, until it is enough."""
    for name in NEEDED:
        if enough():
            return
        with contextlib.suppress(ImportError):
            importlib.import_module(name)
    for step in (complete_models, make_certificate_stock):
        if enough():
            return
        with contextlib.suppress(Exception):
            step()


def ordered():
    return bool(select.select([ORDER], [], [], 0)[0])


def read_order():
    parts = []
    while part := os.read(ORDER, 65536):
        parts.append(part)
    return b"".join(parts)


def become(env, folder, settings):
    os.environ.update(env)
    os.chdir(folder)
    if tempfile := sys.modules.get("tempfile"):
        tempfile.tempdir = None
    # As `python -m` has it: the folder it is started in, first on the path.
    sys.path[0] = folder
    sys.argv[:] = [ENGINE]
    if settings:
        settings.apply(env["PREFECT_API_KEY"])
    # Some of what it needs names it; it begins as a program, as it would have.
    sys.modules.pop(ENGINE, None)


RUN_LOGGERS = ("prefect.flow_runs", "prefect.task_runs")
"""What they say Prefect sends to the server itself."""


def say_once():
    """Leaves out of this process's output, which the agent puts into the run's log, what is in that log already."""
    from prefect.logging.handlers import PrefectConsoleHandler
    from prefect.settings import get_current_settings

    if not get_current_settings().logging.to_api.enabled:
        return
    show = PrefectConsoleHandler.emit

    def emit(handler, record):
        if not record.name.startswith(RUN_LOGGERS):
            show(handler, record)

    PrefectConsoleHandler.emit = emit


def main():
    prepare(ordered)
    settings = Settings() if "prefect.main" in sys.modules else None
    os.write(ORDER, b"r")
    text = read_order()
    if not text:
        os._exit(1)
    os.write(ORDER, b"t")
    os.close(ORDER)
    order = json.loads(text)
    become(order["env"], order["folder"], settings)
    # Of another version of Prefect, whatever there is of it.
    with contextlib.suppress(Exception):
        say_once()
    if importlib.util.find_spec("prefect") is None:
        sys.exit(
            f"The Python of this agent, {sys.executable}, has no package prefect. "
            "Install it there, or start the agent with --python and one that has it."
        )
    runpy.run_module(ENGINE, run_name="__main__", alter_sys=True)


main()
