"""What a study's gains are worth: resampling of kept predictions, without training again.

* `counts`: per sentence what a metric is made of, and the metric of sums of it
* `resampling`: bootstrap, approximate randomisation, Holm
* `gains`: intervals and p of every gain of a study; `rows`: how they are kept
* `nulls`: mean gains beside random rankings and beside unpruned runs with other seeds
* `clusters`: how many pairs improved, by the trainings that pairs share
* `ranks`: Spearman's rho
* `correlation`: gains and distances, languages permuted
* `draws`: what draws say: interval, its p, the shares beside the smallest gain worth having
* `differences`: of gains, both sides drawn together
* `contrasts`, `student`: means of what has an interval; t intervals over seeds

One seed: the trained models are taken as given, and chance is in the choice of test sentences only.
"""
