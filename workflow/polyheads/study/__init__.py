"""What a study says and needs: its configuration, trials and sweeps, paths, costs."""
