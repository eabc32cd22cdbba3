"""A worker process of the local runner: Beam's own, without its diary on the terminal.

Run by its path with ``python -P``, so that no file of the current directory is taken for a module. Ctrl-C is for the
process that started it: a worker ends when that one does.
"""

import signal

if __name__ == "__main__":
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    import logging
    import os
    import sys
    import threading

    # A worker's errors come back to the runner, which raises them; what is cut off when the runner ends is no news.
    logging.disable(logging.CRITICAL)
    threading.excepthook = lambda arguments: None
    from recsys.packages import own_packages

    own_packages()
    from apache_beam.runners.worker.sdk_worker_main import main

    try:
        main(sys.argv)
    except BaseException:
        os._exit(1)
