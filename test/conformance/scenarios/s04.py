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


if __name__ == "__main__":
    dep.from_source(source=os.path.dirname(os.path.abspath(__file__)), entrypoint="s04.py:dep").deploy(
        name="d1",
        work_pool_name="pp",
        cron="0 5 * * *",
        job_variables={"env": {"A": "1"}},
        build=False,
        push=False,
    )
