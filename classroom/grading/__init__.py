"""From a submission to its scores: intake, the judge, jobs, one writer."""
