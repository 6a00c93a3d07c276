"""An oracle: what every rule has to find, worked out a second time and knowing nothing of views or of the engine."""
