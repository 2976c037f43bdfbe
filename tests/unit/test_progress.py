"""What a run says of its trainings: those done, and the time of those to come."""

import copy

import pytest
import yaml
from test_costs import ROOT, STUDY

from polyheads import catalogue
from polyheads.study import configuration, experiments, progress
from polyheads.study.progress import Job, Progress


class Clock:
    """A clock that goes when it is told to."""

    def __init__(self):
        self.now = 1000.0

    def __call__(self):
        return self.now


@pytest.fixture
def clock():
    return Clock()


def follow(clock, sizes, done=0):
    """A run of jobs 0, 1, 2 ... with so many trainings of 100 sentences each."""
    jobs = {number: Job("trials", size, 100 * size) for number, size in enumerate(sizes)}
    return Progress(jobs, done=done, clock=clock)


def test_one_job_after_the_other(clock):
    run = follow(clock, [1, 4, 4], done=3)
    run.start(0)
    clock.now += 10
    assert run.finish(0) == "4 of 12 trainings done; about 1:20 min left"
    run.start(1)
    clock.now += 60  # 70 s for 5 trainings
    assert run.finish(1) == "8 of 12 trainings done; about 0:56 min left"
    run.start(2)
    clock.now += 60
    assert run.finish(2) == "12 of 12 trainings done"


def test_several_jobs_at_once(clock):
    run = follow(clock, [2] * 6)
    for number in (0, 1, 2):
        run.start(number)
    clock.now += 20
    # Five jobs of 20 s are left; of two of them 20 s are over; three at a time.
    assert run.finish(0) == "2 of 12 trainings done; about 0:20 min left"
    run.start(3)
    clock.now += 10
    # 50 s for two jobs; of the running ones 25 s (not 30) and 10 s are over.
    assert run.finish(1) == "4 of 12 trainings done; about 0:22 min left"


def test_work_counts_and_not_jobs(clock):
    run = Progress({1: Job("trials", 1, 10), 2: Job("trials", 1, 90)}, done=0, clock=clock)
    run.start(1)
    clock.now += 400
    assert run.finish(1) == "1 of 2 trainings done; about 1:00 h left"


def test_each_kind_of_job_has_its_own_speed(clock):
    jobs = [Job("baseline", 1, 10), Job("baseline", 1, 10), *[Job("trials", 5, 50)] * 3]
    run = Progress(dict(enumerate(jobs)), done=0, clock=clock)
    run.start(0)
    clock.now += 30
    assert run.finish(0) == "1 of 17 trainings done"  # who knows how long trials take
    run.start(2)
    clock.now += 40
    assert run.finish(2) == "6 of 17 trainings done; about 1:50 min left"  # 30 and twice 40
    run.start(1)
    clock.now += 30
    assert run.finish(1) == "7 of 17 trainings done; about 1:20 min left"


def test_jobs_that_fail_and_jobs_that_train_nothing(clock):
    run = follow(clock, [1, 1, 1])
    run.start(0)
    run.start(1)
    run.start(77)
    clock.now += 30
    run.stop(1)
    run.stop(77)
    assert run.finish(77) is None and run.finish(78) is None
    clock.now += 30
    assert run.finish(0) == "1 of 3 trainings done; about 1:00 min left"  # two at once
    run.start(1)
    clock.now += 60
    assert run.finish(1) == "2 of 3 trainings done; about 0:30 min left"
    assert run.finish(1) is None


def test_nothing_is_said_of_a_time_that_nobody_measured(clock):
    run = follow(clock, [1, 1])
    assert run.finish(0) == "1 of 2 trainings done"  # of a group: nobody saw it start
    run.start(1)
    clock.now += 5
    assert run.finish(1) == "2 of 2 trainings done"


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0.4, "0:00 min"),
        (59.6, "1:00 min"),
        (3599, "59:59 min"),
        (3600, "1:00 h"),
        (7530, "2:06 h"),
        (400_000, "111:07 h"),
    ],
)
def test_times(seconds, text):
    assert progress._time(seconds) == text


def test_a_long_run_costs_nothing(clock):
    run = follow(clock, [4] * 10_000)
    for number in range(10_000):
        run.start(number)
        clock.now += 1
        run.finish(number)
    assert run.done == 40_000 and not run.left and not run.running


def test_the_work_of_a_training():
    checked = configuration.load(copy.deepcopy(STUDY))
    plan = experiments.make(checked, catalogue.load(checked["corpora"]))
    found = {t.training.mixture: t.training for t in plan.trials.values()}
    work = progress.works(plan)
    assert work(found["en",]) == 500 * 2 and work(found["en", "de"]) == 1000 * 2
    checked = configuration.load(yaml.safe_load((ROOT / "config/ner-wikiann.yaml").read_text()))
    plan = experiments.make(checked, catalogue.load(checked["corpora"]))
    assert all(progress.works(plan)(t.training) > 0 for t in plan.trials.values())
