"""Where recordings come from: synthesisers with phone timings, packaged human speech, folders with a manifest."""
