// A probe that forgot its kernel.
