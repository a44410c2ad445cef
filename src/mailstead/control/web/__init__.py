"""How pages look: layout, components, style sheet, scripts; knows no other app."""
