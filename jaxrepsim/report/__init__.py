"""Tables, plots and the report page: everything here takes results and computes none."""
