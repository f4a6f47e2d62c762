"""Assembles the embedded AWS and serves it. Imported only once the environment is set: ministack reads it then."""

import asyncio
import logging
import signal
import socket

from hypercorn.asyncio import serve
from hypercorn.config import Config
from ministack.app import app as ministack_app
from ministack.core import lambda_runtime

from sandbox.aws import (
    cloudwatch,
    event_sources,
    functions,
    log_search,
    mail,
    queue_metrics,
    queues,
    services,
    stacks,
    times,
    trail,
)
from sandbox.aws.application import EmbeddedAws
from sandbox.aws.sagemaker.service import SageMaker
from sandbox.clock import Clock

_log = logging.getLogger("sandbox.aws")


def run(listener: socket.socket, *, clock: Clock, inbox_url: str) -> None:
    """Serve on a bound socket until SIGTERM or SIGINT, then stop every process that was started.

    Args:
        listener: bound to a loopback address.
        clock: the sandbox's clock.
        inbox_url: where e-mail goes.
    """
    cloudwatch.install(clock)
    times.install(clock)
    trail.install(clock)
    queues.install()
    event_sources.install()
    functions.install(cloudwatch.record)
    log_search.install()
    mail.install(inbox_url)
    sagemaker = SageMaker(
        clock=clock,
        record=cloudwatch.record,
        put_log_events=services.put_log_events,
        put_event=services.put_event,
        put_object=services.put_object,
        trail=trail.record,
    )
    stacks.install(sagemaker.control)
    application = EmbeddedAws(ministack=ministack_app, sagemaker=sagemaker, clock=clock)
    # Not asyncio.run: it would wait for threads of ministack that still wait for something.
    asyncio.new_event_loop().run_until_complete(_serve(listener, application, sagemaker, clock))


async def _serve(listener: socket.socket, application: EmbeddedAws, sagemaker: SageMaker, clock: Clock) -> None:
    config = Config()
    config.bind = [f"fd://{listener.detach()}"]
    config.keep_alive_timeout = 75
    config.graceful_timeout = 1
    config.errorlog = logging.getLogger("hypercorn")
    stopping = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stopping.set)
    sagemaker.start()
    cloudwatch.start(clock)
    queue_metrics.start(clock=clock, record=cloudwatch.record)
    _log.info("serving; GPU metrics are synthetic: this machine's CPU does the work of the declared GPUs")

    async def until_stopped() -> None:
        await stopping.wait()
        # Containers first: their last log lines and captured data go through services that still serve.
        await asyncio.gather(asyncio.to_thread(sagemaker.close), asyncio.to_thread(lambda_runtime.reset))

    await serve(application, config, shutdown_trigger=until_stopped)
