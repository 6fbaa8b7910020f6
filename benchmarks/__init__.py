"""The harness of the study: from a study file to records, tables, figures and verdicts."""
