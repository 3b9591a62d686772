"""Reads a Worker's wrangler configuration."""
