"""From a folder of notes to an index that can be searched and cited."""
