"""A made-up past, the same in both services, to see and measure the consoles with."""
