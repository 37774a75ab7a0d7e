"""How good the labels are, measured on photos whose truth is known."""
