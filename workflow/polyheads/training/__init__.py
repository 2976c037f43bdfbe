"""Fine-tuning and testing: the loop, its checkpoints, predictions, metrics, trials."""
