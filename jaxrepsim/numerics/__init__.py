"""What all stages rest on: checked inputs, safe scaling, precision, factorisations."""
