"""One folder per engine, each the same four files: model, render, control, log."""
