"""Pre-trained encoders: installed or made here, their subwords, batches and gates."""
