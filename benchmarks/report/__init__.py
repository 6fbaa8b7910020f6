"""Tables and figures, made from records alone: they can be thrown away and made again."""
