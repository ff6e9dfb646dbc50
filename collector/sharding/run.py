"""Divide a folder anew, or go on with that: while no collector runs, and with what was left unfinished."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Sequence
from contextlib import ExitStack

from collector.clock import Clock, now_ms
from collector.errors import ConfigError, StoreUnavailable
from collector.lock import hold
from collector.settings import Settings
from collector.sharding import layout
from collector.sharding import plan as plans
from collector.sharding.examine import check_files, check_settings, layout_of
from collector.sharding.layout import ALONE, MOST, Shard
from collector.sharding.plan import Plan
from collector.sharding.reshard import Done, Progress, Reshard
from collector.sharding.sessions import ANSWER_S


def run(
    settings: Settings,
    count: int,
    progress: Progress,
    retire: Callable[[Sequence[str]], None],
    *,
    answer_s: float = ANSWER_S,
    clock: Clock = now_ms,
) -> Done | None:
    """Divide the folder between `count` collectors, or go on with that; None when it was taken back instead.

    `answer_s`: how long a broker may say nothing.

    Raises ConfigError when that cannot be asked for, StoreUnavailable when it is to be run again.
    """
    folder = settings.data
    if not ALONE.database(folder).exists():
        raise ConfigError([f"{folder}: no collector has run here; begin with 'fieldproof collect --shard 0/{count}'"])
    with ExitStack() as stack:
        for index in sorted({*range(count), *layout.files(folder)}):
            stack.enter_context(hold(Shard(index, MOST).lock(folder), "a collector"))
        plan = plans.load(folder)
        if plan is not None and plan.after != count:
            if plan.phase != "drain" or plan.before != count:
                raise ConfigError([_unfinished(plan)])
            Reshard(settings, plan, progress, retire, answer_s, clock).take_back()
            return None
        begun = plan is not None
        plan = plan or Plan.new(layout_of(folder), count)
        # Only when all settings are good is anything begun, or gone on with.
        work = Reshard(settings, plan, progress, retire, answer_s, clock)
        check_files(folder, plan)
        check_settings(settings, work.brokers, work.library, clock(), plan, begun=begun)
        plans.save(folder, plan)
        try:
            return work.run()
        except sqlite3.Error as error:
            raise StoreUnavailable(f"cannot store in {folder}: {error}. Run it again when that is mended") from error


def _unfinished(plan: Plan) -> str:
    back = f", or take it back with 'fieldproof reshard {plan.before}'" if plan.phase == "drain" else ""
    return (
        f"a reshard from {plan.before} to {plan.after} was begun:"
        f" finish it with 'fieldproof reshard {plan.after}'{back}"
    )
