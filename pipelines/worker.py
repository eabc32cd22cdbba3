"""A worker process of the local runner: Beam's own, without its diary on the terminal."""

import logging
import sys

if __name__ == "__main__":
    logging.disable(logging.CRITICAL)  # a worker's errors come back to the runner, which raises them
    from apache_beam.runners.worker.sdk_worker_main import main

    main(sys.argv)
