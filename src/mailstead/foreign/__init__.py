"""Other panels, read only: what is found there becomes one `Inventory`. No Django."""
