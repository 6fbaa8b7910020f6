"""Tables as Markdown, CSV and LaTeX, the index of the results and the generated blocks of the documents."""
