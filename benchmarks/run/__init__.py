"""One cell: parts composed to a method, trained, evaluated, recorded. Needs nothing beyond torch's usual company."""
