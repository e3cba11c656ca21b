"""One metric a file: pure functions without a judge model; what cannot be counted is None."""
