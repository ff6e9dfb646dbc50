"""Pure rules: no input or output, no clock, no framework. Times are epoch milliseconds, UTC."""
