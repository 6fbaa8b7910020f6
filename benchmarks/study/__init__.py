"""What is studied: settings of a cell and their identity, profiles, presets, legality and study files."""
