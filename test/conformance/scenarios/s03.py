"""A flow that serves itself on an interval."""

from prefect import flow


@flow(log_prints=True)
def served(x: int = 1):
    print("served", x)
    return x


if __name__ == "__main__":
    served.serve(name="sv", interval=3600, parameters={"x": 4}, tags=["a"], limit=2)
