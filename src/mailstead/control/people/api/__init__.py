"""The API's door, and its resources about people: every operation names its rule (`operation`)."""
