"""Commands for operators, one file for each thing they are about."""
