"""Results of lifelines 0.30.3 for the samples of `survival_samples`, frozen.

lifelines needs an older pandas than this project's tests, so it runs in an environment of its own:

    python -m venv lifelines && lifelines/bin/pip install lifelines==0.30.3
    PYTHONPATH=. lifelines/bin/python -m tests.journey.statistics.lifelines_results
"""

RESULTS = {
    "complete": (0.5259999999999997, 20.952114938971803, [11.246693785699044, 27.90537398917632, None]),
    "censored": (0.863057968019286, 13.013324941672554, [4.3348444654754195, 10.385647360258114, 20.53500258830573]),
    "competing": (0.5443440123606832, 55.751447476203715, [20.096121949560278, 60.24864090039705, None]),
    "competing and complete": (0.5300000000000004, 56.87694772698505, [20.838303325390473, 74.38842037978267, None]),
    "entered late": (
        0.7761662246603682,
        15.248346417508222,
        [5.390500555386728, 13.456063008078921, 27.74712729437285],
    ),
    "entered late, competing": (0.6137136748495802, 17.837672220787486, [6.318791248539271, 18.193475491534198, None]),
    "at a date": (1.0, 14.004944341930566, [14.002403770896686, 14.004995498089542, 14.00746151349805]),
    "rare": (0.06614566928532956, 351.67705467485894, [None, None, None]),
}
"""By sample: the share that has reached the event at the end of the window, the restricted mean, and the quartiles."""


def compute(sample):
    """What lifelines computes for a sample."""
    import warnings

    import numpy as np
    from lifelines import AalenJohansenFitter, KaplanMeierFitter
    from lifelines.utils import restricted_mean_survival_time

    warnings.simplefilter("ignore")
    lengths, kinds, entries = (np.array(column) for column in zip(*sample.observations, strict=True))
    entry = entries if entries.any() else None
    if 2 in kinds:
        fitter = AalenJohansenFitter(jitter_level=0.0, calculate_variance=False)
        fitter.fit(lengths, kinds, event_of_interest=1, entry=entry)
        table = fitter.cumulative_density_.iloc[:, 0]
        times, shares = table.index.to_numpy(), table.to_numpy()
    else:
        fitter = KaplanMeierFitter().fit(lengths, kinds == 1, entry=entry)
        table = fitter.survival_function_.iloc[:, 0]
        times, shares = table.index.to_numpy(), 1.0 - table.to_numpy()
        mean = restricted_mean_survival_time(fitter, t=sample.window)
    inside = (times >= 0.0) & (times <= sample.window)
    times, shares = np.append(times[inside], sample.window), np.append(shares[inside], shares[inside][-1])
    area = float(np.sum(np.diff(times) * shares[:-1]))
    if 2 not in kinds:
        assert abs(mean - (sample.window - area)) < 1e-9
    quartiles = [
        float(times[reached[0]]) if (reached := np.flatnonzero(shares > share - 1e-9)).size else None
        for share in (0.25, 0.5, 0.75)
    ]
    return float(shares[-1]), sample.window - area, quartiles


if __name__ == "__main__":
    from tests.journey.statistics.survival_samples import SAMPLES

    print({name: compute(sample) for name, sample in SAMPLES.items()})
