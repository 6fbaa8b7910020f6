"""MLflow as a view of records: it can be deleted and made again by importing them."""
