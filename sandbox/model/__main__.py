"""`python -m sandbox.model --port P` serves the model on 127.0.0.1 until SIGTERM."""

import argparse
import os
import signal
import sys
import threading

from sandbox.model.predictor import Predictor
from sandbox.model.server import ModelServer
from sandbox.model.settings import Settings
from sandbox.parent import end_with_parent


def main() -> int:
    """Serve until SIGTERM; 2 if a setting is wrong or the port is taken."""
    parser = argparse.ArgumentParser(prog="python -m sandbox.model", description=__doc__)
    parser.add_argument("--port", type=int, required=True, help="port on 127.0.0.1")
    port: int = parser.parse_args().port
    end_with_parent()
    try:
        settings = Settings.from_environment(os.environ)
        server = ModelServer(port, Predictor(settings).predict)
    except ValueError as error:
        print(f"sandbox.model: {error}", flush=True)
        return 2
    except OSError as error:
        print(f"sandbox.model: port {port}: {error.strerror}; choose another with --port", flush=True)
        return 2
    signal.signal(signal.SIGTERM, lambda *_: threading.Thread(target=server.shutdown).start())
    print(f'{{"level": "INFO", "message": "magika ready", "passes": {settings.model_passes}}}', flush=True)
    server.serve_forever(poll_interval=0.1)
    return 0


if __name__ == "__main__":
    sys.exit(main())
