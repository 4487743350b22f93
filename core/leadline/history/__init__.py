"""The read side: typed queries over the public views. One file per question; nothing here writes."""
