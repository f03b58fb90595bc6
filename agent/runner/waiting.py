"""The first code in the process of a Python run. Started ahead, it imports what every run of Prefect needs, and waits.

With its order it becomes what `python -m prefect.engine` would be, started now: the run's environment, its folder, and settings
that were read after both. Nothing of a user's is loaded before, nothing is written, and nobody is spoken to.
"""

import contextlib
import importlib
import json
import os
import runpy
import select
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
)
"""What the engine imports sooner or later; of another version of Prefect, whatever there is of it."""


def prepare(enough):
    for name in NEEDED:
        if enough():
            return
        with contextlib.suppress(ImportError):
            importlib.import_module(name)


def ordered():
    return bool(select.select([ORDER], [], [], 0)[0])


def read_order():
    parts = []
    while part := os.read(ORDER, 65536):
        parts.append(part)
    return b"".join(parts)


def refresh_settings():
    """What Prefect read from the environment while it was imported is read again."""
    context = sys.modules.get("prefect.context")
    if context is None:
        return
    context.refresh_global_settings_context()
    sys.modules["prefect.logging.configuration"].setup_logging()


def become(env, folder):
    os.environ.update(env)
    os.chdir(folder)
    if tempfile := sys.modules.get("tempfile"):
        tempfile.tempdir = None
    # As `python -m` has it: the folder it is started in, first on the path.
    sys.path[0] = folder
    sys.argv[:] = [ENGINE]
    refresh_settings()


def main():
    prepare(ordered)
    os.write(ORDER, b"r")
    text = read_order()
    if not text:
        os._exit(1)
    os.write(ORDER, b"t")
    os.close(ORDER)
    order = json.loads(text)
    become(order["env"], order["folder"])
    # Some of what it needs names it; it begins as a program, as it would have.
    sys.modules.pop(ENGINE, None)
    runpy.run_module(ENGINE, run_name="__main__", alter_sys=True)


main()
