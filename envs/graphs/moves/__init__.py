"""How graphs are built or changed, one step at a time: the environments of the family, one for each kind of moves."""
