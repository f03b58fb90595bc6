import os
import time

from prefect import flow


@flow(log_prints=True)
def dep(x: int = 1):
    print("deployed", x, os.environ.get("A"))
    return x


@flow(log_prints=True)
def slow():
    print("sleeping")
    time.sleep(60)
