"""Statistics of a study, from kept predictions and scores: nothing is trained or predicted again.

`counts` (per sentence), `resampling`, `gains` (of tables) and `rows` (their file); `nulls` (random
rankings, run noise), `clusters` (how many improved), `correlation` (permuted languages),
`contrasts` (differences and means of estimates), `student` (t intervals).
"""
