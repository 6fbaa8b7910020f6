"""What is studied: cards of methods, memories and tasks, settings of a cell and their identity, profiles, presets, validation and study files."""
