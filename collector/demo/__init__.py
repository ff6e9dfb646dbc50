"""The demo site: a dairy as functions of time, for `fieldproof up --demo` and `fieldproof simulate`."""
