"""PostgreSQL for a desk, which may run as several instances."""
