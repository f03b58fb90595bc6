"""A flow whose first line says when it was reached."""

import time

from prefect import flow


@flow(name="bench-first-line-python")
def first_line(file: str):
    with open(file, "a") as out:
        out.write(f"{time.time_ns() // 1_000_000}\n")
