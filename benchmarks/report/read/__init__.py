"""From records to rows: what the report reads, how runs are grouped, and how they are named and written."""
